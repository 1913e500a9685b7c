import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { beforeEach, expect, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import * as Document from "../../artifacts/Document.ts"
import { Code } from "../../engine/Code.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Run from "../../engine/Run.ts"
import { RunEvents } from "../../engine/RunEvent.ts"
import * as Stage from "../../engine/Stage.ts"
import * as Sweep from "../../engine/Sweep.ts"
import { codeOf } from "../rig/code.ts"
import { times } from "../rig/fault-counts.ts"
import * as Toys from "../rig/toys.ts"

// What the engine holds, told by what is left once all that nobody can reach is gone.

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")
const heldBytes = (): number => {
  collect()
  return process.memoryUsage().heapUsed
}

/** What V8 may still compile of the code that it runs again and again: it lies in the same heap. */
const COMPILED_BYTES = 3_000_000

beforeEach(() => {
  Toys.lists.clear()
  Toys.lists.set("a", [1, 2, 3])
  Toys.resetCounts()
})

const Total = Document.make("Total", 1, Schema.Struct({ total: Schema.Number }))
const number = Stage.make({
  name: "number",
  inputs: {},
  params: { at: Param.make(Schema.Int, 0, "Tells one from another") },
  outputs: { number: Total },
  run: (_, { at }) => Effect.succeed({ number: { total: at } })
})
const total = Stage.make({
  name: "total",
  inputs: { numbers: Stage.many(Total) },
  outputs: { total: Total },
  run: ({ numbers }) => Effect.succeed({ total: { total: numbers.reduce((sum, one) => sum + one.total, 0) } })
})
const beside = Pipeline.make({
  name: "beside",
  description: "Nodes beside each other, and their total",
  params: { count: Param.make(Schema.Int, 1, "How many") },
  build: ({ count }) => total({ numbers: Array.from({ length: count }, (_, at) => number({}, { at }).number) })
})

it.live("nodes that wait for a core hold no more the longer they wait", () =>
  Effect.gen(function* () {
    const count = times({ quick: 800, long: 10_000 })
    const held: Array<number> = []
    let ran = 0
    const watch = Layer.succeed(RunEvents, {
      publish: (event) =>
        Effect.sync(() => {
          if (event._tag !== "NodeRan") return
          ran += 1
          if (ran === count >> 3 || ran === count >> 1) held.push(heldBytes())
        })
    })
    const codes = Layer.succeed(Code, { of: ({ name }) => Effect.succeed(codeOf(name)) })
    const layer = Executor.layerInProcess(beside).pipe(
      Layer.provideMerge(Layer.mergeAll(Toys.memory().layer, codes)),
      Layer.merge(watch)
    )
    const record = yield* Effect.provide(Run.run(beside, { count }, { cores: 2 }), layer)
    expect([record.status, ran]).toEqual(["done", count + 1])
    const [early = 0, late = 0] = held
    // a result that is kept in memory here takes some kB; what each waiter adds for each node that is done would be a hundred of them
    expect(late - early).toBeLessThan(count * 20_000)
  })
)

it.live("a process that runs and sweeps again and again holds no more from round to round", () =>
  Effect.gen(function* () {
    const held: Array<number> = []
    const rounds = times({ quick: 40, long: 4000 })
    for (let round = 0; round < rounds; round++) {
      Toys.resetCounts()
      // a store of its own each: what a store holds is its own affair
      const kept = Toys.memory()
      const layer = Layer.provideMerge(Executor.layerInProcess(Toys.toy), kept.layer)
      yield* Effect.provide(
        Effect.gen(function* () {
          yield* Toys.runToy({ modulo: 100 + round })
          const points = yield* Effect.forEach([1, 2, 3], (by) => Toys.params({ by, modulo: 100 + round }))
          const { status } = yield* Sweep.run(Toys.toy, points, { cores: 2, jobs: 2, varied: ["by"] })
          expect(status).toBe("done")
        }),
        layer
      )
      if (round % (rounds / 8) === 0) held.push(heldBytes())
    }
    // the record of each round's run, which is some kB, would be more
    const [, , early = 0] = held
    expect((held.at(-1) ?? 0) - early).toBeLessThan(COMPILED_BYTES + rounds * 1000)
  })
)
