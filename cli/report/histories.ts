import { Effect } from "effect"
import { id } from "../../artifacts/Artifact.ts"
import type { Trace } from "../../cache/Trace.ts"
import * as Views from "../../project/Views.ts"
import type { History } from "./Chart.ts"
import { readSmall, type SmallTable } from "./small-table.ts"

/** Points of a line beyond which a screen shows no more of it. */
const MOST = 1000

/** Every n-th of the rows and the last, so that at most about a thousand are left. */
const thinned = ({ rows, columns }: SmallTable): SmallTable["columns"] => {
  const step = Math.ceil(rows / MOST)
  return Object.fromEntries(
    Object.entries(columns).map(([name, values]) => [
      name,
      values.filter((_, at) => at % step === 0 || at === rows - 1)
    ])
  )
}

const numbers = (values: ReadonlyArray<number | string | null> = []): ReadonlyArray<number | null> =>
  values.map((value) => (typeof value === "number" ? value : null))

/** The histories of trainings among the outputs of these nodes, each under its node's name. */
export const historiesOf = (traces: ReadonlyMap<string, Trace>) =>
  Effect.gen(function* () {
    const views = Views.those(yield* Views.Current, "Curves")
    const stored = [...traces].flatMap(([node, { outputs }]) =>
      Object.values(outputs).flatMap((output) =>
        views.flatMap(({ artifact }) => (output.artifact === id(artifact) ? [{ node, artifact, stored: output }] : []))
      )
    )
    const found: Array<Omit<History, "entry">> = []
    for (const { node, artifact, stored: table } of stored) {
      const small = yield* readSmall(artifact, table)
      if (small === null) continue
      const columns = thinned(small)
      found.push({
        label: node,
        epoch: numbers(columns.epoch).map((epoch) => epoch ?? 0),
        loss: numbers(columns.loss),
        accuracy: numbers(columns.accuracy),
        validationLoss: numbers(columns.validationLoss),
        validationAccuracy: numbers(columns.validationAccuracy)
      })
    }
    return found
  })
