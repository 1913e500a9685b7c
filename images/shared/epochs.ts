/**
 * The epochs of a history, as charts take them.
 *
 * @module
 */
import { Effect } from "effect"
import { ArrowTable, type Stage } from "headrace"
import * as ChosenBy from "../artifacts/ChosenBy.ts"
import type { History } from "../artifacts/History.ts"
import type { Epoch, Measure } from "../models/Epoch.ts"

/** By what a history's best epoch is chosen. */
export const chosenBy = ({ header }: ArrowTable.Table<typeof History.columns, Stage.InputFailure>): Measure =>
  ChosenBy.fromMetadata(header.metadata)

/** A history's rows, as the charts take them. */
export const epochsOf = (history: ArrowTable.Table<typeof History.columns, Stage.InputFailure>) =>
  Effect.map(ArrowTable.collect(history), (batch): ReadonlyArray<Epoch> => {
    if (batch === null) return []
    const { epoch, loss, accuracy, validationLoss, validationAccuracy } = batch.columns
    return Array.from(epoch, (number, row) => ({
      epoch: number,
      loss: loss[row] ?? 0,
      accuracy: accuracy[row] ?? 0,
      validationLoss: validationLoss[row] ?? 0,
      validationAccuracy: validationAccuracy[row] ?? 0
    }))
  })
