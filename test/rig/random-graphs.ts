import { Effect, Layer, Schema, Stream } from "effect"
import * as fc from "fast-check"
import * as ArrowTable from "../../artifacts/ArrowTable.ts"
import type { AnyArtifact } from "../../artifacts/Artifact.ts"
import { type Batch, tensor } from "../../artifacts/Column.ts"
import * as Digest from "../../artifacts/Digest.ts"
import * as Document from "../../artifacts/Document.ts"
import * as Explained from "../../artifacts/Explained.ts"
import * as Files from "../../artifacts/Files.ts"
import { Code } from "../../engine/Code.ts"
import type { Wire } from "../../engine/Node.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Source from "../../engine/Source.ts"
import * as Stage from "../../engine/Stage.ts"
import { codeOf } from "./code.ts"

/** Random pipelines over five stages of whole numbers, and the world that their sources and code come from. */
export const Grid = ArrowTable.make("Grid", 1, { value: tensor([1], "float32"), node: "int32" })
export const Sum = Document.make("Sum", 1, Schema.Struct({ sum: Schema.Int, node: Schema.Int }))
const NumbersFile = Files.make("NumbersFile", 1)

export const stageNames = ["take", "shift", "double", "add", "total"] as const
export type StageName = (typeof stageNames)[number]

/** A file of numbers. */
export interface List {
  readonly from: number
  readonly step: number
  readonly length: number
}
const numbersIn = ({ from, step, length }: List): ReadonlyArray<number> =>
  Array.from({ length }, (_, index) => from + step * index)

/** What is outside of a pipeline and may change between two runs. */
export interface World {
  readonly lists: ReadonlyArray<List>
  /** The source of each stage, by version. Every second edit changes what the stage computes, the others do not. */
  readonly code: Readonly<Record<StageName, number>>
}
/** `hidden` is what nodes work with instead of their parameter: a value that a definition keeps from its key. */
export const world: { now: World; hidden: ReadonlyArray<number> | null } = {
  hidden: null,
  now: { lists: [], code: { take: 0, shift: 0, double: 0, add: 0, total: 0 } }
}
const effectOf = (stage: StageName): number => world.now.code[stage] >> 1

/** Nodes of `double` that do their work with this fail. */
export const FAILS = 13
class TooMuch extends Explained.TaggedError<TooMuch>()("TooMuch", { by: Schema.Int }, ({ by }) => ({
  what: `${by} is too much`,
  expected: "less",
  fix: "Take 12."
})) {}

/** How often each node's stage was run, by the number that tells the nodes apart. */
export const runs = new Map<number, number>()
const count = (node: number) => Effect.sync(() => void runs.set(node, (runs.get(node) ?? 0) + 1))

type Rows = Batch<typeof Grid.columns>
const rowsOf = (values: ReadonlyArray<number>, node: number): Rows => ({
  rows: values.length,
  columns: {
    value: { shape: [1] as const, data: Float32Array.from(values) },
    node: new Int32Array(values.length).fill(node)
  }
})
const grid = (values: ReadonlyArray<number>, node: number, size = Math.max(7, values.length >> 2)) => ({
  metadata: { node: String(node) },
  batches: Stream.fromIterable(
    Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
      rowsOf(values.slice(index * size, (index + 1) * size), node)
    )
  )
})
const valuesOf = (table: ArrowTable.Table<typeof Grid.columns, Stage.InputFailure>) =>
  Stream.runFold(table.batches, [] as ReadonlyArray<number>, (all, rows) => [...all, ...rows.columns.value.data])
const mapValues = (rows: Rows, node: number, change: (value: number) => number): Rows =>
  rowsOf(Array.from(rows.columns.value.data, change), node)

/** Keeps numbers small enough for float32. */
const small = (value: number) => ((value % 9973) + 9973) % 9973
const by = Param.make(Schema.Int, 0, "What the node does its work with")
const node = Param.make(Schema.Int, 0, "Tells a node from its siblings, also in what it yields")

const numbers = Source.make({
  name: "numbers",
  artifact: NumbersFile,
  params: { list: Param.make(Schema.Int, 0, "Number of the list") },
  resolve: ({ list }) =>
    Effect.sync(() => ({
      digest: Digest.ofBytes(JSON.stringify(world.now.lists[list])),
      path: String(list),
      label: `list ${list}`,
      notice: null
    }))
})

