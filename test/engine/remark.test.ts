import { expect, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import * as Executor from "../../engine/Executor.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Remark from "../../engine/Remark.ts"
import * as Run from "../../engine/Run.ts"
import * as Stage from "../../engine/Stage.ts"
import * as Toys from "../rig/toys.ts"

/** Doubles what it reads, and counts the rows while they pass. */
const behave = Stage.make({
  name: "behave",
  inputs: { numbers: Toys.Numbers },
  outputs: { copied: Toys.Numbers },
  run: ({ numbers }) =>
    Effect.gen(function* () {
      let rows = 0
      yield* Remark.tell(Effect.sync(() => `${rows} rows passed`))
      yield* Remark.tell(Effect.sync(() => (rows > 1000 ? "and they were many" : null)))
      yield* Remark.tell(Effect.succeed("and nothing was lost"))
      const counted = Stream.tap(numbers.batches, (batch) =>
        Effect.sync(() => {
          rows += batch.rows
        })
      )
      return { copied: { metadata: {}, batches: counted } }
    })
})

const telling = Pipeline.make({
  name: "telling",
  description: "Copies a list of numbers and says how long it is",
  params: Toys.list.params,
  build: (params) => ({ copied: behave({ numbers: Toys.read({ file: Toys.list(params) }).numbers }).copied })
})

it.effect(
  "what a stage says of its result is told when it is computed and when it is reused, and is in the record",
  () => {
    const memory = Toys.memory()
    Toys.lists.set(
      "told",
      Array.from({ length: 250 }, (_, at) => at)
    )
    return Effect.gen(function* () {
      const told = ["250 rows passed", "and nothing was lost"]
      const computed = yield* Run.run(telling, { list: "told" }, { cores: 1 })
      const reused = yield* Run.run(telling, { list: "told" }, { cores: 1 })
      expect(Toys.statuses(reused)).toEqual({ read: "reused", behave: "reused" })
      for (const record of [computed, reused]) {
        expect(record.nodes.map((node) => [node.node, node.told])).toEqual([
          ["read", null],
          ["behave", told]
        ])
      }
      const events = memory.events.flatMap((event) =>
        event._tag === "NodeRan" || event._tag === "NodeReused" ? [[event._tag, event.node, event.told]] : []
      )
      expect(events).toEqual([
        ["NodeRan", "read", []],
        ["NodeRan", "behave", told],
        ["NodeReused", "read", []],
        ["NodeReused", "behave", told]
      ])
    }).pipe(Effect.provide(Layer.provideMerge(Executor.layerInProcess(telling), memory.layer)))
  }
)
