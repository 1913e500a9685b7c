import { expect, it } from "@effect/vitest"
import { tableFromIPC } from "apache-arrow"
import { Effect, Either, Stream } from "effect"
import * as fc from "fast-check"
import * as ArrowTable from "../../artifacts/ArrowTable.ts"
import type { Stored } from "../../artifacts/Artifact.ts"
import { type AnyBatch, type Batch, type Columns, open, tensor } from "../../artifacts/Column.ts"
import * as Digest from "../../artifacts/Digest.ts"
import { sliced } from "../rig/tables.ts"
import { verified } from "../rig/verified.ts"

const Mixed = ArrowTable.make("Mixed", 1, {
  image: tensor([open, 2], "uint8"),
  value: tensor([2], "float32"),
  label: "int32",
  name: "utf8",
  at: "float64"
})
type Mixed = Batch<typeof Mixed.columns>

const rowsOf = (rows: number, height = 3): Mixed => ({
  rows,
  columns: {
    image: { shape: [height, 2], data: Uint8Array.from({ length: rows * height * 2 }, (_, index) => index) },
    value: { shape: [2], data: Float32Array.from({ length: rows * 2 }, (_, index) => index / 3) },
    label: Int32Array.from({ length: rows }, (_, index) => index - 1),
    name: Array.from({ length: rows }, (_, index) => ["", "ä€😀", `row ${index}`, "a\0b"][index % 4] as string),
    at: Float64Array.from({ length: rows }, (_, index) => index * 0.1)
  }
})

/** A store for one test: what was written, by digest. */
const bench = () => {
  const objects = new Map<string, Uint8Array>()
  const write = (bytes: Uint8Array) =>
    Effect.sync(() => {
      const object = Digest.ofBytes(bytes)
      objects.set(object, bytes)
      return object
    })
  const read = ({ object }: { readonly object: string }) =>
    Effect.sync(() => verified(objects.get(object) ?? new Uint8Array()))
  const encode = (...batches: ReadonlyArray<Mixed>) =>
    Mixed.encode({ metadata: { b: "2", a: "1" }, batches: Stream.fromIterable(batches) }, write)
  const decode = (stored: Stored) => Effect.flatMap(Mixed.decode(stored, read), ArrowTable.collect)
  return { objects, write, read, encode, decode }
}

it("every kind of column comes back as it went in, whatever the batches", () => {
  const law = fc.asyncProperty(
    fc.integer({ min: 1, max: 700 }),
    fc.integer({ min: 1, max: 100 }),
    fc.integer({ min: 1, max: 4 }),
    (rows, size, height) =>
      Effect.runPromise(
        Effect.gen(function* () {
          const { encode, decode } = bench()
          const given = rowsOf(rows, height)
          const stored = yield* encode(...sliced(given, size))
          expect(stored).toMatchObject({ artifact: "Mixed@1", kind: "table", rows })
          expect(yield* decode(stored)).toEqual(given)
        })
      )
  )
  return fc.assert(law, { numRuns: 20 })
})

it.effect("floats come back bit for bit, not-a-numbers included", () =>
  Effect.gen(function* () {
    const { encode, decode } = bench()
    const given = rowsOf(1)
    const odd = {
      ...given.columns,
      value: { shape: [2] as const, data: Float32Array.of(Number.NaN, -0) },
      at: Float64Array.of(Number.POSITIVE_INFINITY)
    }
    const back = yield* decode(yield* encode({ rows: 1, columns: odd }))
    expect(Object.is(back?.columns.value.data[1], -0)).toBe(true)
    expect(back).toEqual({ rows: 1, columns: odd })
  })
)

it.effect("a table of one row is one chunk, a table of none has no parts and a digest of its own", () =>
  Effect.gen(function* () {
    const { encode, decode } = bench()
    const one = yield* encode(rowsOf(1))
    expect(one.parts.map(({ rows }) => rows)).toEqual([1])
    expect(yield* decode(one)).toEqual(rowsOf(1))
    for (const none of [yield* encode(), yield* encode(rowsOf(0), rowsOf(0))]) {
      expect(none).toMatchObject({ rows: 0, bytes: 0, parts: [] })
      expect(yield* decode(none)).toBe(null)
    }
    expect((yield* encode()).content).not.toBe(one.content)
  })
)

