/**
 * Errors that tell what happened, what was expected and how to fix it. The three parts stay apart on the way through workers, records
 * and `--json`, and become sentences only where people read them.
 *
 * @module
 */
import { Predicate, Schema } from "effect"
import * as Text from "./Text.ts"

/**
 * What people are told of a failure: `what` happened and what was `expected`, both as parts of a sentence, and how to `fix` it,
 * which is whole sentences.
 */
export interface Parts {
  readonly what: Text.Text
  readonly expected: Text.Text
  readonly fix: Text.Text
}

const PARTS = Symbol.for("headrace/Explained")

/** A failure as people and programs are told of it. An error that has nothing but a message tells it as what happened. */
export const Explained = Schema.Struct({
  tag: Schema.String,
  what: Text.Text,
  expected: Schema.NullOr(Text.Text),
  fix: Schema.NullOr(Text.Text),
  /** The place in the project's own sources where a bug was thrown, such as `stages/train.ts:14`. */
  at: Schema.optional(Schema.String),
  /** The fields of a stage's own error, such as the epochs before a training diverged. */
  details: Schema.optional(Schema.Unknown)
})
/** A failure as people and programs are told of it. */
export type Explained = typeof Explained.Type

/** The parts as one text: "WHAT (at PLACE); expected EXPECTED. FIX". This is the one place that makes sentences of them. */
export const sentence = ({ what: happened, expected, fix, ...more }: Parts | Explained): Text.Text => {
  const what = "at" in more && more.at !== undefined ? Text.text`${happened} (at ${more.at})` : happened
  return expected === null || fix === null ? what : Text.text`${what}; expected ${expected}. ${fix}`
}

/** What an error that was made with `TaggedError` tells: its parts, or all that it knows of another; null for any other. */
const toldBy = (error: unknown): Parts | Explained | null =>
  typeof error === "object" && error !== null && PARTS in error ? (error[PARTS] as Parts | Explained) : null

/** What any error tells: its three parts where it was made with `TaggedError`, else its message. */
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

/** The fields of an error's schema that holds its three parts as they are told. */
export const fields = { what: Text.Text, expected: Text.Text, fix: Text.Text }

/**
 * Makes an error as `Schema.TaggedError` does, with a function that tells of its fields what happened, what was expected and how to
 * fix it. The error's message is these as sentences. It crosses from a worker's process to the command as it is.
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
