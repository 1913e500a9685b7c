/**
 * When a training is over, though more epochs were asked for.
 *
 * @module
 */
import { bestOf, type Epoch, type Measure } from "./Epoch.ts"

/** After how many epochs in a row that are no better than the best before a training is over, and by what they are measured. */
export interface EarlyStopping {
  readonly patience: number
  readonly on: Measure
}

/**
 * Whether no further epoch is computed, as Keras' EarlyStopping has it. A function of the epochs so far alone: a training that
 * is over stays so, however many epochs are asked for.
 */
export const isOver = (history: ReadonlyArray<Epoch>, { patience, on }: EarlyStopping): boolean => {
  const best = bestOf(history, on)
  return best !== undefined && history.length - best.epoch >= patience
}
