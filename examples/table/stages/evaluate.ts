import { Effect } from "effect"
import { ArrowTable, Stage } from "headrace"
import { Metrics } from "../artifacts/Metrics.ts"
import { Predictions } from "../artifacts/Predictions.ts"

const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0) / values.length

/** The root of the mean square. */
const magnitude = (values: ReadonlyArray<number>) => Math.sqrt(mean(values.map((value) => value ** 2)))

/** How good the predictions are, on the days of the fit and on those held out. */
export const evaluate = Stage.make({
  name: "evaluate",
  inputs: { predictions: Predictions },
  outputs: { metrics: Metrics },
  run: ({ predictions }) =>
    Effect.map(ArrowTable.collectRows(predictions), (days) => {
      const test = days.filter(({ heldOut }) => heldOut === 1)
      const training = days.filter(({ heldOut }) => heldOut === 0)
      const errorOf = (some: typeof days) => magnitude(some.map(({ rentals, predicted }) => rentals - predicted))
      const usual = mean(test.map(({ rentals }) => rentals))
      return {
        metrics: {
          testRSquared: 1 - (errorOf(test) / magnitude(test.map(({ rentals }) => rentals - usual))) ** 2,
          testError: errorOf(test),
          trainingError: errorOf(training),
          testDays: test.length,
          trainingDays: training.length
        }
      }
    })
})
