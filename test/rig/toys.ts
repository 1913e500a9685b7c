import { Effect, Layer, Schema, Stream } from "effect"
import * as ArrowTable from "../../artifacts/ArrowTable.ts"
import type { Stored } from "../../artifacts/Artifact.ts"
import { tensor } from "../../artifacts/Column.ts"
import * as Digest from "../../artifacts/Digest.ts"
import * as Document from "../../artifacts/Document.ts"
import * as Explained from "../../artifacts/Explained.ts"
import * as Files from "../../artifacts/Files.ts"
import type { Code as CodeParts, Key } from "../../cache/Key.ts"
import * as Lease from "../../cache/Lease.ts"
import * as ObjectStore from "../../cache/ObjectStore.ts"
import * as Trace from "../../cache/Trace.ts"
import { Code, CodeUnknown } from "../../engine/Code.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Results from "../../engine/Results.ts"
import * as Run from "../../engine/Run.ts"
import * as RunEvent from "../../engine/RunEvent.ts"
import * as RunRecord from "../../engine/RunRecord.ts"
import * as Source from "../../engine/Source.ts"
import * as Stage from "../../engine/Stage.ts"
import { codeOf } from "./code.ts"

/** Toy stages: numbers as one-cell rows, doubled, squared and summed; small enough for thousands of runs. */
export const Numbers = ArrowTable.make("Numbers", 1, { value: tensor([1], "float32"), label: "int32" })
export const Doubled = ArrowTable.make("Doubled", 1, { value: tensor([1], "float32"), label: "int32" })
export const Total = Document.make("Total", 1, Schema.Struct({ total: Schema.Number }))
export const ListFile = Files.make("ListFile", 1)

/** What the outside world holds: the numbers of a list, by name. */
export const lists = new Map<string, ReadonlyArray<number>>()

/** Lists that cannot be had. */
export const unreachable = new Set<string>()

export class ListUnreachable extends Explained.TaggedError<ListUnreachable>()(
  "ListUnreachable",
  { list: Schema.String },
  ({ list }) => ({ what: `The list ${list} cannot be had`, expected: "one that is there", fix: "Name another." })
) {}

export class ToyBroken extends Explained.TaggedError<ToyBroken>()("ToyBroken", { at: Schema.Int }, ({ at }) => ({
  what: `The toy broke at ${at}`,
  expected: "it to hold",
  fix: "Try another number."
})) {}

/** How often each stage ran, and on how many rows. */
export interface Counts {
  readonly runs: Map<string, number>
  readonly rows: Map<string, number>
}
export const counts: Counts = { runs: new Map(), rows: new Map() }
export const resetCounts = () => {
  counts.runs.clear()
  counts.rows.clear()
}
const count = (map: Map<string, number>, name: string, by = 1) =>
  Effect.sync(() => void map.set(name, (map.get(name) ?? 0) + by))

export const list = Source.make({
  name: "list",
  artifact: ListFile,
  params: { list: Param.make(Schema.String, "a", "Name of the list") },
  resolve: ({ list: name }) =>
    Effect.suspend(() =>
      unreachable.has(name)
        ? new ListUnreachable({ list: name })
        : Effect.succeed({
            digest: Digest.ofBytes(JSON.stringify(lists.get(name) ?? [])),
            path: name,
            label: `list ${name}`,
            notice: null
          })
    )
})

const batch = (values: ReadonlyArray<number>) => ({
  rows: values.length,
  columns: {
    value: { shape: [1] as const, data: Float32Array.from(values) },
    label: Int32Array.from(values.map((value) => Math.abs(Math.trunc(value)) % 10))
  }
})

export const read = Stage.make({
  name: "read",
  inputs: { file: ListFile },
  outputs: { numbers: Numbers },
  run: ({ file }) =>
    Effect.gen(function* () {
      yield* count(counts.runs, "read")
      const values = lists.get(file.path) ?? []
      const batches = Array.from({ length: Math.ceil(values.length / 100) }, (_, index) =>
        batch(values.slice(index * 100, (index + 1) * 100))
      )
      return { numbers: { metadata: {}, batches: Stream.fromIterable(batches) } }
    })
})

export const shift = Stage.rows({
  name: "shift",
  keep: "streamed",
  over: "numbers",
  inputs: { numbers: Numbers },
  params: { by: Param.make(Schema.Int, 0, "Added to each number") },
  outputs: { shifted: Numbers },
  run: (_, { by }) =>
    Effect.succeed((rows) =>
      Effect.as(count(counts.rows, "shift", rows.rows), {
        rows: rows.rows,
        columns: {
          ...rows.columns,
          value: { shape: [1] as const, data: rows.columns.value.data.map((value) => value + by) }
        }
      })
    )
})