it.effect("the content counts columns, cell shape, metadata, rows and their order, not the bytes they lie in", () =>
  Effect.gen(function* () {
    const { write, encode } = bench()
    const contentOf = <C extends Columns>(
      artifact: ArrowTable.TableArtifact<string, C>,
      rows: AnyBatch,
      metadata = {}
    ) =>
      Effect.map(artifact.encode(ArrowTable.fromBatch<C>(rows as Batch<C>, metadata), write), ({ content }) => content)
    const labels = (...values: ReadonlyArray<number>): AnyBatch => ({
      rows: values.length,
      columns: { label: Int32Array.from(values) }
    })
    const Labels = ArrowTable.make("Labels", 1, { label: "int32" })
    const contents = [
      yield* contentOf(Labels, labels(1, 2)),
      yield* contentOf(Labels, labels(2, 1)),
      yield* contentOf(Labels, labels(1, 2, 2)),
      yield* contentOf(Labels, labels(1, 2), { classes: "a" }),
      yield* contentOf(ArrowTable.make("Labels", 2, { label: "int32" }), labels(1, 2)),
      yield* contentOf(ArrowTable.make("Label", 1, { label: "int32" }), labels(1, 2)),
      yield* contentOf(Mixed, rowsOf(6, 2)),
      yield* contentOf(Mixed, rowsOf(4, 3))
    ]
    expect(new Set(contents).size).toBe(contents.length)
    const unsorted = yield* encode(rowsOf(9))
    const sorted = yield* Mixed.encode(ArrowTable.fromBatch(rowsOf(9), { a: "1", b: "2" }), write)
    expect(sorted).toEqual(unsorted)
  })
)

it.effect("a tensor is marked as Arrow's own fixed-shape tensor, and metadata lies in the file", () =>
  Effect.gen(function* () {
    const { encode, objects } = bench()
    const stored = yield* encode(rowsOf(5))
    expect(stored.header).toEqual({ shapes: { image: [3, 2], value: [2] }, metadata: { b: "2", a: "1" } })
    const { schema, numRows } = tableFromIPC(objects.get(stored.parts[0]?.object ?? ""))
    expect(numRows).toBe(5)
    expect([...schema.metadata]).toEqual([
      ["a", "1"],
      ["b", "2"]
    ])
    const [image, value, label] = schema.fields
    expect(image?.metadata.get("ARROW:extension:name")).toBe("arrow.fixed_shape_tensor")
    expect(JSON.parse(image?.metadata.get("ARROW:extension:metadata") ?? "")).toEqual({ shape: [3, 2] })
    expect(String(image?.type)).toBe("FixedSizeList[6]<Uint8>")
    expect(String(value?.type)).toBe("FixedSizeList[2]<Float32>")
    expect(label?.metadata.size).toBe(0)
  })
)

it.effect("bytes with the right digest that are cut, garbage or another table are unreadable, and no crash", () =>
  Effect.gen(function* () {
    const { encode, objects, write } = bench()
    const stored = yield* encode(rowsOf(40))
    const [part] = stored.parts
    if (part === undefined) return expect.fail("no part")
    const whole = objects.get(part.object) ?? new Uint8Array()
    const Labels = ArrowTable.make("Labels", 1, { label: "int32" })
    const labels = { rows: 40, columns: { label: new Int32Array(40) } }
    const other = yield* Labels.encode(ArrowTable.fromBatch<typeof Labels.columns>(labels), write)
    const shorter = yield* encode(rowsOf(39))
    const flat = yield* encode(rowsOf(40, 2))
    const bytesOf = ({ parts }: Stored) => objects.get(parts[0]?.object ?? "") ?? new Uint8Array()
    const cuts = Array.from({ length: 40 }, (_, index) => whole.subarray(0, Math.floor((whole.length * index) / 40)))
    const wrong: ReadonlyArray<Uint8Array> = [
      ...cuts,
      new TextEncoder().encode("not arrow at all"),
      new Uint8Array(5000).fill(0xff),
      bytesOf(other),
      bytesOf(shorter),
      bytesOf(flat)
    ]
    for (const [index, bytes] of wrong.entries()) {
      const table = yield* Mixed.decode(stored, () => Effect.succeed(verified(bytes)))
      const error = yield* Effect.flip(ArrowTable.collect(table))
      expect(error, `damage ${index}`).toMatchObject({
        _tag: "ArtifactUnreadable",
        artifact: "Mixed@1",
        object: part.object
      })
    }
  })
)

