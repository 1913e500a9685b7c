import { beforeEach, expect, it } from "@effect/vitest"
import { Effect, Layer, Schema, Stream } from "effect"
import * as ArrowTable from "../../artifacts/ArrowTable.ts"
import { type Batch, open, tensor } from "../../artifacts/Column.ts"
import * as Document from "../../artifacts/Document.ts"
import { Code } from "../../engine/Code.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Run from "../../engine/Run.ts"
import * as Stage from "../../engine/Stage.ts"
import { codeOf } from "../rig/code.ts"
import * as Toys from "../rig/toys.ts"

// A row stage maps rows one to one, in the columns it declares: what holds one that does not to its word.

const Soft = ArrowTable.make("Soft", 1, { value: tensor([open], "float32") })
const Hard = ArrowTable.make("Hard", 1, { value: tensor([open], "float32") })
const Rows = Document.make("Rows", 1, Schema.Struct({ rows: Schema.Int }))

const How = Schema.Literal("well", "wide", "drop", "double", "retype", "reshape")

/** Rows as a stage would make them that does not keep to its word; the first batch is as it should be where told so. */
const bend = (rows: number, how: typeof How.Type, batches: number): Batch<typeof Soft.columns> => {
  const bent = how === "drop" ? rows - 1 : how === "double" ? rows * 2 : rows
  const wide = how === "wide" || (how === "reshape" && batches > 1) ? 2 : 1
  const data = new Float32Array(bent * wide)
  return {
    rows: bent,
    columns: { value: { shape: [wide], data: how === "retype" ? (new Uint8Array(bent) as never) : data } }
  }
}

/** Batches that the stored stage was given. */
let given = 0
/** What the table of streamed rows said of its cells. */
let told: ReadonlyArray<number> | undefined

const soft = Stage.rows({
  name: "soft",
  keep: "streamed",
  over: "numbers",
  inputs: { numbers: Toys.Numbers },
  params: { soft: Param.make(How, "well", "How the streamed stage behaves") },
  outputs: { rows: Soft },
  run: (_, { soft: how }) =>
    Effect.sync(() => {
      let batches = 0
      return (batch) => Effect.sync(() => bend(batch.rows, how, ++batches))
    })
})
const hard = Stage.rows({
  name: "hard",
  keep: "stored",
  over: "rows",
  inputs: { rows: Soft },
  params: { hard: Param.make(How, "well", "How the stored stage behaves") },
  outputs: { rows: Hard },
  run: (_, { hard: how }) => Effect.succeed((batch) => Effect.sync(() => bend(batch.rows, how, ++given)))
})
const tally = Stage.make({
  name: "tally",
  inputs: { table: Soft },
  outputs: { tally: Rows },
  run: ({ table }) => {
    told = table.header.shapes.value
    return Effect.map(
      Stream.runFold(table.batches, 0, (all, { rows }) => all + rows),
      (rows) => ({ tally: { rows } })
    )
  }
})
const bending = Pipeline.make({
  name: "bending",
  description: "Rows that pass a streamed stage into a stored one, and into one that takes the table",
  params: { ...Toys.list.params, ...soft.params, ...hard.params },
  build: (params) => {
    const { rows } = soft({ numbers: Toys.read({ file: Toys.list(params) }, params).numbers }, params)
    return { rows: hard({ rows }, params).rows, tally: tally({ table: rows }, params).tally }
  }
})

beforeEach(() => {
  given = 0
  Toys.lists.clear()
  Toys.lists.set(
    "a",
    Array.from({ length: 3000 }, (_, index) => index)
  )
})

const run = (values: { readonly soft?: typeof How.Type; readonly hard?: typeof How.Type }) => {
  const code = Layer.succeed(Code, { of: () => Effect.succeed(codeOf("any")) })
  const layer = Layer.provideMerge(Executor.layerInProcess(bending), Layer.provideMerge(code, Toys.memory().layer))
  return Effect.provide(
    Effect.flatMap(Effect.orDie(Pipeline.decodeParams(bending, values)), (params) =>
      Run.run(bending, params, { cores: 2 })
    ),
    layer
  )
}
const whatFailed = ({ nodes }: Effect.Effect.Success<ReturnType<typeof run>>) =>
  Object.fromEntries(nodes.flatMap(({ node, error }) => (error === null ? [] : [[node, [error.tag, error.what]]])))

it.effect("stages that keep to their word run, a row for a row", () =>
  Effect.gen(function* () {
    const record = yield* run({})
    expect(Toys.ran(record)).toEqual(["read", "hard", "tally"])
    expect(record.nodes.find(({ node }) => node === "hard")?.rows).toBe(3000)
  })
)

it.effect("a table of streamed rows says what cells they have, before they are made", () =>
  Effect.gen(function* () {
    for (const [soft, cell] of [
      ["well", [1]],
      ["wide", [2]]
    ] as const) {
      expect((yield* run({ soft })).status).toBe("done")
      expect(told).toEqual(cell)
    }
  })
)

for (const [how, what] of [
  ["drop", "made 31 rows of 32"],
  ["double", "made 64 rows of 32"],
  ["retype", "column value holds another type"],
  ["reshape", "column value has cells of shape [2]"]
] as const) {
  it.effect(`a stored stage that bends its rows (${how}) fails, by name, and its sibling runs`, () =>
    Effect.gen(function* () {
      const record = yield* run({ hard: how })
      expect(whatFailed(record)).toEqual({ hard: ["ArtifactInvalid", expect.stringContaining(what)] })
      expect(whatFailed(record).hard?.[1]).toContain("Hard@1")
      expect(Toys.ran(record)).toEqual(["read", "tally"])
    })
  )

  it.effect(
    `a streamed stage that bends its rows (${how}) fails whatever takes them, which is given none of them`,
    () =>
      Effect.gen(function* () {
        const record = yield* run({ soft: how })
        const refused = ["ArtifactInvalid", expect.stringContaining(what)]
        expect(whatFailed(record)).toEqual({ hard: refused, tally: refused })
        expect(whatFailed(record).hard?.[1]).toContain("Soft@1")
        expect(given).toBe(how === "reshape" ? 1 : 0)
        expect(Toys.ran(record)).toEqual(["read"])
      })
  )
}
