import { Predicate, Schema } from "effect"
import * as Text from "./Text.ts"

/** What people are told of a failure: `what` happened, what was `expected`, and how to `fix` it, which is sentences of its own. */
export interface Parts {
  readonly what: Text.Text
  readonly expected: Text.Text
  readonly fix: Text.Text
}

const PARTS = Symbol.for("headrace/Explained")

/** A failure as people and programs are told of it, also where an error has its message alone: then that is what happened. */
export const Explained = Schema.Struct({
  tag: Schema.String,
  what: Text.Text,
  expected: Schema.NullOr(Text.Text),
  fix: Schema.NullOr(Text.Text),
  /** The fields of a stage's own error, such as the epochs before a training diverged. */
  details: Schema.optional(Schema.Unknown)
})
export type Explained = typeof Explained.Type

/** The parts as one text, the only form in which they are read as sentences. */
export const sentence = ({ what, expected, fix }: Parts | Explained): Text.Text =>
  expected === null || fix === null ? what : Text.text`${what}; expected ${expected}. ${fix}`

/** What an error that was made with `TaggedError` tells: its parts, or all that it knows of another; null for any other. */
const toldBy = (error: unknown): Parts | Explained | null =>
  typeof error === "object" && error !== null && PARTS in error ? (error[PARTS] as Parts | Explained) : null

/** What an error tells: its three parts where it has them, its message where it is anybody's. */
export const explain = (error: unknown): Explained => {
  const told = toldBy(error)
  const tag = Predicate.hasProperty(error, "_tag") ? String(error._tag) : error instanceof Error ? error.name : "Error"
  if (told !== null) return { tag, ...told }
  return { tag, what: error instanceof Error ? error.message : String(error), expected: null, fix: null }
}

/** The parts of an error that was made with `TaggedError`; null for any other. */
export const partsOf = (error: unknown): Parts | null => {
  const told = toldBy(error)
  return told === null || told.expected === null || told.fix === null ? null : (told as Parts)
}

/** A schema's fields that are told as they are. */
export const fields = { what: Text.Text, expected: Text.Text, fix: Text.Text }

/**
 * As `Schema.TaggedError`, for an error that tells what happened, what was expected and how to fix it, or what is known of
 * another. Its message is that as sentences.
 *
 * @example
 * class Empty extends Explained.TaggedError<Empty>()("Empty", { file: Schema.String }, ({ file }) => ({
 *   what: `${file} has no rows`,
 *   expected: "one or more",
 *   fix: "Give another file."
 * })) {}
 */
export const TaggedError =
  <Self>() =>
  <Tag extends string, Fields extends Schema.Struct.Fields>(
    tag: Tag,
    fields: Fields,
    tells: (error: Schema.Struct.Type<Fields>) => Parts | Explained
  ) => {
    const made = Schema.TaggedError<Self>()(tag, fields)
    Object.defineProperties((made as { readonly prototype: object }).prototype, {
      [PARTS]: {
        get(this: Schema.Struct.Type<Fields>) {
          return tells(this)
        }
      },
      message: {
        get(this: Schema.Struct.Type<Fields>) {
          return Text.show(sentence(tells(this)))
        }
      }
    })
    return made
  }

/** How many letters must be inserted, removed or replaced to make one word of the other (Levenshtein). */
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

/** How far a name is from one that may have been meant, also where only its beginning was written; case tells none apart. */
const farFrom = (name: string, candidate: string): number => {
  const [written, meant] = [name.toLowerCase(), candidate.toLowerCase()]
  const whole = distance(written, meant)
  if (written.replace(/^-+/, "").length < LEAST_BEGINNING) return whole
  return Math.min(whole, distance(written, meant.slice(0, written.length)) + 1)
}

/** The names, those that look most like what was written first. */
export const byLikeness = (written: string, names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names
    .map((name) => ({ name, far: farFrom(written, name) }))
    .sort((a, b) => a.far - b.far)
    .map(({ name }) => name)

/** The likeliest of the names to have been meant, for a fix that begins "Did you mean"; null where none is close. */
export const nearest = (written: string, names: ReadonlyArray<string>): string | null => {
  const [best] = byLikeness(written, names)
  return best !== undefined && farFrom(written, best) <= Math.max(2, written.length / 3) ? best : null
}
