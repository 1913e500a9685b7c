import { isSame } from "../command/command-text.ts"
import { isQuality } from "./metrics.ts"

/** Parameters that are not the same in all rows, in the pipeline's order. */
export const differingParams = (
  rows: ReadonlyArray<{ readonly params: Readonly<Record<string, unknown>> }>
): ReadonlyArray<string> => {
  const names = [...new Set(rows.flatMap(({ params }) => Object.keys(params)))]
  return names.filter((name) => rows.some(({ params }) => !isSame(params[name], rows[0]?.params[name])))
}

/** Metrics that say how well a row does, and others that are not the same in all rows. */
export const tellingMetrics = (
  rows: ReadonlyArray<{ readonly metrics: ReadonlyMap<string, number> }>
): ReadonlyArray<string> => {
  const names = [...new Set(rows.flatMap(({ metrics }) => [...metrics.keys()]))]
  return names.filter(
    (name) => isQuality(name) || rows.some(({ metrics }) => metrics.get(name) !== rows[0]?.metrics.get(name))
  )
}
