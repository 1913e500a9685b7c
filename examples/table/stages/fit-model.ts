import { Effect, Schema, Stream } from "effect"
import { Column, Explained, Param, Stage, Text } from "headrace"
import { DayFeatures, FEATURES } from "../artifacts/DayFeatures.ts"
import { Model } from "../artifacts/Model.ts"
import { Predictions } from "../artifacts/Predictions.ts"
import * as NormalEquations from "../regression/NormalEquations.ts"

/** Coefficients are not determined by the days: a feature follows from others, or never changes. */
export class Undetermined extends Explained.TaggedError<Undetermined>()(
  "Undetermined",
  { days: Schema.Int },
  ({ days }) => ({
    what: `A feature of the ${days} days is a linear combination of others`,
    expected: "features that vary on their own",
    fix: Text.text`Give more days, or try ${Text.setting("ridge", 1)}.`
  })
) {}

type Batch = Column.Batch<typeof DayFeatures.columns>
type Day = Column.Row<typeof DayFeatures.columns>

/** The features of a day, after the constant 1 for the intercept. */
const featuresOf = ({ feature }: Day) => [1, ...feature.data]

/** The sums with those days of a batch that are not held out. */
const addTo = (sums: NormalEquations.NormalEquations, batch: Batch) =>
  Column.rows(batch)
    .filter(({ heldOut }) => heldOut === 0)
    .reduce((all, day) => NormalEquations.add(all, featuresOf(day), day.rentals), sums)

const predictedBy = (coefficients: ReadonlyArray<number>) => (batch: Batch) => {
  const { date, rentals, heldOut } = batch.columns
  const predict = (day: Day) => featuresOf(day).reduce((sum, value, at) => sum + value * (coefficients[at] ?? 0), 0)
  const predicted = Float64Array.from(Column.rows(batch), predict)
  return { rows: batch.rows, columns: { date, rentals, predicted, heldOut } }
}

/** Linear regression by least squares: two passes over a stream of any length, a batch of it in memory. */
export const fitModel = Stage.make({
  name: "fit-model",
  inputs: { described: DayFeatures },
  params: { ridge: Param.make(Schema.NonNegative, 0, "L2 penalty of the coefficients") },
  outputs: { model: Model, predictions: Predictions },
  errors: Undetermined,
  run: ({ described }, { ridge }) =>
    Effect.gen(function* () {
      const sums = yield* Stream.runFold(described.batches, NormalEquations.none(FEATURES.length + 1), addTo)
      const coefficients = NormalEquations.solve(sums, ridge)
      if (coefficients === null) return yield* new Undetermined({ days: described.rows })
      const names = ["intercept", ...FEATURES]
      return {
        model: { coefficients: coefficients.map((coefficient, at) => ({ feature: names[at] ?? "", coefficient })) },
        predictions: { metadata: {}, batches: Stream.map(described.batches, predictedBy(coefficients)) }
      }
    })
})