/** The meaning of the stages, apart from how the engine gets rows to them; the oracle of the tests is made of it. */
export const meaning = {
  /** An even amount takes so many, and does not see what follows; an odd one takes all. */
  take: (list: List, amount: number) =>
    (amount % 2 === 0 ? numbersIn(list).slice(0, amount) : numbersIn(list)).map((value) =>
      small(value + effectOf("take"))
    ),
  shift: (value: number, amount: number) => small(value + amount + effectOf("shift")),
  double: (value: number, amount: number) => small(2 * value + amount + effectOf("double")),
  add: (a: ReadonlyArray<number>, b: ReadonlyArray<number>, amount: number) =>
    Array.from({ length: Math.min(a.length, b.length) }, (_, row) =>
      small((a[row] ?? 0) + (b[row] ?? 0) + amount + effectOf("add"))
    ),
  /** So coarse that many changes come out the same. */
  total: (tables: ReadonlyArray<ReadonlyArray<number>>, amount: number) =>
    (tables.flat().reduce((sum, value) => sum + value, 0) + effectOf("total")) % (2 + Math.abs(amount))
}

const amountOf = (params: { readonly by: number; readonly node: number }) => world.hidden?.[params.node] ?? params.by

export const take = Stage.make({
  name: "take",
  inputs: { file: NumbersFile },
  params: { by, node },
  outputs: { rows: Grid },
  run: ({ file }, params) =>
    Effect.as(count(params.node), {
      rows: grid(meaning.take(world.now.lists[Number(file.path)] as List, amountOf(params)), params.node)
    })
})
export const shift = Stage.rows({
  name: "shift",
  keep: "streamed",
  over: "rows",
  inputs: { rows: Grid },
  params: { by, node },
  outputs: { rows: Grid },
  run: (_, params) =>
    Effect.succeed((rows) =>
      Effect.sync(() => mapValues(rows, params.node, (value) => meaning.shift(value, amountOf(params))))
    )
})
export const double = Stage.rows({
  name: "double",
  keep: "stored",
  over: "rows",
  inputs: { rows: Grid },
  params: { by, node },
  outputs: { rows: Grid },
  errors: TooMuch,
  run: (_, params) =>
    Effect.as(amountOf(params) === FAILS ? new TooMuch({ by: amountOf(params) }) : count(params.node), (rows) =>
      Effect.sync(() => mapValues(rows, params.node, (value) => meaning.double(value, amountOf(params))))
    )
})
export const add = Stage.make({
  name: "add",
  inputs: { a: Grid, b: Grid },
  params: { by, node },
  outputs: { rows: Grid },
  run: ({ a, b }, params) =>
    Effect.gen(function* () {
      yield* count(params.node)
      return { rows: grid(meaning.add(yield* valuesOf(a), yield* valuesOf(b), amountOf(params)), params.node) }
    })
})
export const total = Stage.make({
  name: "total",
  inputs: { tables: Stage.many(Grid) },
  params: { by, node },
  outputs: { sum: Sum },
  run: ({ tables }, params) =>
    Effect.gen(function* () {
      yield* count(params.node)
      return {
        sum: { sum: meaning.total(yield* Effect.forEach(tables, valuesOf), amountOf(params)), node: params.node }
      }
    })
})

/** A node of a random pipeline: its stage, and which earlier tables it takes, counted from the latest. */
export interface NodeShape {
  readonly stage: StageName
  readonly list: number
  readonly from: ReadonlyArray<number>
}
export interface Shape {
  readonly nodes: ReadonlyArray<NodeShape>
}

type GridWire = Wire<typeof Grid, TooMuch, never, never>

/** The tables a node takes, by node number. A node that finds none before it takes from a list. */
export const wiring = ({ nodes }: Shape): ReadonlyArray<NodeShape & { readonly takes: ReadonlyArray<number> }> => {
  const tables: Array<number> = []
  return nodes.map((shape, index) => {
    const stage = tables.length === 0 ? "take" : shape.stage
    const pick = (back: number) => tables[tables.length - 1 - (back % tables.length)] as number
    const amount = stage === "take" ? 0 : stage === "add" ? 2 : stage === "total" ? shape.from.length : 1
    const takes = Array.from({ length: amount }, (_, input) => pick(shape.from[input] ?? input))
    if (stage !== "total") tables.push(index)
    return { ...shape, stage, takes }
  })
}

/** The same node of another definition object: of the same name, and equal in all that a key or an identity holds. */
export const redefined = <A extends Wire<AnyArtifact, unknown, unknown, unknown>>(wire: A): A => ({
  ...wire,
  node: { ...wire.node, definition: { ...wire.node.definition } }
})

type Rewire = <A extends Wire<AnyArtifact, unknown, unknown, unknown>>(wire: A, node: number) => A

