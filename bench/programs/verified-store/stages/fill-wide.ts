import { Effect, Schema, Stream } from "effect"
import { ArrowTable, Column, Param, Stage } from "headrace"

const CELL = 65_536
const BATCH_ROWS = 64
const Wide = ArrowTable.make("Wide", 1, { values: Column.tensor([CELL], "float32") })

/** Rows of a quarter of a megabyte, whose chunks are of some twenty megabytes. */
export const fillWide = Stage.make({
  name: "fill-wide",
  inputs: {},
  params: { rows: Param.make(Schema.Int.pipe(Schema.positive()), 1000, "Rows of the table") },
  outputs: { wide: Wide },
  run: (_, { rows }) => {
    const batchFrom = (first: number) => {
      const count = Math.min(BATCH_ROWS, rows - first)
      const data = Float32Array.from({ length: count * CELL }, (_, at) => Math.sin(first * CELL + at))
      return { rows: count, columns: { values: { shape: [CELL] as const, data } } }
    }
    const batches = Stream.map(Stream.range(0, Math.ceil(rows / BATCH_ROWS) - 1), (at) => batchFrom(at * BATCH_ROWS))
    return Effect.succeed({ wide: { metadata: {}, batches } })
  }
})
