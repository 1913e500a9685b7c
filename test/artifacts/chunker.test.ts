import { expect, it } from "@effect/vitest"
import { Chunk, Effect, Stream } from "effect"
import * as fc from "fast-check"
import * as Chunker from "../../artifacts/Chunker.ts"
import { type AnyBatch, concat } from "../../artifacts/Column.ts"
import * as Digest from "../../artifacts/Digest.ts"
import { sliced } from "../rig/tables.ts"

const names = ["label"]
const table = (labels: ReadonlyArray<number> | Int32Array): AnyBatch => ({
  rows: labels.length,
  columns: { label: Int32Array.from(labels) }
})
const count = (length: number, from = 0) => Int32Array.from({ length }, (_, index) => from + index)
const chunksOf = (batches: ReadonlyArray<AnyBatch>) =>
  Effect.map(Stream.runCollect(Chunker.chunks(Stream.fromIterable(batches), names)), Chunk.toReadonlyArray)
const digestOf = ({ rowDigests }: Chunker.Chunk) => Digest.ofBytes(rowDigests)

/** How many chunks of the second are not among those of the first. */
const fresh = (before: ReadonlyArray<Chunker.Chunk>, after: ReadonlyArray<Chunker.Chunk>): number => {
  const known = new Set(before.map(digestOf))
  return after.filter((chunk) => !known.has(digestOf(chunk))).length
}

const whole = table(count(60_000))
const labels = count(60_000)
const longer = table([...labels.subarray(0, 21_000), ...count(100, 1_000_000), ...labels.subarray(21_000)])

it.effect("100 rows inserted into 60,000 change two chunks at most", () =>
  Effect.gen(function* () {
    const [before, after] = [yield* chunksOf([whole]), yield* chunksOf([longer])]
    expect(before.length).toBeGreaterThan(30)
    expect(fresh(before, after)).toBeLessThanOrEqual(2)
    expect(fresh(before, after)).toBeGreaterThan(0)
  })
)

it("the twin that cuts by number alone changes every chunk behind the insertion", () => {
  const fixed = (batch: AnyBatch) =>
    sliced(batch, 1024).map((piece) => ({ batch: piece, rowDigests: Chunker.digestRows(piece, names) }))
  expect(fresh(fixed(whole), fixed(longer))).toBeGreaterThan(30)
})

it.effect("chunks have between a quarter of and four times the target's rows, the last one any", () =>
  Effect.gen(function* () {
    const sizes = (yield* chunksOf([whole])).map(({ batch }) => batch.rows)
    expect(sizes.reduce((sum, rows) => sum + rows, 0)).toBe(60_000)
    for (const rows of sizes.slice(0, -1)) {
      expect(rows).toBeGreaterThanOrEqual(256)
      expect(rows).toBeLessThanOrEqual(4096)
    }
    // rows that are all alike are never marked, or always: the bounds still hold
    const alike = (yield* chunksOf([table(new Int32Array(10_000))])).map(({ batch }) => batch.rows)
    expect(Math.max(...alike)).toBeLessThanOrEqual(4096)
    expect(Math.min(...alike.slice(0, -1))).toBeGreaterThanOrEqual(256)
  })
)

it.effect("the first row's text moves no cut: another one changes the first chunk alone", () =>
  Effect.gen(function* () {
    const named = (first: string): AnyBatch => ({
      rows: 20_000,
      columns: { label: count(20_000), name: [first, ...Array<string>(19_999).fill("a name")] }
    })
    const cuts = (first: string) =>
      Effect.map(Stream.runCollect(Chunker.chunks(Stream.make(named(first)), ["label", "name"])), Chunk.toReadonlyArray)
    const [short, long] = [yield* cuts("short"), yield* cuts("long ".repeat(20_000))]
    expect(short.length).toBeGreaterThan(10)
    expect(fresh(short, long)).toBe(1)
  })
)

it.effect("rows of many bytes make chunks of few rows, none over its bytes", () =>
  Effect.gen(function* () {
    const wide = (rows: number): AnyBatch => ({
      rows,
      columns: { label: { shape: [1 << 20], data: new Float32Array(rows << 20).map((_, index) => index) } }
    })
    const sizes = (yield* chunksOf([wide(6), wide(12)])).map(({ batch }) => batch.rows)
    expect(sizes.reduce((sum, rows) => sum + rows, 0)).toBe(18)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(16)
  })
)

it("cuts and rows do not depend on the batches that rows come in", () => {
  const rows = table(count(5000, 77))
  const law = fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 30 }), (sizes) =>
    Effect.runPromise(
      Effect.gen(function* () {
        const batches: Array<AnyBatch> = []
        let rest = rows
        for (const size of sizes) {
          const [first, ...others] = sliced(rest, size)
          if (first === undefined || others.length === 0) break
          batches.push(first)
          rest = concat(others as [AnyBatch, ...Array<AnyBatch>])
        }
        const [one, many] = [yield* chunksOf([rows]), yield* chunksOf([...batches, rest])]
        expect(many.map(digestOf)).toEqual(one.map(digestOf))
        expect(many.map(({ batch }) => batch)).toEqual(one.map(({ batch }) => batch))
      })
    )
  )
  return fc.assert(law, { numRuns: 15 })
})

it.effect("no rows are no chunks, one row is one", () =>
  Effect.gen(function* () {
    expect(yield* chunksOf([])).toEqual([])
    expect((yield* chunksOf([table([5])])).map(({ batch }) => batch)).toEqual([table([5])])
  })
)

it("a row's digest depends on its cells alone, and text is told apart wherever it is cut", () => {
  const texts = (a: string, b: string): AnyBatch => ({ rows: 1, columns: { a: [a], b: [b] } })
  const digest = (batch: AnyBatch) => Digest.ofBytes(Chunker.digestRows(batch, Object.keys(batch.columns)))
  expect(digest(texts("ab", "c"))).not.toBe(digest(texts("a", "bc")))
  const both = Chunker.digestRows(table([1, 2]), names)
  expect(Buffer.from(both.subarray(32))).toEqual(Buffer.from(Chunker.digestRows(table([2]), names)))
})