/** The only chunk of a table of four rows, and reading it as other bytes. */
const oneChunk = Effect.gen(function* () {
  const { encode, objects } = bench()
  const given = rowsOf(4)
  const stored = yield* encode(given)
  const whole = objects.get(stored.parts[0]?.object ?? "") ?? new Uint8Array()
  const readAs = (bytes: Uint8Array) =>
    Effect.flatMap(
      Mixed.decode(stored, () => Effect.succeed(verified(bytes))),
      ArrowTable.collect
    )
  return { given, whole, readAs }
})

it.effect("a flipped bit in any byte of a file with every kind of column is refused, or the rows are the same", () =>
  Effect.gen(function* () {
    const { given, whole, readAs } = yield* oneChunk
    let refused = 0
    for (const [at, byte] of whole.entries()) {
      const read = yield* Effect.either(readAs(whole.with(at, byte ^ (1 << (at % 7)))))
      if (Either.isRight(read)) expect(read.right, `byte ${at}`).toEqual(given)
      else {
        expect(read.left).toMatchObject({ _tag: "ArtifactUnreadable", artifact: "Mixed@1" })
        refused += 1
      }
    }
    expect(refused).toBeGreaterThan(0)
  })
)

it("lengths, offsets and counts of any size in a file are refused, or the rows are the same", () =>
  fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.constantFrom(-1, 0, 1, 2 ** 31 - 1, -(2 ** 31))),
      fc.boolean(),
      (at, number, isWide) =>
        Effect.runPromise(
          Effect.gen(function* () {
            const { given, whole, readAs } = yield* oneChunk
            const wrong = Buffer.from(whole)
            const place = at % (wrong.length - 8)
            if (isWide) wrong.writeBigInt64LE(BigInt(number) << 31n, place)
            else wrong.writeInt32LE(number, place)
            const read = yield* Effect.either(readAs(wrong))
            if (Either.isRight(read)) expect(read.right).toEqual(given)
            else expect(read.left).toMatchObject({ _tag: "ArtifactUnreadable", artifact: "Mixed@1" })
          })
        )
    ),
    { numRuns: 200 }
  ))

it.effect("a whole file of other rows, or a trace that speaks of other columns or more rows, is refused", () =>
  Effect.gen(function* () {
    const { encode, write, read } = bench()
    const stored = yield* encode(rowsOf(40))
    const given = rowsOf(40)
    const label = given.columns.label.with(7, 3)
    const other = yield* encode({ ...given, columns: { ...given.columns, label } })
    const [part] = stored.parts
    if (part === undefined) return expect.fail("no part")
    const refusals: ReadonlyArray<readonly [Stored, string]> = [
      // the right bytes of the wrong rows: what a trace says of them decides
      [{ ...stored, parts: [{ ...part, object: other.parts[0]?.object ?? part.object }] }, "content digest"],
      [{ ...stored, header: { shapes: { image: [3, 2], value: [2] }, metadata: {} } }, "content digest"],
      [{ ...stored, parts: [{ ...part, rows: 41 }] }, "it has 40 rows, not 41"],
      [{ ...stored, parts: [{ ...part, rows: 2 ** 40 }] }, "rows"]
    ]
    for (const [wrong, what] of refusals) {
      const error = yield* Effect.flip(Effect.flatMap(Mixed.decode(wrong, read), ArrowTable.collect))
      expect(error).toMatchObject({ _tag: "ArtifactUnreadable", what: expect.stringContaining(what) })
    }
    // the same bytes under a type of the same width
    const numbers = { rows: 3, columns: { n: Int32Array.of(1, 2, 3) } }
    const Int = ArrowTable.make("Number", 1, { n: "int32" })
    const Float = ArrowTable.make("Number", 1, { n: tensor([1], "float32") })
    const written = yield* Int.encode(ArrowTable.fromBatch<typeof Int.columns>(numbers), write)
    const asFloat = Float.decode({ ...written, header: { shapes: { n: [1] }, metadata: {} } }, read)
    expect(yield* Effect.flip(Effect.flatMap(asFloat, ArrowTable.collect))).toMatchObject({
      _tag: "ArtifactUnreadable"
    })
  })
)

