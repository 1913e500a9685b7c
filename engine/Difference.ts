import { Effect, Option, Stream } from "effect"
import type { Table } from "../artifacts/ArrowTable.ts"
import type { AnyArtifact, Read, Stored } from "../artifacts/Artifact.ts"
import { type AnyBatch, type Columns, cellsOf } from "../artifacts/Column.ts"
import * as Kind from "./Kind.ts"

/** The first place in which two artifacts differ, and what each has there. */
export interface Difference {
  /** Such as `row 17, column mean`, or `accuracy`. */
  readonly at: string
  readonly before: string
  readonly after: string
}

/** An artifact, and how its parts are read. */
export interface Side<E> {
  readonly stored: Stored
  readonly read: Read<E>
}

/** Values are shown no longer than that. */
const MOST_SHOWN = 80

const show = (value: unknown): string => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing")
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN - 1)}…` : text
}

/** Whether two numbers are the same within a tolerance, absolute up to 1 and relative above: |a - b| ≤ t · max(1, |a|, |b|). */
export const isClose = (a: number, b: number, tolerance: number): boolean =>
  Object.is(a, b) || Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b))

type Values = ArrayLike<number>
const isArrayLike = (value: object): value is Values => ArrayBuffer.isView(value) && "length" in value

/** The path to the first place in which two values of JSON, or two cells of a table, differ; null where they do not. */
export const inValue = (before: unknown, after: unknown, tolerance: number, at = ""): Difference | null => {
  if (Object.is(before, after)) return null
  const here = { at, before: show(before), after: show(after) }
  if (typeof before === "number" && typeof after === "number") return isClose(before, after, tolerance) ? null : here
  if (typeof before !== "object" || typeof after !== "object" || before === null || after === null) return here
  if (isArrayLike(before) && isArrayLike(after)) {
    if (before.length !== after.length)
      return { at, before: `${before.length} values`, after: `${after.length} values` }
    for (let index = 0; index < before.length; index++) {
      const [a, b] = [before[index] as number, after[index] as number]
      if (!isClose(a, b, tolerance)) return { at: `${at}[${index}]`, before: show(a), after: show(b) }
    }
    return null
  }
  if (Array.isArray(before) !== Array.isArray(after)) return here
  const named = (name: string) => (Array.isArray(before) ? `${at}[${name}]` : at === "" ? name : `${at}.${name}`)
  const [one, other] = [before as Record<string, unknown>, after as Record<string, unknown>]
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const found = inValue(one[name], other[name], tolerance, named(name))
    if (found !== null) return found
  }
  return null
}

/** The rows of a table, each as a function that gives the cell of a column. */
const rowsOf = <E>(batches: Stream.Stream<AnyBatch, E>) =>
  Stream.flatMap(batches, (batch) => {
    const cells = Object.entries(batch.columns).map(([name, values]) => [name, cellsOf(values)] as const)
    return Stream.fromIterable(
      Array.from({ length: batch.rows }, (_, row) => () => cells.map(([name, cell]) => [name, cell(row)] as const))
    )
  })

const inTables = <E>(before: Table<Columns, E>, after: Table<Columns, E>, tolerance: number) =>
  Stream.zipWithIndex(Stream.zip(rowsOf(before.batches), rowsOf(after.batches))).pipe(
    Stream.filterMap(([[one, other], row]) => {
      const cells = new Map(other())
      for (const [name, value] of one()) {
        const found = inValue(value, cells.get(name), tolerance)
        if (found !== null) return Option.some({ ...found, at: `row ${row}, column ${name}` })
      }
      return Option.none()
    }),
    Stream.runHead,
    Effect.map((first): Difference | null => {
      if (Option.isSome(first)) return first.value
      if (before.rows === after.rows) return null
      return { at: "its end", before: `${before.rows} rows`, after: `${after.rows} rows` }
    })
  )

/**
 * The first difference between two artifacts of one declaration whose contents are not the same; null where all numbers are within the
 * tolerance. Of a kind that is neither a table nor JSON it is told in which part the bytes differ.
 */
export const first = <E>(artifact: AnyArtifact, before: Side<E>, after: Side<E>, tolerance: number) =>
  Effect.gen(function* () {
    if (artifact.kind === "table")
      return yield* inTables(
        (yield* artifact.decode(before.stored, before.read)) as Table<Columns, E>,
        (yield* artifact.decode(after.stored, after.read)) as Table<Columns, E>,
        tolerance
      )
    const [one, other] = [
      yield* Kind.readValue(before.stored, before.read),
      yield* Kind.readValue(after.stored, after.read)
    ]
    if (one !== null && other !== null) return inValue(one.value, other.value, tolerance)
    const parts = new Map(after.stored.parts.map((part) => [part.name, part.content]))
    const part = before.stored.parts.find(({ name, content }) => parts.get(name) !== content)
    const bytes = ({ stored }: Side<E>) => `${stored.bytes} bytes of sha256 ${stored.content.slice(0, 12)}`
    return { at: `the bytes of ${part?.name ?? "its parts"}`, before: bytes(before), after: bytes(after) }
  })
