import { formatCount, formatShare } from "./table-text.ts"

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

/** The numbers at the top of a document, accuracies first: what one looks for. */
export const numbersOf = (document: unknown): ReadonlyArray<NamedNumber> =>
  Object.entries(typeof document === "object" && document !== null ? document : {})
    .flatMap(([name, value]) => (typeof value === "number" ? [{ name, value }] : []))
    .sort((a, b) => Number(isAccuracy(b.name)) - Number(isAccuracy(a.name)))
