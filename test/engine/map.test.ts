import { beforeEach, describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import * as ArrowTable from "../../artifacts/ArrowTable.ts"
import { type AnyBatch, type Batch, open, tensor } from "../../artifacts/Column.ts"
import * as Explained from "../../artifacts/Explained.ts"
import { Code } from "../../engine/Code.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import type { RowFailed } from "../../engine/RowFunction.ts"
import * as Run from "../../engine/Run.ts"
import * as Stage from "../../engine/Stage.ts"
import { codeOf } from "../rig/code.ts"
import { made } from "../rig/stage.ts"
import * as Toys from "../rig/toys.ts"

// `Stage.map`: the author writes a plain function of a row.

const Mixed = ArrowTable.make("Mixed", 1, {
  image: tensor([open, 2], "float32"),
  code: tensor([2], "uint8"),
  count: "int32",
  share: "float64",
  name: "utf8"
})

const mixed: Batch<typeof Mixed.columns> = {
  rows: 2,
  columns: {
    image: { shape: [1, 2], data: Float32Array.of(1, 2, 3, 4) },
    code: { shape: [2], data: Uint8Array.of(5, 6, 7, 8) },
    count: Int32Array.of(1, -2),
    share: Float64Array.of(0.5, 0.25),
    name: ["one", "two"]
  }
}

/** What the stage makes of one batch, as the engine calls it. */
const mapped = (stage: Parameters<typeof made>[0], batch: AnyBatch, params: Readonly<Record<string, unknown>> = {}) =>
  Effect.flatMap(made<(batch: AnyBatch) => Effect.Effect<AnyBatch, RowFailed>>(stage, {}, params), (toRows) =>
    toRows(batch)
  )

describe("a function of a row", () => {
  it.effect("is given the row's cells and the parameters, and makes a row of the output", () =>
    Effect.gen(function* () {
      const stage = Stage.map({
        name: "mix",
        inputs: { rows: Mixed },
        params: { by: Param.make(Schema.Int, 10, "Factor") },
        outputs: { mixed: Mixed },
        run: ({ image, code, count, share, name }, { by }) => ({
          image: { shape: image.shape, data: image.data.map((value) => value * by) },
          code: { shape: code.shape, data: code.data.toReversed() },
          count: count * by,
          share: share + 1,
          name: `${name} of ${image.shape.join("x")}`
        })
      })
      expect(yield* mapped(stage, mixed, { by: 3 })).toEqual({
        rows: 2,
        columns: {
          image: { shape: [1, 2], data: Float32Array.of(3, 6, 9, 12) },
          code: { shape: [2], data: Uint8Array.of(6, 5, 8, 7) },
          count: Int32Array.of(3, -6),
          share: Float64Array.of(1.5, 1.25),
          name: ["one of 1x2", "two of 1x2"]
        }
      })
    })
  )

  it.effect("fills cells in the memory of the batch, or gives its own, which it may use again", () =>
    Effect.gen(function* () {
      const cells: Array<Float32Array> = []
      const scratch = new Uint8Array(2)
      const stage = Stage.map({
        name: "fill",
        inputs: { rows: Mixed },
        outputs: { filled: Mixed },
        run: (row, _params, room) => {
          const image = room.image([2, 2])
          image.data.fill(row.count)
          cells.push(image.data)
          scratch.fill(Math.abs(row.count))
          return { ...row, image, code: { shape: [2], data: scratch } }
        }
      })
      const { columns } = yield* mapped(stage, mixed)
      expect(columns.image).toEqual({ shape: [2, 2], data: Float32Array.of(1, 1, 1, 1, -2, -2, -2, -2) })
      expect(columns.code).toEqual({ shape: [2], data: Uint8Array.of(1, 1, 2, 2) })
      const { data } = columns.image as { readonly data: Float32Array }
      expect(cells.map(({ buffer }) => buffer === data.buffer)).toEqual([true, true])
    })
  )

  it.effect("may give the cell of a row before once more: it is copied", () =>
    Effect.gen(function* () {
      let first: Float32Array | null = null
      const stage = Stage.map({
        name: "repeat",
        inputs: { rows: Mixed },
        outputs: { repeated: Mixed },
        run: (row, _params, room) => {
          if (first === null) {
            first = room.image([1, 2]).data
            first.set([8, 9])
          }
          return { ...row, image: { shape: [1, 2], data: first } }
        }
      })
      expect((yield* mapped(stage, mixed)).columns.image).toEqual({ shape: [1, 2], data: Float32Array.of(8, 9, 8, 9) })
    })
  )
})

describe("a function of a row that makes what the output does not hold fails by the row", () => {
  const cases: ReadonlyArray<readonly [string, (row: number) => Readonly<Record<string, unknown>>, string, string]> = [
    ["a broken number", () => ({ count: 1.5 }), "its count is 1.5", "a whole number of 32 bits"],
    ["a number of more bits", () => ({ count: 2 ** 31 }), "its count is 2147483648", "a whole number of 32 bits"],
    ["no number", () => ({ count: Number.NaN }), "its count is NaN", "a whole number of 32 bits"],
    ["a text for a number", () => ({ share: "half" }), "its share is of type string", "a number"],
    ["a number for a text", () => ({ name: 3 }), "its name is 3", "a string"],
    ["no cell", () => ({ name: undefined }), "its name is missing", "a string"],
    [
      "bare numbers",
      () => ({ image: Float32Array.of(1, 2) }),
      "its image is of type object",
      "{ shape, data } of Float32Array"
    ],
    [
      "other numbers",
      () => ({ code: { shape: [2], data: Float32Array.of(1, 2) } }),
      "its code is of other numbers",
      "{ shape, data } of Uint8Array"
    ],
    [
      "too few numbers",
      () => ({ image: { shape: [1, 2], data: new Float32Array(1) } }),
      "its image has 1 numbers",
      "2, for the shape [1, 2]"
    ],
    [
      "another shape than the rows before",
      (row) => ({ image: { shape: [row, 2], data: new Float32Array(2 * row) } }),
      "its image has the shape [2, 2]",
      "[1, 2], as in the rows before"
    ]
  ]
  for (const [what, change, told, expected] of cases) {
    it.effect(what, () =>
      Effect.gen(function* () {
        let row = 0
        const stage = Stage.map({
          name: "bent",
          inputs: { rows: Mixed },
          outputs: { bent: Mixed },
          // the first row is as it should be
          run: (given) => ({ ...given, ...(++row === 1 ? {} : (change(row) as object)) })
        })
        const failed = yield* Effect.flip(mapped(stage, mixed))
        expect(Explained.explain(failed)).toEqual({
          tag: "RowFailed",
          what: `Stage "bent" failed at row 1 (the first is 0): ${told}`,
          expected,
          fix: "Correct the function of the stage."
        })
      })
    )
  }
})

it.effect("the first row's cells have the shape that the column fixes, and any where it is open", () =>
  Effect.gen(function* () {
    const shaped = (shape: ReadonlyArray<number>) =>
      Stage.map({
        name: "shaped",
        inputs: { rows: Mixed },
        outputs: { shaped: Mixed },
        run: (row, _params, room) => ({ ...row, image: room.image(shape as readonly [number, 2]) })
      })
    expect((yield* mapped(shaped([3, 2]), mixed)).columns.image).toMatchObject({ shape: [3, 2] })
    const failed = yield* Effect.flip(mapped(shaped([3, 4]), mixed))
    expect(failed).toMatchObject({ row: 0, what: "its image has the shape [3, 4]", expected: "[any, 2]" })
  })
)

/** How often the rows of each stage were made. */
const rows = { soft: 0, hard: 0 }

class TooLarge extends Explained.TaggedError<TooLarge>()("TooLarge", { value: Schema.Number }, ({ value }) => ({
  what: `${value} is too large`,
  expected: "a smaller number",
  fix: "Leave it out."
})) {}

const failing = {
  fail: Param.make(Schema.NullOr(Schema.Int), null, "Number at which it fails"),
  how: Param.make(Schema.Literal("error", "tagged", "text"), "error", "What is thrown")
}
const check = (value: number, { fail, how }: Param.Values<typeof failing>) => {
  if (value !== fail) return
  throw how === "text"
    ? "no more"
    : how === "tagged"
      ? new TooLarge({ value })
      : new RangeError(`${value} is out of range`)
}
const soft = Stage.map({
  name: "soft",
  inputs: { numbers: Toys.Numbers },
  params: failing,
  outputs: { softened: Toys.Numbers },
  run: ({ value, label }, params) => {
    rows.soft++
    check(value.data[0] ?? 0, params)
    return { value: { shape: [1], data: value.data.map((each) => each / 2) }, label }
  }
})
const hard = Stage.map({
  name: "hard",
  keep: "stored",
  inputs: { numbers: Toys.Numbers },
  outputs: { hardened: Toys.Doubled },
  run: ({ value, label }, _params, room) => {
    rows.hard++
    const cell = room.value([1])
    cell.data[0] = (value.data[0] ?? 0) * 4
    return { value: cell, label }
  }
})
const mapping = Pipeline.make({
  name: "mapping",
  description: "Rows that pass plain functions, a streamed one and a stored one",
  params: { ...Toys.list.params, ...failing },
  build: (params) => {
    const { numbers } = Toys.read({ file: Toys.list(params) }, params)
    const { softened } = soft({ numbers }, params)
    const { hardened } = hard({ numbers: softened })
    return { total: Toys.sum({ tables: [hardened] }).total, hardened, doubled: Toys.double({ numbers }).doubled }
  }
})

const memory = () => {
  const code = Layer.succeed(Code, { of: () => Effect.succeed(codeOf("any")) })
  return Layer.provideMerge(Executor.layerInProcess(mapping), Layer.provideMerge(code, Toys.memory().layer))
}
const run = (values: Readonly<Record<string, unknown>> = {}) =>
  Effect.flatMap(Effect.orDie(Pipeline.decodeParams(mapping, values)), (params) =>
    Run.run(mapping, params, { cores: 2 })
  )

beforeEach(() => {
  Object.assign(rows, { soft: 0, hard: 0 })
  Toys.lists.clear()
  Toys.lists.set(
    "a",
    Array.from({ length: 3000 }, (_, index) => index)
  )
})

it.effect("rows pass plain functions once, in their order, to what a stage of batches makes of them", () =>
  Effect.gen(function* () {
    const record = yield* run()
    expect(record.status).toBe("done")
    expect(rows).toEqual({ soft: 3000, hard: 3000 })
    expect(record.nodes.map(({ node, status }) => [node, status])).toContainEqual(["soft", "streamed"])
    const { hardened, doubled } = record.results
    expect(hardened?.stored.content).toBe(doubled?.stored.content)
  }).pipe(Effect.provide(memory()))
)

it.effect("stored rows are kept: a second run makes none of them", () =>
  Effect.gen(function* () {
    yield* run()
    expect(Toys.ran(yield* run())).toEqual([])
    expect(rows.hard).toBe(3000)
  }).pipe(Effect.provide(memory()))
)

it.effect("what a plain function throws fails the node that made the row, by the stage and the row of the table", () =>
  Effect.gen(function* () {
    const error = yield* run({ fail: 2345 })
    expect(Toys.ran(error)).toEqual(["read", "double"])
    expect(error.nodes.find(({ node }) => node === "hard")?.error).toMatchObject({
      tag: "RowFailed",
      what: 'Stage "soft" failed at row 2345 (the first is 0): 2345 is out of range',
      expected: "a row of the output for every row",
      fix: "Correct the function of the stage, or the row.",
      details: { stage: "soft", row: 2345 }
    })
    const errorOf = (values: Readonly<Record<string, unknown>>) =>
      Effect.map(run(values), ({ nodes }) => nodes.find(({ node }) => node === "hard")?.error)
    expect(yield* errorOf({ fail: 0, how: "tagged" })).toMatchObject({
      what: 'Stage "soft" failed at row 0 (the first is 0): 0 is too large',
      expected: "a smaller number",
      fix: "Leave it out."
    })
    expect(yield* errorOf({ fail: 7, how: "text" })).toMatchObject({
      what: 'Stage "soft" failed at row 7 (the first is 0): no more'
    })
  }).pipe(Effect.provide(memory()))
)
