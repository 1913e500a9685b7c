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

/** More names than these nobody reads in an error. */
const MOST_NAMES = 12
const SOME_NAMES = 5

/** What was expected where one of the names was: all of them, or of many those that look most like what was written. */
const oneOf = (name: string, names: ReadonlyArray<string>): string => {
  if (names.length === 1) return `${names[0]}`
  if (names.length <= MOST_NAMES) return `one of ${names.join(", ")}`
  return `one of ${names.length}, such as ${Explained.byLikeness(name, names).slice(0, SOME_NAMES).join(", ")}`
}

/** A refusal in the three parts that every one has. */
export const invalid = (what: string, expected: string, fix: string): UsageInvalid =>
  new UsageInvalid({ what, expected, fix })

/** A name that is none of those known (of `owner`, if they are something's own), with the nearest of them. */
export const unknown = (
  kind: string,
  name: string,
  names: ReadonlyArray<string>,
  otherwise: string,
  owner: string | null = null
): UsageInvalid => {
  const near = Explained.nearest(name, names)
  return new UsageInvalid({
    what: owner === null ? `There is no ${kind} "${name}"` : `${owner} has no ${kind} "${name}"`,
    expected: oneOf(name, names),
    fix: near === null ? otherwise : `Did you mean ${near}?`
  })
}
