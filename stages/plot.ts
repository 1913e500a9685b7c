import { Effect } from "effect"
import { ArrowTable, Stage } from "headrace"
import { ConfusionMatrix } from "headrace-images/artifacts/ConfusionMatrix"
import { Curves, Heatmap } from "headrace-images/artifacts/Curves"
import { History } from "headrace-images/artifacts/History"
import { confusionHeatmap } from "headrace-images/charts/confusion-heatmap"
import { learningCurves } from "headrace-images/charts/learning-curves"
import { FigureFailed, Figures, fontVersion } from "headrace-images/services/Figures"
import { chosenBy, epochsOf } from "headrace-images/shared/epochs"

/** The confusion matrix as class names and counts by [actual][predicted]. */
const countsOf = (confusion: ArrowTable.Table<typeof ConfusionMatrix.columns, Stage.InputFailure>) =>
  Effect.map(ArrowTable.collect(confusion), (batch) => {
    const { actual = [], count = new Int32Array() } = batch?.columns ?? {}
    const classes = [...new Set(actual)]
    return {
      classes,
      counts: classes.map((_, row) => Array.from(count.subarray(row * classes.length, (row + 1) * classes.length)))
    }
  })

/** Draws the learning curves with the best epoch marked, and the confusion matrix as an annotated heat map. */
export const plot = Stage.make({
  name: "plot",
  inputs: { history: History, confusion: ConfusionMatrix },
  outputs: { curves: Curves, heatmap: Heatmap },
  errors: FigureFailed,
  facts: { font: fontVersion },
  run: ({ history, confusion }) =>
    Effect.gen(function* () {
      const figures = yield* Figures
      const { classes, counts } = yield* countsOf(confusion)
      return {
        curves: yield* figures.render(learningCurves(yield* epochsOf(history), "Learning curves", chosenBy(history))),
        heatmap: yield* figures.render(confusionHeatmap(classes, counts, "Confusion matrix, test images"))
      }
    })
})
