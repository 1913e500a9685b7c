import { isAccuracy } from "../terminal/numbers.ts"

/** A number at the top level of a document among a run's results. */
export interface Metric {
  readonly name: string
  readonly value: number
}

const isLoss = (name: string): boolean => /loss$/i.test(name)

/** Whether the number says how well a run does, as against how much it did. */
export const isQuality = (name: string): boolean => isAccuracy(name) || isLoss(name)

/** The test comes first, then what chose the epoch, then training; accuracies before losses, and before what is counted. */
const rank = ({ name }: Metric): number => {
  const of = /^test/i.test(name) ? 0 : /^validation/i.test(name) ? 1 : 2
  return (isAccuracy(name) ? 0 : isLoss(name) ? 10 : 20) + of
}

/**
 * Every number at the top level of the documents, what one looks for first. A name that two documents give different
 * numbers is told apart by the result's name.
 */
export const metricsOf = (documents: Readonly<Record<string, unknown>>): ReadonlyArray<Metric> => {
  const found = new Map<string, number>()
  for (const [result, document] of Object.entries(documents)) {
    if (document === null || typeof document !== "object" || Array.isArray(document)) continue
    for (const [field, value] of Object.entries(document)) {
      if (typeof value !== "number" || found.get(field) === value) continue
      found.set(found.has(field) ? `${result}.${field}` : field, value)
    }
  }
  return [...found].map(([name, value]) => ({ name, value })).sort((a, b) => rank(a) - rank(b))
}
