import { Effect, Schema } from "effect"
import { type AnyBatch, type Cell, type Columns, cellsOf, type Tensor } from "../artifacts/Column.ts"
import { explain, fields, TaggedError } from "../artifacts/Explained.ts"
import * as Text from "../artifacts/Text.ts"
import * as Filling from "./Filling.ts"
import { FirstRow } from "./FirstRow.ts"

/** The function of a row threw, or it made something that the columns of the output do not hold. */
export class RowFailed extends TaggedError<RowFailed>()(
  "RowFailed",
  {
    stage: Schema.String,
    /** Counted from 0 over the table. */
    row: Schema.Int,
    ...fields
  },
  ({ stage, row, what, expected, fix }) => ({
    what: Text.text`Stage "${stage}" failed at row ${row} (the first is 0): ${what}`,
    expected,
    fix
  })
) {}

/**
 * Where the tensors of the row that is made go: by column, a function from the shape of a cell to that cell, all zeros, in the
 * memory of the batch. A cell that is filled there is not copied; any other is.
 */
export type Room<C extends Columns> = {
  readonly [K in keyof C as C[K] extends string ? never : K]: C[K] extends Tensor<infer S, infer _D>
    ? (shape: S) => Cell<C[K]>
    : never
}

type AnyRow = Readonly<Record<string, unknown>>
/** The function of a row, its types forgotten. */
export type RowFunction<P> = (row: AnyRow, params: P, room: AnyRow) => AnyRow

/** Makes a batch row by row. `at` tells of each row before it is made. */
const fill = <P>(
  columns: Columns,
  run: RowFunction<P>,
  params: P,
  batch: AnyBatch,
  at: (row: number) => void
): AnyBatch => {
  let row = 0
  const readers = Object.entries(batch.columns).map(([name, values]) => [name, cellsOf(values)] as const)
  const fillings = Object.entries(columns).map(
    ([name, column]) => [name, Filling.make(name, column, batch.rows)] as const
  )
  const room = Object.fromEntries(
    fillings.flatMap(([name, { room }]) =>
      room === null ? [] : [[name, (shape: ReadonlyArray<number>) => room(row, shape)]]
    )
  )
  for (; row < batch.rows; row++) {
    at(row)
    const given: Record<string, unknown> = {}
    for (const [name, read] of readers) given[name] = read(row)
    const made = run(given, params, room)
    for (const [name, filling] of fillings) filling.put(row, made[name])
  }
  return { rows: batch.rows, columns: Object.fromEntries(fillings.map(([name, { values }]) => [name, values()])) }
}

/** What is told of a row that failed: what the error itself tells, as far as it does. */
const told = (error: unknown) => {
  if (error instanceof Filling.Refused)
    return { what: error.what, expected: error.expected, fix: "Correct the function of the stage." }
  const { what, expected, fix } = explain(error)
  return {
    what,
    expected: expected ?? "a row of the output for every row",
    fix: fix ?? "Correct the function of the stage, or the row."
  }
}

/** The function of a batch that calls the function of a row on each of its rows. */
export const batchwise =
  <P>(stage: string, columns: Columns, run: RowFunction<P>, params: P) =>
  (batch: AnyBatch): Effect.Effect<AnyBatch, RowFailed> =>
    Effect.flatMap(FirstRow, (first) => {
      let row = 0
      const at = (reached: number) => {
        row = reached
      }
      return Effect.try({
        try: () => fill(columns, run, params, batch, at),
        catch: (cause) => Object.assign(new RowFailed({ stage, row: first + row, ...told(cause) }), { cause })
      })
    })
