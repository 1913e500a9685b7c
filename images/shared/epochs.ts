import { Effect } from "effect"
import { ArrowTable, type Stage } from "headrace"
import type { History } from "../artifacts/History.ts"
import type { Epoch } from "../models/Epoch.ts"

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