export const double = Stage.rows({
  name: "double",
  keep: "stored",
  over: "numbers",
  inputs: { numbers: Numbers },
  params: { failAt: Param.make(Schema.NullOr(Schema.Int), null, "Fails at this number") },
  outputs: { doubled: Doubled },
  errors: ToyBroken,
  run: (_, { failAt }) =>
    Effect.as(count(counts.runs, "double"), (rows) =>
      Effect.gen(function* () {
        if (failAt !== null && rows.columns.value.data.includes(failAt)) return yield* new ToyBroken({ at: failAt })
        yield* count(counts.rows, "double", rows.rows)
        return {
          rows: rows.rows,
          columns: {
            ...rows.columns,
            value: { shape: [1] as const, data: rows.columns.value.data.map((value) => value * 2) }
          }
        }
      })
    )
})

export const sum = Stage.make({
  name: "sum",
  inputs: { tables: Stage.many(Doubled) },
  params: { modulo: Param.make(Schema.Int.pipe(Schema.positive()), 1_000_003, "The total is taken modulo this") },
  outputs: { total: Total },
  run: ({ tables }, { modulo }) =>
    Effect.gen(function* () {
      yield* count(counts.runs, "sum")
      const totals = yield* Effect.forEach(tables, (table) =>
        Stream.runFold(table.batches, 0, (all, rows) => all + rows.columns.value.data.reduce((a, b) => a + b, 0))
      )
      const total = totals.reduce((a, b) => a + b, 0)
      return { total: { total: total % modulo } }
    })
})

export const describe = Stage.make({
  name: "describe",
  inputs: { total: Total },
  params: { unit: Param.make(Schema.String, "apples", "What is counted") },
  outputs: { text: Total },
  run: ({ total }) => Effect.as(count(counts.runs, "describe"), { text: { total: total.total } })
})

/** list -> read -> shift (streamed) -> double (stored by chunk) -> sum -> describe */
export const toy = Pipeline.make({
  name: "toy",
  description: "Sums a list of numbers",
  params: { ...list.params, ...shift.params, ...double.params, ...sum.params, ...describe.params },
  build: (params) => {
    const { numbers } = read({ file: list(params) }, params)
    const { shifted } = shift({ numbers }, params)
    const { doubled } = double({ numbers: shifted }, params)
    const { total } = sum({ tables: [doubled] }, params)
    return { text: describe({ total }, params).text, total }
  }
})

/** Digests that stand for the source of the toy stages; editing one is editing the stage. */
export const sources = new Map<string, string>()
const toyCode = (stage: string): CodeParts => {
  const source = `${stage} ${sources.get(stage) ?? ""}`
  return codeOf(source, { [`stages/${stage}.ts`]: source })
}
const stages = ["read", "shift", "double", "sum", "describe", "behave", "walk"]
export const layerCode = Layer.succeed(Code, {
  of: ({ name: stage }) =>
    stages.includes(stage) ? Effect.succeed(toyCode(stage)) : new CodeUnknown({ stage, known: stages })
})

/** A store whose insides tests may look at and damage. */
export const memory = () => {
  const objects = new Map<Digest.Digest, Uint8Array>()
  const traces = new Map<Key, Trace.Trace>()
  const chunks = new Map<Key, Trace.ChunkTrace>()
  const events: Array<RunEvent.RunEvent> = []
  const records: Array<RunRecord.RunRecord> = []
  const cache = Layer.mergeAll(ObjectStore.layerMemory(objects), Trace.layerMemory(traces, chunks), Lease.layerMemory)
  const layer = Layer.mergeAll(
    cache,
    layerCode,
    RunEvent.layerCollect(events),
    RunRecord.layerMemory(records),
    layerReadResults
  )
  return { objects, traces, chunks, events, records, layer }
}

/** Reads what people would be given, as the command does. */
export const layerReadResults = Layer.effect(
  Results.ResultsWriter,
  Effect.map(Effect.succeed(null), () => ({
    write: (_pipeline: string, results: ReadonlyArray<Results.Result>) =>
      Effect.forEach(results, ({ stored }) => Effect.forEach(stored.parts, () => Effect.void), { discard: true })
  }))
)

export const statuses = (record: RunRecord.RunRecord): Readonly<Record<string, string>> =>
  Object.fromEntries(record.nodes.map(({ node, status }) => [node, status]))

/** The nodes that were computed, in topological order. */
export const ran = (record: RunRecord.RunRecord): ReadonlyArray<string> =>
  record.nodes.filter(({ status }) => status === "ran").map(({ node }) => node)

export const contents = (record: RunRecord.RunRecord): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(record.results).map(([name, { stored }]): [string, Stored["content"]] => [name, stored.content])
  )

export const params = (given: Readonly<Record<string, unknown>> = {}) => Effect.orDie(Pipeline.decodeParams(toy, given))

export const runToy = (given: Readonly<Record<string, unknown>> = {}, cores: number | null = 2) =>
  Effect.flatMap(params(given), (values) => Run.run(toy, values, { cores }))
