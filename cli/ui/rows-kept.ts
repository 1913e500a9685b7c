import { lstatSync } from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import * as Disk from "../../cache/disk.ts"
import { Release } from "../../cache/Release.ts"
import * as Seal from "../../cache/Seal.ts"
import type { RunRow } from "../../ui/Api.ts"

// Rows of runs as they were read, so that ten thousand records are not read each time that the page is served: one sealed file `ui/rows.json`,
// which is believed as far as it is whole, of this version, and of records that are as they were.

/** Changes whenever what is said of a run in a row does. */
const FORMAT = 2
const MOST_BYTES = 256 * 1024 * 1024

/** A row, and what told that its record was as it was read. */
export interface Stamped {
  readonly stamp: string
  readonly row: RunRow
}

interface Kept {
  readonly format: number
  readonly by: string
  readonly rows: ReadonlyArray<Stamped>
}

const fileIn = (home: string): string => path.join(home, "ui", "rows.json")

/** What tells that a record is as it was; null where it is gone. */
export const stampOf = (home: string, { run, kind }: Pick<RunRow, "run" | "kind">): string | null => {
  const file = path.join(home, kind === "run" ? "runs" : "sweeps", `${run}.json`)
  const stat = lstatSync(file, { throwIfNoEntry: false })
  return stat === undefined ? null : `${stat.size} ${stat.mtimeMs}`
}

/** The rows that were kept, of records that are as they were. */
export const load = (home: string): Effect.Effect<ReadonlyArray<Stamped>> =>
  Effect.gen(function* () {
    const { version } = yield* Release
    const text = yield* Effect.orElseSucceed(Disk.readTextIfThere(fileIn(home), MOST_BYTES), () => null)
    const opened = text === null ? null : Seal.open(text)
    if (opened === null) return []
    // its seal says that it is what was written here
    const { format, by, rows } = JSON.parse(opened) as Kept
    return format === FORMAT && by === version ? rows.filter(({ stamp, row }) => stampOf(home, row) === stamp) : []
  })

/** Keeps rows for whoever serves the page next. What can't be kept is read again. */
export const save = (home: string, rows: Iterable<Stamped>): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { version: by } = yield* Release
    const kept: Kept = { format: FORMAT, by, rows: [...rows] }
    yield* Effect.ignore(Disk.publish(fileIn(home), Seal.bytesOf(JSON.stringify(kept))))
  })