/** Every node is a result, or feeds one: `by` of each is its place in the one parameter. `rewire` may replace its output. */
export const pipelineOf = (shape: Shape, rewire: Rewire = (wire) => wire) =>
  Pipeline.make({
    name: "random",
    description: "A random graph",
    params: { amounts: Param.make(Schema.Array(Schema.Int), [], "What each node does its work with") },
    build: (params) => {
      const tables = new Map<number, GridWire>()
      const results: Record<string, GridWire | Wire<typeof Sum, TooMuch, never, never>> = {}
      for (const [index, { stage, list, takes }] of wiring(shape).entries()) {
        const by = params.amounts[index] ?? 1
        const given = { by: world.hidden === null ? by : 1, node: index }
        const [rows, other] = takes.map((from) => tables.get(from) as GridWire) as [GridWire, GridWire]
        if (stage === "total") {
          const summed = takes.map((from) => tables.get(from) as GridWire)
          results[`n${index}`] = rewire(total({ tables: summed }, given).sum, index)
          continue
        }
        const wire: GridWire =
          stage === "take"
            ? take({ file: numbers({ list }) }, given).rows
            : stage === "shift"
              ? shift({ rows }, given).rows
              : stage === "double"
                ? double({ rows }, given).rows
                : add({ a: rows, b: other }, given).rows
        const own = rewire(wire, index)
        tables.set(index, own)
        if (stage !== "shift") results[`n${index}`] = own
      }
      return results
    }
  })

/** The digest of a stage's source is that of its version. */
export const codeOfStage = (stage: string) => {
  const source = `${stage} ${world.now.code[stage as StageName]}`
  return codeOf(source, { [`stages/${stage}.ts`]: source })
}
export const layerCode = Layer.succeed(Code, { of: ({ name }) => Effect.sync(() => codeOfStage(name)) })

/** The number of a node, from its name. */
export const numberOf = (name: string): number => Number(/node=(\d+)\]$/.exec(name)?.[1])

export const LISTS = 3
/** Mostly short; now and then long enough for several chunks. */
const list: fc.Arbitrary<List> = fc.record({
  from: fc.nat({ max: 50 }),
  step: fc.integer({ min: 1, max: 7 }),
  length: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 1, max: 20 }) },
    { weight: 1, arbitrary: fc.integer({ min: 300, max: 900 }) }
  )
})
const amount = fc.integer({ min: 1, max: 12 })

export const shapes: fc.Arbitrary<Shape> = fc.record({
  nodes: fc.array(
    fc.record({
      stage: fc.constantFrom<StageName>("take", "shift", "shift", "double", "double", "add", "total"),
      list: fc.nat({ max: LISTS - 1 }),
      from: fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 5 })
    }),
    { minLength: 2, maxLength: 9 }
  )
})

/** The state that a run begins with. */
export interface Start {
  readonly shape: Shape
  readonly lists: ReadonlyArray<List>
  readonly by: ReadonlyArray<number>
}
export const starts: fc.Arbitrary<Start> = fc.record({
  shape: shapes,
  lists: fc.array(list, { minLength: LISTS, maxLength: LISTS }),
  by: fc.array(amount, { minLength: 9, maxLength: 9 })
})

/** Something that changes between two runs. `at` picks a victim, whatever their number. */
export type Edit =
  | { readonly _tag: "Param"; readonly node: number; readonly to: number }
  | { readonly _tag: "List"; readonly list: number; readonly to: List }
  | { readonly _tag: "Code"; readonly stage: StageName }
  | { readonly _tag: "DropTrace" | "DropChunkTrace" | "DropObject" | "FlipObject"; readonly at: number }

export const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ _tag: fc.constant("Param" as const), node: fc.nat({ max: 8 }), to: amount }),
  fc.record({ _tag: fc.constant("List" as const), list: fc.nat({ max: LISTS - 1 }), to: list }),
  fc.record({ _tag: fc.constant("Code" as const), stage: fc.constantFrom(...stageNames) })
)
/** Makes a node fail, where it is one that can. */
export const failures: fc.Arbitrary<Edit> = fc.record({
  _tag: fc.constant("Param" as const),
  node: fc.nat({ max: 8 }),
  to: fc.constant(FAILS)
})
export const damages: fc.Arbitrary<Edit> = fc.record({
  _tag: fc.constantFrom("DropTrace" as const, "DropChunkTrace" as const, "DropObject" as const, "FlipObject" as const),
  at: fc.nat({ max: 1000 })
})
