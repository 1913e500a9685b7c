import { once } from "node:events"
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll } from "vitest"

/** What a test began ends with its file. */
const begun: Array<() => void> = []
afterAll(() => {
  for (const end of begun) end()
})

/** What a learning stage asks whether an epoch may begin: it is answered once as many are allowed. */
export const gating = async () => {
  const waiting = new Map<ServerResponse, number>()
  let allowed = 0
  const answer = () => {
    for (const [response, epoch] of waiting)
      if (epoch <= allowed) {
        waiting.delete(response)
        response.end()
      }
  }
  const server = createServer((request, response) => {
    waiting.set(response, Number(request.url?.slice(1)))
    answer()
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  begun.push(() => server.close().closeAllConnections())
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    allow: (epochs: number) => {
      allowed = epochs
      answer()
    }
  }
}

/** Files of a stage that learns in epochs, each of which waits for its gate; for a project of `storingProject`. */
export const LEARNING: Readonly<Record<string, string>> = {
  "artifacts/Learnt.ts": `
    import { Schema } from "effect"
    import { Checkpoint, Document } from "headrace"

    export const Learnt = Document.make("Learnt", 1, Schema.Struct({ accuracy: Schema.Number, loss: Schema.Number }))
    export const Standing = Checkpoint.make("Standing", 1)
  `,
  "stages/learn.ts": `
    import { Effect, Schema } from "effect"
    import { Param, Stage } from "headrace"
    import { Learnt, Standing } from "../artifacts/Learnt.ts"

    export const learn = Stage.iterate({
      name: "learn",
      inputs: {},
      params: {
        epochs: Param.make(Schema.Int.pipe(Schema.positive()), 3, "How many"),
        rate: Param.make(Schema.Number, 0.1, "How fast"),
        gate: Param.make(Schema.String, "", "An address that answers once an epoch may begin; without one all may")
      },
      steps: "epochs",
      state: Standing,
      outputs: { learnt: Learnt },
      run: ({}, { rate, gate }) => {
        let at = 0
        const standing = () => ({ accuracy: 1 - 1 / (1 + at * rate), loss: 1 / (1 + at * rate) })
        return Effect.succeed({
          resume: ({ texts }) =>
            Effect.sync(() => {
              at = Number(texts.at)
            }),
          step: (step: number) =>
            Effect.gen(function* () {
              if (gate !== "") yield* Effect.promise(() => fetch(gate + "/" + step))
              at = step
              return { note: "loss " + standing().loss.toFixed(3), metrics: standing() }
            }),
          save: Effect.sync(() => ({ arrays: {}, texts: { at: String(at) } })),
          finish: Effect.sync(() => ({ learnt: standing() }))
        })
      }
    })
  `,
  "pipelines/learning.ts": `
    import { Pipeline } from "headrace"
    import { learn } from "../stages/learn.ts"

    export const learning = Pipeline.make({
      name: "learning",
      description: "Learns in steps",
      params: learn.params,
      build: (params) => ({ learnt: learn({}, params).learnt })
    })
  `
}
