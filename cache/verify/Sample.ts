import type { Digest } from "../../artifacts/Digest.ts"

/** One of so many equal parts of all objects, the first being 1: verified one a night, all are in as many nights. */
export interface Sample {
  readonly part: number
  readonly of: number
}

/** The digits of a digest that say which part it is in: as many as a number holds exactly. */
const DIGITS = 13

/** Whether an object is in the sample: each is in one of the parts, the same one always. */
export const has = ({ part, of }: Sample, object: Digest): boolean =>
  Math.floor((Number.parseInt(object.slice(0, DIGITS), 16) / 16 ** DIGITS) * of) === part - 1

/** The sample that is written `3/7`; null for what is no part of anything. */
export const parse = (text: string): Sample | null => {
  const [, part = 0, of = 0] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []).map(Number)
  return part >= 1 && part <= of ? { part, of } : null
}
