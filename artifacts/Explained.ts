import { Schema } from "effect"
import * as Text from "./Text.ts"

/** What people are told of a failure: `what` happened, what was `expected`, and how to `fix` it, which is sentences of its own. */
export interface Parts {
  readonly what: Text.Text
  readonly expected: Text.Text
  readonly fix: Text.Text
}

const PARTS = Symbol.for("headrace/Explained")

/** The parts as one text, the only form in which they are read as sentences. */
export const sentences = ({ what, expected, fix }: Parts): Text.Text => Text.text`${what}; expected ${expected}. ${fix}`

/** The parts of an error that was made with `TaggedError`; null for any other. */
export const partsOf = (error: unknown): Parts | null =>
  typeof error === "object" && error !== null && PARTS in error ? (error[PARTS] as Parts) : null

/** A schema's fields that are told as they are. */
export const fields = { what: Text.Text, expected: Text.Text, fix: Text.Text }

/**
 * As `Schema.TaggedError`, for an error that tells what happened, what was expected and how to fix it. Its message is
 * these three as sentences.
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
    explain: (error: Schema.Struct.Type<Fields>) => Parts
  ) => {
    const made = Schema.TaggedError<Self>()(tag, fields)
    Object.defineProperties((made as { readonly prototype: object }).prototype, {
      [PARTS]: {
        get(this: Schema.Struct.Type<Fields>) {
          return explain(this)
        }
      },
      message: {
        get(this: Schema.Struct.Type<Fields>) {
          return Text.show(sentences(explain(this)))
        }
      }
    })
    return made
  }
