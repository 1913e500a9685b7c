import { expect, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import * as Document from "../../artifacts/Document.ts"
import type * as Text from "../../artifacts/Text.ts"
import * as Code from "../../engine/Code.ts"
import * as Executor from "../../engine/Executor.ts"
import type { StageDefinition, Node as StageNode } from "../../engine/Node.ts"
import * as NodeKey from "../../engine/NodeKey.ts"
import * as Notice from "../../engine/Notice.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Run from "../../engine/Run.ts"
import * as Stage from "../../engine/Stage.ts"
import * as Sweep from "../../engine/Sweep.ts"
import { codeOf } from "../rig/code.ts"
import * as Toys from "../rig/toys.ts"

const Answer = Document.make("Answer", 1, Schema.Struct({ answer: Schema.Number }))

const guess = Stage.make({
  name: "guess",
  inputs: {},
  params: {
    way: Param.make(Schema.Literal("auto", "fast", "slow"), "auto", "How"),
    count: Param.make(Schema.Int, 1, "How often")
  },
  outputs: { answer: Answer },
  facts: ({ way }) => ({
    way: Effect.as(way === "auto" ? Notice.tell("auto is fast here") : Effect.void, way === "auto" ? "fast" : way)
  }),
  run: () => Effect.succeed({ answer: { answer: 42 } })
})

const keyOf = (params: Parameters<typeof guess>[1]) =>
  NodeKey.make(guess({}, params).answer.node as StageNode<StageDefinition>, {}).pipe(
    Effect.provide(Code.layer({ guess: codeOf("any") }, { guess }))
  )

it.effect("a fact that is made of a parameter stands for it: what was chosen counts, not how it was asked for", () =>
  Effect.gen(function* () {
    const auto = yield* keyOf({ way: "auto" })
    expect([auto.text.params, auto.text.facts]).toEqual([{ count: 1 }, { way: "fast" }])
    expect((yield* keyOf({ way: "fast" })).key).toBe(auto.key)
    expect((yield* keyOf({ way: "slow" })).key).not.toBe(auto.key)
    expect((yield* keyOf({ way: "auto", count: 2 })).key).not.toBe(auto.key)
  })
)

it.effect("a notice is told once, however many nodes find it", () =>
  Effect.gen(function* () {
    const said: Array<Text.Text> = []
    const say = Notice.once((message) => Effect.sync(() => void said.push(message)))
    yield* Effect.all([keyOf({}), keyOf({}), keyOf({ way: "slow" })]).pipe(Effect.provideService(Notice.Notices, say))
    expect(said).toEqual(["auto is fast here"])
  })
)

const throws = (): never => {
  throw new Error("a bug")
}
for (const what of ["facts", "share"])
  it.effect(`a stage whose ${what} cannot be told for a bug fails by name, and the others run`, () => {
    const broken = Stage.make({
      name: "broken",
      inputs: {},
      outputs: { answer: Answer },
      facts: () => (what === "facts" ? throws() : {}),
      share: () => (what === "share" ? throws() : "core"),
      run: () => Effect.succeed({ answer: { answer: 0 } })
    })
    const pipeline = Pipeline.make({
      name: "half-broken",
      description: "A guess beside what is broken",
      params: { count: guess.params.count },
      build: (params) => ({ bad: broken({}).answer, good: guess({}, params).answer })
    })
    const { layer } = Toys.memory()
    const code = Layer.succeed(Code.Code, { of: () => Effect.succeed(codeOf("any")) })
    const live = Layer.provideMerge(Executor.layerInProcess(pipeline), Layer.merge(layer, code))
    return Effect.gen(function* () {
      const { nodes } = yield* Run.run(pipeline, { count: 1 }, { cores: 2 })
      expect(nodes.map(({ node, status, error }) => [node, status, error?.what])).toEqual([
        ["broken", "failed", "a bug"],
        ["guess", "ran", undefined]
      ])
      const swept = yield* Sweep.run(pipeline, [{ count: 2 }], { cores: 2, jobs: 1, varied: ["count"] })
      expect(swept.sweep?.points).toMatchObject([{ status: "failed", error: { what: "a bug" } }])
    }).pipe(Effect.provide(live))
  })
