import { Schema } from "effect"
import * as Explained from "../../artifacts/Explained.ts"

/** A command line that makes no sense: exit code 2. */
export class UsageInvalid extends Explained.TaggedError<UsageInvalid>()(
  "UsageInvalid",
  {
    what: Schema.String,
    expected: Schema.String,
    fix: Schema.String,
    /** How the command is written, where it is the command line itself that is wrong. */
    usage: Schema.optional(Schema.String)
  },
  ({ what, expected, fix }) => ({ what, expected, fix })
) {}

/** How many letters must be inserted, removed or replaced (Levenshtein). */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      next.push(Math.min((row[j] ?? 0) + (letter === other ? 0 : 1), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

/** Fewer letters begin too many names. */
const LEAST_BEGINNING = 4

/** How far a name is from one that may have been meant, also where only its beginning was written. */
const farFrom = (name: string, candidate: string): number => {
  const whole = distance(name, candidate)
  if (name.replace(/^-+/, "").length < LEAST_BEGINNING) return whole
  return Math.min(whole, distance(name, candidate.slice(0, name.length)) + 1)
}

/** The names, those that look most like this one first. */
const byDistance = (name: string, names: ReadonlyArray<string>) =>
  names.map((candidate) => ({ candidate, far: farFrom(name, candidate) })).sort((a, b) => a.far - b.far)

/** The likeliest of the names to have been meant; null where none is close. */
export const nearest = (name: string, names: ReadonlyArray<string>): string | null => {
  const [best] = byDistance(name, names)
  return best !== undefined && best.far <= Math.max(2, name.length / 3) ? best.candidate : null
}

/** More names than these nobody reads in an error. */
const MOST_NAMES = 12
const SOME_NAMES = 5

/** What was expected where one of the names was: all of them, or of many those that look most like what was written. */
const oneOf = (name: string, names: ReadonlyArray<string>): string => {
  if (names.length === 1) return `${names[0]}`
  if (names.length <= MOST_NAMES) return `one of ${names.join(", ")}`
  const near = byDistance(name, names).slice(0, SOME_NAMES)
  return `one of ${names.length}, such as ${near.map(({ candidate }) => candidate).join(", ")}`
}

/** A name that is none of those known (of `owner`, if they are something's own), with the nearest of them. */
export const unknown = (
  kind: string,
  name: string,
  names: ReadonlyArray<string>,
  otherwise: string,
  owner: string | null = null
): UsageInvalid => {
  const near = nearest(name, names)
  return new UsageInvalid({
    what: owner === null ? `There is no ${kind} "${name}"` : `${owner} has no ${kind} "${name}"`,
    expected: oneOf(name, names),
    fix: near === null ? otherwise : `Did you mean ${near}?`
  })
}
