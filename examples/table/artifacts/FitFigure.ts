import { Figure } from "headrace"

/** Predictions over what was counted. */
export const FitFigure = Figure.make("FitFigure", 1)
