import { type Explained, sentence as sentenceOf } from "../../artifacts/Explained.ts"
import * as Text from "../../artifacts/Text.ts"

/** `learningRate` is written `--learning-rate`. */
export const optionName = (param: string): string => param.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** A word of a POSIX shell's command line. */
export const shellWord = (text: string): string =>
  /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** A parameter's encoded value as it would be typed, and as people read it; a run of an older program may lack it. */
export const valueText = (value: unknown): string =>
  value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value)

/** A parameter at an encoded value, as words of a command line. */
export const optionWords = (param: string, value: unknown): ReadonlyArray<string> => {
  const option = `--${optionName(param)}`
  const text = valueText(value)
  return text.startsWith("-") ? [shellWord(`${option}=${text}`)] : [option, shellWord(text)]
}

/** The command line's spelling of parameters, which only `cli/` knows: what is told anywhere else names them as they are. */
export const asOption: Text.Spelling = ({ parameter, value }) =>
  value === undefined ? `--${optionName(parameter)}` : optionWords(parameter, value).join(" ")

/** A text as the command line shows it. */
export const shown = (text: Text.Text): string => Text.show(text, asOption)

/** What was explained, as the command line tells it to people. */
export const sentence = (explained: Explained): string => shown(sentenceOf(explained))

/** A failure as the command line tells it to programs. */
export interface Told {
  readonly tag: string
  readonly what: string
  readonly expected: string | null
  readonly fix: string | null
  readonly at?: string | undefined
  readonly details?: unknown
}

/** The same of what was explained already, such as in a record. */
export const toldOf = ({ what, expected, fix, ...rest }: Explained): Told => ({
  ...rest,
  what: shown(what),
  expected: expected === null ? null : shown(expected),
  fix: fix === null ? null : shown(fix)
})
