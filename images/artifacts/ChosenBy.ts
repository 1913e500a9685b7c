/**
 * By what the best epoch of a history was chosen, as the table's metadata say it.
 *
 * @module
 */
const lowestLoss: Readonly<Record<string, string>> = { chosenBy: "loss" }

/** What a history says: nothing where it was the highest validation accuracy, as it is mostly. */
export const toMetadata = (by: "accuracy" | "loss"): Readonly<Record<string, string>> =>
  by === "loss" ? lowestLoss : {}

/** By what it was: the highest validation accuracy, or the lowest validation loss. */
export const fromMetadata = (found: Readonly<Record<string, string>>): "accuracy" | "loss" =>
  found.chosenBy === lowestLoss.chosenBy ? "loss" : "accuracy"
