import { Effect, Schema, Stream } from "effect"
import { ArrowTable, Param, Stage } from "headrace"

const Narrow = ArrowTable.make("Narrow", 1, { at: "int32", value: "float64" })
const BATCH_ROWS = 65_536

/** Rows of twelve bytes, whose chunks are of some ten kilobytes. */
export const fillNarrow = Stage.make({
  name: "fill-narrow",
  inputs: {},
  params: { rows: Param.make(Schema.Int.pipe(Schema.positive()), 1_000_000, "Rows of the table") },
  outputs: { narrow: Narrow },
  run: (_, { rows }) => {
    const batchFrom = (first: number) => {
      const count = Math.min(BATCH_ROWS, rows - first)
      const at = Int32Array.from({ length: count }, (_, row) => first + row)
      return { rows: count, columns: { at, value: Float64Array.from(at, Math.sin) } }
    }
    const batches = Stream.map(Stream.range(0, Math.ceil(rows / BATCH_ROWS) - 1), (at) => batchFrom(at * BATCH_ROWS))
    return Effect.succeed({ narrow: { metadata: {}, batches } })
  }
})
