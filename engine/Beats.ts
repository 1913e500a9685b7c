/**
 * How a worker process tells that it lives: a thread of its own, which no computation keeps busy, writes a line a second to a pipe, with how often
 * the thread that computes has been through its event loop, and how much memory the process holds. So a process that is stopped can be told from one
 * that is busy, and nobody has to ask the system, of which each tells of other processes in its own way.
 */

/** The file descriptor, in the worker, of the pipe that takes the beats: the one after that of its messages. */
export const BEATS_DESCRIPTOR = 4
export const BEAT_MILLIS = 1000

/** One beat as it is written. `resident`: bytes. */
export const beat = (turns: number, resident: number): string => `${turns} ${resident}\n`

/** What is said of a worker at one moment, in milliseconds. */
export interface Life {
  /** Since its last beat. */
  readonly silent: number
  /** Since the thread that computes last went through its event loop. */
  readonly still: number
}

/** More than this between two looks is the looker's own sleep, such as that of a machine which was suspended. */
const MOST_MILLIS = 2 * BEAT_MILLIS

/**
 * Listens to the beats of one worker. `hear` takes what comes out of the pipe, in pieces of any size; `look` gives what is
 * known now, with milliseconds of a monotonic clock. Silence counts only while somebody looks: at most two seconds a look.
 */
export const listening = (now: number) => {
  let lookedAt = now
  let silent = 0
  let still = 0
  let turns = ""
  let resident = 0
  let line = ""
  return {
    hear: (text: string): void => {
      const lines = (line + text).split("\n")
      // what is not a beat is cut off before it can grow
      line = (lines.pop() ?? "").slice(-32)
      const last = lines.pop()
      if (last === undefined) return
      silent = 0
      const [turn = "", bytes] = last.split(" ")
      if (turn !== turns) still = 0
      turns = turn
      resident = Number(bytes) || 0
    },
    /** Bytes that it held in memory at its last beat. */
    resident: (): number => resident,
    look: (now: number): Life => {
      const passed = Math.min(now - lookedAt, MOST_MILLIS)
      lookedAt = now
      silent += passed
      still += passed
      return { silent, still }
    },
    /** Begins anew with somebody who waits: what was before is not held against the worker. */
    begin: (now: number): void => {
      lookedAt = now
      silent = 0
      still = 0
    }
  }
}
export type Listening = ReturnType<typeof listening>
