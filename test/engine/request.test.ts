import { expect, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import * as Document from "../../artifacts/Document.ts"
import { Code } from "../../engine/Code.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import { nodeOf } from "../../engine/Request.ts"
import * as Stage from "../../engine/Stage.ts"
import { ComputeNode } from "../../engine/WorkerProtocol.ts"
import { codeOf } from "../rig/code.ts"

// What a worker process makes of what it is asked for.

const Total = Document.make("Total", 1, Schema.Struct({ total: Schema.Number }))
const number = Stage.make({
  name: "number",
  inputs: {},
  params: { at: Param.make(Schema.Int, 0, "Tells one from another") },
  outputs: { number: Total },
  run: (_, { at }) => Effect.succeed({ number: { total: at } })
})
let builds = 0
const many = Pipeline.make({
  name: "many",
  description: "Nodes beside each other",
  params: { count: Param.make(Schema.Int, 1, "How many"), from: Param.make(Schema.Int, 0, "The first number") },
  build: ({ count, from }) => {
    builds += 1
    return Object.fromEntries(
      Array.from({ length: count }, (_, at) => [`n${at}`, number({}, { at: from + at }).number])
    )
  }
})

const asked = (node: string, params: Readonly<Record<string, unknown>>) =>
  nodeOf(
    [many],
    new ComputeNode({
      pipeline: "many",
      params,
      node,
      key: "0".repeat(64),
      isAgain: false,
      range: null,
      outputs: {}
    } as never)
  )

it.effect("the nodes of a run are found in one graph, and those of another run in its own", () =>
  Effect.gen(function* () {
    builds = 0
    const keysAt = (from: number) =>
      Effect.forEach([0, 1, 2], (at) =>
        Effect.map(asked(`number[at=${from + at}]`, { count: 3, from }), ({ key }) => key)
      )
    const first = yield* keysAt(0)
    expect(builds).toBe(1)
    const second = yield* keysAt(10)
    expect(builds).toBe(2)
    expect(new Set([...first, ...second]).size).toBe(6)
    expect(yield* keysAt(0)).toEqual(first)
  }).pipe(Effect.provide(Layer.succeed(Code, { of: ({ name }) => Effect.succeed(codeOf(name)) })))
)
