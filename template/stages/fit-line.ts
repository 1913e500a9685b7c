import { Effect, Schema } from "effect"
import { ArrowTable, Document, Stage } from "headrace"
import { Rents } from "./read-rents.ts"

/** The line that is nearest to the rents: rent = intercept + slope * area. */
export const Line = Document.make(
  "Line",
  1,
  Schema.Struct({
    rows: Schema.Int,
    /** Euros a square metre. */
    slope: Schema.Number,
    intercept: Schema.Number,
    /** Share of the rents' variance that the line explains. */
    rSquared: Schema.Number
  })
)

const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Ordinary least squares of one variable. */
const lineThrough = (x: Float64Array, y: Float64Array) => {
  const [meanX, meanY] = [mean(x), mean(y)]
  const sum = (of: (dx: number, dy: number) => number) =>
    x.reduce((all, value, at) => all + of(value - meanX, (y[at] ?? 0) - meanY), 0)
  const slope = sum((dx, dy) => dx * dy) / sum((dx) => dx * dx)
  return {
    rows: x.length,
    slope,
    intercept: meanY - slope * meanX,
    rSquared: (slope * sum((dx, dy) => dx * dy)) / sum((_, dy) => dy * dy)
  }
}

export const fitLine = Stage.make({
  name: "fit-line",
  inputs: { rents: Rents },
  outputs: { line: Line },
  run: ({ rents }) =>
    Effect.map(ArrowTable.collect(rents), (all) => ({
      line:
        all === null
          ? { rows: 0, slope: 0, intercept: 0, rSquared: 0 }
          : lineThrough(all.columns.area, all.columns.rent)
    }))
})
