import { beforeEach, expect, it } from "@effect/vitest"
import { Effect, Layer, Schema, Stream } from "effect"
import * as ArrowTable from "../../artifacts/ArrowTable.ts"
import { tensor } from "../../artifacts/Column.ts"
import * as Document from "../../artifacts/Document.ts"
import { Code } from "../../engine/Code.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Run from "../../engine/Run.ts"
import * as Stage from "../../engine/Stage.ts"
import { codeOf } from "../rig/code.ts"
import * as Toys from "../rig/toys.ts"

// Stages that write into memory which they were given, or have given: what is kept is what it was when it was given.

const Values = ArrowTable.make("Values", 1, { value: tensor([1], "float32") })
const Seen = Document.make("Seen", 1, Schema.Struct({ seen: Schema.Array(Schema.Number) }))

const BATCHES = 20
const ROWS = 100

/** Gives one batch over and over, filled anew each time, as one may who saves memory. */
const reuse = Stage.make({
  name: "reuse",
  inputs: {},
  outputs: { values: Values },
  run: () =>
    Effect.sync(() => {
      const data = new Float32Array(ROWS)
      const batches = Stream.range(0, BATCHES - 1).pipe(
        Stream.rechunk(1),
        Stream.mapEffect((batch) =>
          Effect.sync(() => {
            data.forEach((_, row) => {
              data[row] = batch * ROWS + row
            })
            return { rows: ROWS, columns: { value: { shape: [1] as const, data } } }
          })
        )
      )
      return { values: { metadata: {}, batches } }
    })
})

/** The same of a function of batches, into which it is given more and more. */
const reuseRows = Stage.rows({
  name: "reuse-rows",
  keep: "stored",
  over: "values",
  inputs: { values: Values },
  outputs: { doubled: Values },
  run: (_inputs) =>
    Effect.sync(() => {
      const memory = new Float32Array(ROWS * BATCHES)
      return ({ rows, columns: { value } }) =>
        Effect.sync(() => {
          const data = memory.subarray(0, rows)
          data.set(value.data.map((one) => 2 * one))
          return { rows, columns: { value: { shape: [1] as const, data } } }
        })
    })
})

/** Writes into what it reads. */
const scribble = Stage.make({
  name: "scribble",
  inputs: { values: Values },
  outputs: { seen: Seen },
  run: ({ values }) =>
    Effect.map(
      Stream.runFold(values.batches, [] as ReadonlyArray<number>, (seen, { columns: { value } }) => {
        const own = [...value.data]
        value.data.fill(-1)
        return [...seen, ...own]
      }),
      (seen) => ({ seen: { seen } })
    )
})
const read = Stage.make({
  name: "read",
  inputs: { values: Values, first: Seen },
  outputs: { seen: Seen },
  run: ({ values }) =>
    Effect.map(ArrowTable.collectRows(values), (rows) => ({
      seen: { seen: rows.map(({ value }) => value.data[0] ?? 0) }
    }))
})

const scribbled = Pipeline.make({
  name: "scribbled",
  description: "Stages that write into what is not theirs",
  params: {},
  build: () => {
    const { values } = reuse({}, {})
    const { doubled } = reuseRows({ values }, {})
    const { seen } = scribble({ values: doubled }, {})
    return { values, doubled, seen, after: read({ values: doubled, first: seen }, {}).seen }
  }
})

let kept: ReturnType<typeof Toys.memory>
beforeEach(() => {
  kept = Toys.memory()
})
const run = Effect.suspend(() => {
  const codes = Layer.succeed(Code, { of: ({ name }) => Effect.succeed(codeOf(name)) })
  const layer = Layer.provideMerge(Executor.layerInProcess(scribbled), Layer.mergeAll(kept.layer, codes))
  return Effect.provide(Run.run(scribbled, {}, { cores: 1 }), layer)
})

const numbers = Array.from({ length: ROWS * BATCHES }, (_, at) => at)

it.effect("a batch that its stage fills anew is kept as it was when it was given", () =>
  Effect.gen(function* () {
    const { nodes, results } = yield* run
    expect(nodes.filter(({ error }) => error !== null)).toEqual([])
    const seen = ["seen", "after"].map((name) => {
      const [part] = results[name]?.stored.parts ?? []
      return JSON.parse(Buffer.from(part === undefined ? [] : (kept.objects.get(part.object) ?? [])).toString())
    })
    const doubled = numbers.map((one) => 2 * one)
    expect(seen).toEqual([{ seen: doubled }, { seen: doubled }])
  })
)

it.effect("what a stage reads and writes into is as before for whoever reads it next, and a run finds all of it", () =>
  Effect.gen(function* () {
    const first = yield* run
    const before = new Map([...kept.objects].map(([object, bytes]) => [object, Buffer.from(bytes)]))
    const again = yield* run
    expect(Toys.ran(again)).toEqual([])
    expect(Toys.contents(again)).toEqual(Toys.contents(first))
    expect(new Map([...kept.objects].map(([object, bytes]) => [object, Buffer.from(bytes)]))).toEqual(before)
  })
)
