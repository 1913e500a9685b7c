import { Context, Effect } from "effect"

/** So many characters of what a node prints are kept, the last. */
export const MOST = 64 * 1024

/** Where a node's process hands over what the node printed, once it is over with it. Silent unless someone listens. */
export class PrintedListener extends Context.Reference<PrintedListener>()("headrace/PrintedListener", {
  defaultValue: (): ((printed: string) => Effect.Effect<void>) => () => Effect.void
}) {}

/**
 * Takes what a process prints, in pieces of any size, and keeps the end of it: from the beginning of a line where the rest
 * is gone. `begin` takes what hides secrets. It hides them before anything is cut off: half of one would not be known.
 */
export const tail = () => {
  let text = ""
  let isCut = false
  let mask = (text: string): string => text
  return {
    add: (piece: string): void => {
      text += piece
      // not at every piece: each cut reads all that is kept
      if (text.length <= 2 * MOST) return
      text = mask(text).slice(-MOST)
      isCut = true
    },
    begin: (hides: (text: string) => string): void => {
      text = ""
      isCut = false
      mask = hides
    },
    text: (): string => {
      const whole = mask(text)
      const end = whole.slice(-MOST)
      if (!isCut && end.length === whole.length) return whole
      // a text without an end of a line is one line, whose beginning nobody misses
      return end.slice(end.indexOf("\n") + 1)
    }
  }
}
export type Tail = ReturnType<typeof tail>
