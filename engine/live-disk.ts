import * as fs from "node:fs"
import * as path from "node:path"
import { Effect, Either, Schema, type Scope } from "effect"
import * as BoundedJson from "../artifacts/BoundedJson.ts"
import * as Unfinished from "../cache/unfinished.ts"
import * as Live from "./Live.ts"

// What runs tell while they go on, as lines of JSON at the end of `live/<run>.jsonl`. The file goes with its run, also with one that fails or is
// interrupted: their records tell more. That of a killed one stays, and tells how far it came. Nothing is synced, and what cannot be written
// is not told: a run waits for nobody who may watch it.

/** What a run tells within this time is written at once. */
const EVERY_MILLIS = 200
/** Where it can't be, it is tried again more and more rarely. */
const LONGEST_MILLIS = 10_000
/** A file that is larger, and several times as large as what is known, is written anew, as short as it can be. */
const ROOM_BYTES = 1024 * 1024
const TIMES = 4

const folderIn = (home: string): string => path.join(home, "live")
const ENDING = ".jsonl"
export const fileOf = (home: string, run: string): string => path.join(folderIn(home), `${run}${ENDING}`)

const json = BoundedJson.schema(Live.LiveEvent)
const decode = Schema.decodeEither(json)

/** As they stand: their type says that they encode to themselves, and a sweep's thousands needn't be looked at. */
const linesOf = (events: ReadonlyArray<typeof Live.LiveEvent.Encoded>): string =>
  events.map((event) => `${JSON.stringify(event)}\n`).join("")

/** Of what a node tells of its progress the newest word is enough, but for steps that have numbers. */
const withoutOvertaken = (events: ReadonlyArray<Live.LiveEvent>): ReadonlyArray<Live.LiveEvent> => {
  const overtaken = new Set<string>()
  const kept = [...events].reverse().filter((event) => {
    if (event._tag !== "Progressed") return true
    const isNewest = !overtaken.has(event.node)
    overtaken.add(event.node)
    return isNewest || Object.keys(event.metrics).length > 0
  })
  return kept.reverse()
}

const writing = (home: string, run: string) => {
  const file = fileOf(home, run)
  const known = Live.empty()
  let pending: Array<Live.LiveEvent> = []
  let [written, room, pause] = [0, ROOM_BYTES, EVERY_MILLIS]
  let timer: NodeJS.Timeout | null = null

  const anew = () => {
    const text = linesOf(Live.eventsOf(known))
    const aside = Unfinished.nameIn(folderIn(home))
    try {
      fs.writeFileSync(aside, text)
      fs.renameSync(aside, file)
    } catch (error) {
      fs.rmSync(aside, { force: true })
      throw error
    }
    written = text.length
    room = Math.max(ROOM_BYTES, TIMES * written)
  }
  const write = (events: ReadonlyArray<Live.LiveEvent>) => {
    if (written === 0) fs.mkdirSync(folderIn(home), { recursive: true })
    const text = linesOf(withoutOvertaken(events))
    if (written + text.length > room) return anew()
    fs.appendFileSync(file, text)
    written += text.length
  }
  const flush = () => {
    timer = null
    const events = pending
    pending = []
    try {
      write(events)
      pause = EVERY_MILLIS
    } catch {
      // a full disk, or a store that may only be read: whoever watches is told all of it once that is over
      room = 0
      pause = Math.min(2 * pause, LONGEST_MILLIS)
    }
  }
  return {
    tell: (event: Live.LiveEvent): void => {
      Live.take(known, event)
      pending.push(event)
      timer ??= setTimeout(flush, pause).unref()
    },
    end: (): void => {
      if (timer !== null) clearTimeout(timer)
      fs.rmSync(file, { force: true })
    }
  }
}

/** Tells of a run until the scope closes. One that is over sooner than anybody could look leaves no trace of it. */
export const telling = (
  home: string,
  run: string
): Effect.Effect<(event: Live.LiveEvent) => void, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => writing(home, run)),
      ({ end }) => Effect.ignore(Effect.try(end))
    ),
    ({ tell }) => tell
  )

/** The runs that tell of themselves, or did when they were killed, in no order. */
export const runsIn = (home: string): ReadonlyArray<string> => {
  try {
    const names = fs.readdirSync(folderIn(home)).filter((name) => name.endsWith(ENDING) && !Unfinished.is(name))
    return names.map((name) => path.basename(name, ENDING))
  } catch {
    return []
  }
}

/** So much is read at a time. */
const PART_BYTES = 4 * 1024 * 1024
/** Opening never waits, as a FIFO's would. */
const FLAGS = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY

/** What was told since the last look. */
export interface Heard {
  /** Whether all that was told before is told again, in fewer words. */
  readonly isAnew: boolean
  readonly events: ReadonlyArray<Live.LiveEvent>
}

/**
 * Gives at each call what a run told since the last; null where it tells nothing any more. What is no such line is passed over: it tells nobody
 * anything.
 */
export const following = (home: string, run: string): (() => Heard | null) => {
  const file = fileOf(home, run)
  let [inode, offset] = [0n, 0]
  return () => {
    let opened: number
    try {
      opened = fs.openSync(file, FLAGS)
    } catch {
      return null
    }
    try {
      const stat = fs.fstatSync(opened, { bigint: true })
      if (!stat.isFile()) return null
      const isAnew = stat.ino !== inode || stat.size < offset
      if (isAnew) [inode, offset] = [stat.ino, 0]
      const events: Array<Live.LiveEvent> = []
      for (;;) {
        const part = Buffer.alloc(Math.min(PART_BYTES, Number(stat.size) - offset))
        const bytes = part.subarray(0, fs.readSync(opened, part, 0, part.length, offset))
        const end = bytes.lastIndexOf(0x0a) + 1
        for (const line of bytes.subarray(0, end).toString("utf8").split("\n")) {
          const event = line === "" ? null : decode(line)
          if (event !== null && Either.isRight(event)) events.push(event.right)
        }
        // a line without an end in sight is none
        const isEndless = end === 0 && bytes.length === PART_BYTES
        offset += isEndless ? bytes.length : end
        if (end === 0 && !isEndless) break
      }
      return { isAnew, events }
    } catch {
      return null
    } finally {
      fs.closeSync(opened)
    }
  }
}
