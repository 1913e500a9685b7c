/**
 * Texts that may mention parameters. A stage knows a parameter's name and not how a person gives it; whoever shows the text writes
 * an option of the command line, or a property as `learningRate: 0.001`.
 *
 * @module
 */
import { Schema } from "effect"

/**
 * A parameter as a text mentions it, with the value that it may be given. How that is written is known to whoever shows
 * the text: the command line writes an option, a program the parameter's name.
 */
export const Setting = Schema.Struct({ parameter: Schema.String, value: Schema.optional(Schema.Unknown) })
/** A parameter as a text mentions it. */
export type Setting = typeof Setting.Type

/** What people are told: a string, or the pieces of one that mentions parameters. */
export const Text = Schema.Union(Schema.String, Schema.Array(Schema.Union(Schema.String, Setting)))
/** What people are told. */
export type Text = typeof Text.Type

/** How somebody writes a parameter: the command line as an option, a program as a property. */
export type Spelling = (setting: Setting) => string

/** No compiler tells where a text in pieces gets into a plain template: there it reads as a program would write it. */
const readable = (pieces: ReadonlyArray<string | Setting>): Text =>
  Object.defineProperty([...pieces], "toString", { value: () => show(pieces) })

/** A text that mentions a parameter by its name alone. */
export const parameter = (name: string): Text => readable([{ parameter: name }])

/** A text that mentions a parameter with a value of it, which is encoded as its schema does. */
export const setting = (name: string, value: unknown): Text => readable([{ parameter: name, value }])

const piecesOf = (text: Text): ReadonlyArray<string | Setting> => (typeof text === "string" ? [text] : text)

/**
 * A tagged template whose values may be texts themselves.
 *
 * @example
 * const fix = Text.text`Try ${Text.setting("learningRate", 0.001)}.` // in a program: Try learningRate: 0.001.
 */
export const text = (strings: TemplateStringsArray, ...values: ReadonlyArray<Text | number>): Text =>
  join(strings.flatMap((string, at) => [string, ...values.slice(at, at + 1).map(toText)]))

const toText = (value: Text | number): Text => (typeof value === "number" ? String(value) : value)

/** Joins texts. The result is a plain string where none of them mentions a parameter. */
export const join = (texts: ReadonlyArray<Text>): Text => {
  const pieces: Array<string | Setting> = []
  for (const piece of texts.flatMap(piecesOf)) {
    const last = pieces.at(-1)
    if (typeof piece === "string" && typeof last === "string") pieces[pieces.length - 1] = last + piece
    else if (piece !== "") pieces.push(piece)
  }
  const [only = "", ...more] = pieces
  return more.length === 0 && typeof only === "string" ? only : readable(pieces)
}

/** Changes what stands between the parameters of a text. */
export const map = (text: Text, change: (part: string) => string): Text =>
  typeof text === "string" ? change(text) : text.map((piece) => (typeof piece === "string" ? change(piece) : piece))

/** Writes a parameter as a program does: `learningRate: 0.001`. */
export const asProperty: Spelling = ({ parameter, value }) =>
  value === undefined ? parameter : `${parameter}: ${JSON.stringify(value)}`

/** The text as one string, in which parameters are written as `spelling` does. */
export const show = (text: Text, spelling: Spelling = asProperty): string =>
  piecesOf(text)
    .map((piece) => (typeof piece === "string" ? piece : spelling(piece)))
    .join("")
