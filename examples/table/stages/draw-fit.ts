import { Effect } from "effect"
import { ArrowTable, Figure, Stage } from "headrace"
import { FitFigure } from "../artifacts/FitFigure.ts"
import { Predictions } from "../artifacts/Predictions.ts"
import { scatter } from "../charts/scatter.ts"

/** A point a day: what the model says of it, over what was counted. */
export const drawFit = Stage.make({
  name: "draw-fit",
  inputs: { predictions: Predictions },
  outputs: { figure: FitFigure },
  run: ({ predictions }) =>
    Effect.map(ArrowTable.collectRows(predictions), (days) => ({
      figure: Figure.ofSvg(
        scatter({
          title: "Bikes rented in a day",
          xLabel: "counted",
          yLabel: "predicted",
          colours: { "training days": "#4c78a8", "test days": "#e45756" },
          points: days.map(({ rentals, predicted, heldOut }) => ({
            x: rentals,
            y: predicted,
            series: heldOut === 1 ? "test days" : "training days"
          }))
        })
      )
    }))
})
