/**
 * The figures that the ready stages draw of trainings, evaluations and datasets.
 *
 * @module
 */
import { Figure } from "headrace"

/** Loss and accuracy by epoch, the best epoch marked. */
export const Curves = Figure.make("Curves", 1)

/** A confusion matrix as an annotated heat map. */
export const Heatmap = Figure.make("Heatmap", 1)

/** Loss and accuracy by epoch of several networks, the best validation point of each marked. */
export const SweepCurves = Figure.make("SweepCurves", 1)

/** Numbers by class as bars. */
export const Bars = Figure.make("Bars", 1)