it.effect("a header that is not one is unreadable", () =>
  Effect.gen(function* () {
    const { encode, read } = bench()
    const stored = yield* encode(rowsOf(2))
    const error = yield* Effect.flip(Mixed.decode({ ...stored, header: { shapes: "none" } }, read))
    expect(error).toMatchObject({ _tag: "ArtifactUnreadable", artifact: "Mixed@1", object: stored.content })
  })
)

it.effect("rows that are not what the columns say are refused by the column's name", () =>
  Effect.gen(function* () {
    const { write } = bench()
    const good = rowsOf(3).columns
    const { label: _, ...unlabelled } = good
    const image = (height: number, rows = 3) => ({ shape: [height, 2], data: new Uint8Array(rows * height * 2) })
    const refusals: ReadonlyArray<readonly [ReadonlyArray<object>, string, string]> = [
      [[unlabelled], "column label is missing", "the columns image, value, label, name, at"],
      [[{ ...good, label: new Int32Array(2) }], "column label has 2 cells", "3, one a row"],
      [[{ ...good, image: image(3, 2) }], "column image has 2 cells", "3, one a row"],
      [[{ ...good, value: good.at }], "column value holds plain values", "a tensor of float32"],
      [[{ ...good, value: { shape: [3], data: new Float32Array(9) } }], "column value has cells of shape [3]", "[2]"],
      // an open dimension is the first batch's from there on
      [[good, { ...good, image: image(4) }], "column image has cells of shape [4, 2]", "[3, 2]"]
    ]
    for (const [batches, what, expected] of refusals) {
      const source = Stream.fromIterable(batches.map((columns) => ({ rows: 3, columns }) as unknown as Mixed))
      const error = yield* Effect.flip(Mixed.encode({ metadata: {}, batches: source }, write))
      expect(error).toMatchObject({ _tag: "ArtifactInvalid", artifact: "Mixed@1", what, expected })
    }
  })
)

it.effect("cells of another number type than the column's are refused, not stored under its name", () =>
  Effect.gen(function* () {
    const { write } = bench()
    const good = rowsOf(3).columns
    for (const [column, wrong] of [
      ["label", good.at],
      ["at", good.label],
      ["name", good.label],
      ["label", good.name],
      ["label", good.value],
      ["image", { shape: [3, 2], data: new Float32Array(18) }],
      ["value", { shape: [2], data: new Uint8Array(6) }]
    ] as const) {
      const batch = { rows: 3, columns: { ...good, [column]: wrong } } as unknown as Mixed
      const error = yield* Effect.flip(Mixed.encode(ArrowTable.fromBatch(batch), write))
      expect(error).toMatchObject({ _tag: "ArtifactInvalid" })
      expect((error as Error).message).toContain(`column ${column} `)
    }
  })
)

it.effect("a small table is had row by row, whatever its chunks, and has none where there is none", () =>
  Effect.gen(function* () {
    const { encode, read } = bench()
    const rows = (stored: Stored) => Effect.flatMap(Mixed.decode(stored, read), ArrowTable.collectRows)
    const found = yield* Effect.flatMap(encode(...sliced(rowsOf(5), 2)), rows)
    expect(found).toHaveLength(5)
    expect(found[3]).toEqual({
      image: { shape: [3, 2], data: Uint8Array.of(18, 19, 20, 21, 22, 23) },
      value: { shape: [2], data: Float32Array.of(6 / 3, 7 / 3) },
      label: 2,
      name: "a\0b",
      at: 3 * 0.1
    })
    expect(yield* Effect.flatMap(encode(), rows)).toEqual([])
  })
)
