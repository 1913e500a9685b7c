import { Effect } from "effect"
import * as ArrowTable from "../artifacts/ArrowTable.ts"
import { ConfusionMatrix } from "../artifacts/ConfusionMatrix.ts"
import { Curves, Heatmap } from "../artifacts/Curves.ts"
import { History } from "../artifacts/History.ts"
import * as Stage from "../engine/Stage.ts"
import { FigureFailed, Figures, fontVersion } from "../services/Figures.ts"
import { confusionHeatmap } from "./charts/confusion-heatmap.ts"
import { learningCurves } from "./charts/learning-curves.ts"
import { epochsOf } from "./epochs.ts"

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

/** Learning curves with the best epoch marked, and the confusion matrix as an annotated heat map. */
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
        curves: yield* figures.render(learningCurves(yield* epochsOf(history), "Learning curves")),
        heatmap: yield* figures.render(confusionHeatmap(classes, counts, "Confusion matrix, test images"))
      }
    })
})
