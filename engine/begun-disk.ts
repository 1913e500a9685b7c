import { lstatSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import * as path from "node:path"
import { Clock, Effect, Either, Option, Schedule, Schema, type Scope } from "effect"
import * as BoundedJson from "../artifacts/BoundedJson.ts"
import * as Disk from "../cache/disk.ts"
import { here, type System } from "../cache/lease-holder.ts"
import * as Seal from "../cache/Seal.ts"
import * as StoreFormat from "../cache/StoreFormat.ts"
import { fileSystemNow } from "../cache/tidy.ts"
import * as Unfinished from "../cache/unfinished.ts"
import { Begun, type Noted, type RunRecord, recordOfGone } from "./RunRecord.ts"

// Notes of runs that have begun, as sealed JSON files `begun/<run>.json`. Nothing is synced: a note that a power cut takes away is that of
// a run of which nothing is known, and each run would wait for the disk otherwise.

const MOST_BYTES = 64 * 1024 * 1024
const RENEWAL = "1 minute"
/** A note that cannot be read tells of nobody, and goes once it is older than any that is being written. */
const DAMAGED_MILLIS = 24 * 3600 * 1000

/** What is asked who lives, and when: the clock is that of the file system, which stamps every change of a note. */
export interface Surroundings {
  readonly system: System
  readonly now: (home: string) => Promise<number>
}
export const HERE: Surroundings = { system: here, now: fileSystemNow }

const decode = Schema.decodeUnknownOption(BoundedJson.schema(Begun))

const folderIn = (home: string): string => path.join(home, "begun")
const fileOf = (home: string, run: string): string => path.join(folderIn(home), `${run}.json`)

const orNothing = (act: () => void): Effect.Effect<void> => Effect.ignore(Effect.try(act))

const write = (home: string, begun: Begun): void => {
  // nobody sees half of it
  const aside = Unfinished.nameIn(folderIn(home))
  writeFileSync(aside, Seal.close(JSON.stringify(begun)))
  renameSync(aside, fileOf(home, begun.run))
}

/** Notes a run until the scope closes, and says once a minute that it goes on. */
export const begin = (
  home: string,
  begun: Omit<Begun, "holder">,
  system: System
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const file = fileOf(home, begun.run)
    const noted = StoreFormat.claim(home).pipe(
      Effect.zipRight(Disk.makeFolder(folderIn(home))),
      Effect.zipRight(Effect.try(() => write(home, { ...begun, holder: system.self() })))
    )
    yield* Effect.acquireRelease(Effect.ignore(noted), () => orNothing(() => rmSync(file, { force: true })))
    const renew = orNothing(() => utimesSync(file, new Date(), new Date()))
    yield* Effect.forkScoped(Effect.interruptible(Effect.repeat(renew, Schedule.spaced(RENEWAL))))
  })

/** What is noted of a run, and when that was last changed, by the clock of the file system; a note that says nothing has no `begun`. */
const readNote = (home: string, run: string) =>
  Effect.map(
    Effect.orElseSucceed(Disk.readTextIfThere(fileOf(home, run), MOST_BYTES), () => ""),
    (text) => {
      const stat = lstatSync(fileOf(home, run), { throwIfNoEntry: false })
      if (text === null || stat === undefined) return null
      const found = Option.getOrNull(decode(Seal.open(text)))
      return { begun: found?.run === run ? found : null, heard: stat.ctimeMs }
    }
  )

/** The runs that have begun, as far as their notes can be read. */
export const noted = (home: string): Effect.Effect<ReadonlyArray<Begun>> =>
  Effect.flatMap(Disk.listIfThere(folderIn(home)), (names) =>
    Effect.map(
      Effect.forEach(names, (name) => readNote(home, path.basename(name, ".json"))),
      (found) => found.flatMap((note) => note?.begun ?? [])
    )
  )

/**
 * Has a record kept of each run whose process is gone, and removes its note; and the notes of runs that left a record. Of several that do so at
 * once each writes the same. Where the store cannot be written to, a note stays for the next.
 */
export const settle = <E>(
  home: string,
  isRecorded: (run: string) => boolean,
  keep: (record: RunRecord) => Effect.Effect<void, E>,
  { system, now: clock }: Surroundings
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const names = yield* Disk.listIfThere(folderIn(home))
    if (names.length === 0) return
    const now = yield* Effect.orElse(
      Effect.tryPromise(() => clock(home)),
      () => Clock.currentTimeMillis
    )
    for (const name of names) {
      const run = path.basename(name, ".json")
      const remove = orNothing(() => rmSync(path.join(folderIn(home), name), { force: true, recursive: true }))
      const found = yield* readNote(home, run)
      if (found === null) continue
      const { begun, heard } = found
      const noted: Noted | null = begun === null ? null : { begun, heard }
      if (isRecorded(run) || (noted === null && now - heard > DAMAGED_MILLIS)) {
        yield* remove
        continue
      }
      const gone = noted === null ? null : recordOfGone(noted, now, system)
      if (gone !== null && Either.isRight(yield* Effect.either(keep(gone)))) yield* remove
    }
  })
