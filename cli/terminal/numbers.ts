import { formatCount, formatShare } from "../../kinds/format.ts"
import type { Spread } from "./statistics.ts"

/** A number of a document: an accuracy, a loss, a count. */
export interface NamedNumber {
  readonly name: string
  readonly value: number
}

/** `validationAccuracy` as `validation accuracy`. */
export const wordsOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

export const isAccuracy = (name: string) => /accuracy$/i.test(name)

export const numberText = (name: string, value: number): string => {
  if (isAccuracy(name)) return formatShare(value)
  return Number.isInteger(value) ? formatCount(value) : value.toFixed(4)
}

/** `77.4 ± 0.4 %`; the number alone where there is one. Seeds that lack it are told. */
export const spreadText = (name: string, { n, mean, deviation }: Spread, runs: number): string => {
  const missing = n === runs ? "" : ` (n = ${n})`
  if (deviation === null) return `${numberText(name, mean)}${missing}`
  if (isAccuracy(name)) return `${(mean * 100).toFixed(1)} ± ${(deviation * 100).toFixed(1)} %${missing}`
  if (deviation === 0) return `${numberText(name, mean)} ± 0${missing}`
  // a mean of whole numbers is not whole
  const digits = mean >= 100 ? 1 : mean >= 1 ? 2 : 4
  return `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}${missing}`
}

/** The numbers at the top of a document, accuracies first: what one looks for. */
export const numbersOf = (document: unknown): ReadonlyArray<NamedNumber> => {
  const accuracies: Array<NamedNumber> = []
  const others: Array<NamedNumber> = []
  for (const [name, value] of Object.entries(typeof document === "object" && document !== null ? document : {}))
    if (typeof value === "number") (isAccuracy(name) ? accuracies : others).push({ name, value })
  return [...accuracies, ...others]
}
