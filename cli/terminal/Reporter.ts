import { writeSync } from "node:fs"
import { Context, Effect } from "effect"
import * as Masked from "../../artifacts/Masked.ts"

/** The only place that prints. Answers go to stdout; what is said along the way goes to stderr. */
export class Reporter extends Context.Tag("headrace/Reporter")<
  Reporter,
  {
    readonly json: boolean
    /** Whether lines along the way may be replaced. */
    readonly terminal: boolean
    /** Of the screen on which lines are replaced. */
    readonly columns: number
    readonly rows: number
    /** How many cells a line of the answer has room for. */
    readonly width: number
    /** A line of the answer; nothing when JSON was asked for. */
    readonly print: (text: string) => Effect.Effect<void>
    /** A text that draws with escape sequences of our own. */
    readonly picture: (text: string) => Effect.Effect<void>
    /** The answer as a document; nothing unless JSON was asked for. */
    readonly document: (value: unknown) => Effect.Effect<void>
    /** The same at once, for a process that ends with it. */
    readonly lastDocument: (value: unknown) => void
    /** Whether the document was given. */
    readonly answered: () => boolean
    /** A line along the way, kept on the screen. */
    readonly note: (text: string) => Effect.Effect<void>
    /** Lines that the next ones replace; for terminals only. */
    readonly status: (text: string) => Effect.Effect<void>
  }
>() {}

const CLEAR_LINE = "\r\u001b[2K"
const UP = "\u001b[1A"

// biome-ignore lint/suspicious/noControlCharactersInRegex: names of files and classes come from anyone, and could steer the terminal
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g
const plain = (text: string): string => text.replace(STEERING, "�")

/** Goes on once it is written, or can't be, which `runToEnd` hears of. */
const write = (stream: NodeJS.WriteStream, text: string): Effect.Effect<void> =>
  Effect.async((resume) => void stream.write(text, () => resume(Effect.void)))

const USUAL_COLUMNS = 80
const USUAL_ROWS = 24

/** Whether what was written to a stream can be replaced: a dumb terminal moves no cursor, and a log keeps every try. */
export const canReplace = (isTTY: boolean, env: Readonly<Record<string, string | undefined>>): boolean =>
  isTTY && env.TERM !== "dumb" && !env.CI

/** `mask` hides what is secret in whatever is printed. */
export const make = (json: boolean, mask: (text: string) => string = Masked.urls): typeof Reporter.Service => {
  const line = (text: string): string => plain(mask(text))
  const documentText = (value: unknown): string => `${JSON.stringify(Masked.within(mask, value), null, 2)}\n`
  const terminal = canReplace(process.stderr.isTTY === true, process.env)
  // how many lines of a status stand on the screen, the last without its end
  let pending = 0
  const clear = () => {
    const text = Array.from({ length: pending }, () => CLEAR_LINE).join(UP)
    pending = 0
    return text
  }
  let answered = false
  const print = (text: string) =>
    json
      ? Effect.void
      : Effect.suspend(() => Effect.zipRight(write(process.stderr, clear()), write(process.stdout, `${text}\n`)))
  return {
    json,
    terminal,
    columns: process.stderr.columns || USUAL_COLUMNS,
    rows: process.stderr.rows || USUAL_ROWS,
    width: (process.stdout.isTTY && process.stdout.columns) || USUAL_COLUMNS,
    print: (text) => print(line(text)),
    picture: print,
    document: (value) =>
      Effect.suspend(() => {
        if (!json || answered) return Effect.void
        answered = true
        return write(process.stdout, documentText(value))
      }),
    lastDocument: (value) => {
      if (!json || answered) return
      answered = true
      try {
        writeSync(process.stdout.fd, documentText(value))
      } catch {
        // nobody reads it any more
      }
    },
    answered: () => answered,
    note: (text) => Effect.suspend(() => write(process.stderr, `${clear()}${line(text)}\n`)),
    status: (text) =>
      terminal
        ? Effect.suspend(() => {
            const lines = `${clear()}${line(text)}`
            pending = text === "" ? 0 : text.split("\n").length
            return write(process.stderr, lines)
          })
        : Effect.void
  }
}
