import { Effect, Schema } from "effect"
import { ArrowTable, Document, Explained, Stage } from "headrace"
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

/** No line goes through fewer than two points. */
export class TooFewFlats extends Explained.TaggedError<TooFewFlats>()(
  "TooFewFlats",
  { flats: Schema.Int },
  ({ flats }) => ({
    what: `${flats} flats are left to draw a line through`,
    expected: "two or more",
    fix: "Give more flats, or leave out fewer."
  })
) {}

const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Ordinary least squares of one variable. */
const lineThrough = (flats: ReadonlyArray<{ readonly area: number; readonly rent: number }>) => {
  const meanArea = mean(flats.map(({ area }) => area))
  const meanRent = mean(flats.map(({ rent }) => rent))
  const sum = (of: (area: number, rent: number) => number) =>
    flats.reduce((all, { area, rent }) => all + of(area - meanArea, rent - meanRent), 0)
  const slope = sum((area, rent) => area * rent) / sum((area) => area ** 2)
  return {
    rows: flats.length,
    slope,
    intercept: meanRent - slope * meanArea,
    rSquared: (slope * sum((area, rent) => area * rent)) / sum((_, rent) => rent ** 2)
  }
}

export const fitLine = Stage.make({
  name: "fit-line",
  inputs: { rents: Rents },
  outputs: { line: Line },
  errors: TooFewFlats,
  run: ({ rents }) =>
    Effect.gen(function* () {
      const flats = yield* ArrowTable.collectRows(rents)
      return flats.length < 2 ? yield* new TooFewFlats({ flats: flats.length }) : { line: lineThrough(flats) }
    })
})
