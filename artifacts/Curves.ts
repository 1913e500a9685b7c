import * as Figure from "./Figure.ts"

/** Loss and accuracy by epoch, the best epoch marked. */
export const Curves = Figure.make("Curves", 1)

/** A confusion matrix as an annotated heat map. */
export const Heatmap = Figure.make("Heatmap", 1)
