import { existsSync } from "node:fs"
import * as path from "node:path"
import { Clock, Effect, Either, Layer, Predicate, Schema } from "effect"
import * as BoundedJson from "../artifacts/BoundedJson.ts"
import { phrase } from "../artifacts/SchemaRefusal.ts"
import * as Disk from "../cache/disk.ts"
import * as Seal from "../cache/Seal.ts"
import * as StoreFormat from "../cache/StoreFormat.ts"
import * as StoreListener from "../cache/StoreListener.ts"
import * as BegunDisk from "./begun-disk.ts"
import * as RunName from "./RunName.ts"
import { RecordUnreadable, RunRecord, RunRecords } from "./RunRecord.ts"

/** How many of the newest runs are listed. */
const MOST = 200
/** Files that are read side by side. */
const TOGETHER = 16
/** A sweep of a thousand points has some megabytes. */
const MOST_BYTES = 256 * 1024 * 1024
/** So many unreadable records are named where they are told of together. */
const NAMED = 20

const FOLDERS = ["runs", "sweeps"] as const
type Folder = (typeof FOLDERS)[number]

/** What a sealed record says of itself, so that none passes for one of before there were seals once its first line is gone. */
const SEALED = { sealed: true }

const parse = Schema.decodeUnknownEither(BoundedJson.schema(Schema.Unknown))
const decode = Schema.decodeUnknownEither(RunRecord)

/** The record that a file holds, or why it holds none: a sealed one, or one of a version that did not seal them. */
export const recordIn = (text: string): Either.Either<RunRecord, string> => {
  const opened = Seal.open(text)
  const parsed = parse(opened ?? text)
  if (Either.isLeft(parsed)) return Either.left(opened === null ? Seal.DAMAGED : phrase(parsed.left))
  if (opened === null && Predicate.hasProperty(parsed.right, "sealed")) return Either.left(Seal.DAMAGED)
  return Either.mapLeft(decode(parsed.right), phrase)
}

/** All that were come across at once, as one sentence. */
const leftOut = (found: ReadonlyArray<RecordUnreadable>): string => {
  const [first, ...others] = found
  if (first === undefined || others.length === 0) return `It is left out: ${first?.message}`
  const names = found.slice(0, NAMED).map(({ run }) => run)
  const rest = found.length > NAMED ? ` and ${found.length - NAMED} more` : ""
  return `${found.length} records of runs cannot be read and are left out, ${names.join(", ")}${rest}. Of the first: ${first.message}`
}

/**
 * Run records as sealed JSON files `runs/<run>.json`, sweeps in `sweeps/`; their names sort by time. One that cannot be read is
 * told to whoever listens, once, where it would have been among those that were asked for.
 */
export const layerDisk = (home: string, around: BegunDisk.Surroundings = BegunDisk.HERE): Layer.Layer<RunRecords> =>
  Layer.effect(
    RunRecords,
    Effect.map(Effect.cached(settled(home, around)), (once) => recordsIn(home, around, once))
  )

const fileIn = (home: string, folder: Folder, run: string): string => path.join(home, folder, `${run}.json`)

/** Writes a record, as it stands: its type says that it encodes to itself, and a sweep's thousand points needn't be looked at. */
const write = (home: string, record: RunRecord) =>
  Effect.zipRight(
    StoreFormat.claim(home),
    Disk.publish(
      fileIn(home, record.sweep === undefined ? "runs" : "sweeps", record.run),
      Seal.bytesOf(`${JSON.stringify({ ...record, ...SEALED })}\n`)
    )
  )

/** Makes records of the runs whose processes ended without a word. */
const settled = (home: string, around: BegunDisk.Surroundings): Effect.Effect<void> =>
  BegunDisk.settle(
    home,
    (run) => FOLDERS.some((folder) => existsSync(fileIn(home, folder, run))),
    (record) => write(home, record),
    around
  )

/** The records of a store; `once` is done before any is read. */
const recordsIn = (
  home: string,
  around: BegunDisk.Surroundings,
  once: Effect.Effect<void>
): typeof RunRecords.Service => {
  const unreadable = new Map<string, RecordUnreadable>()
  const read = (folder: Folder, run: string): Effect.Effect<RunRecord | null, RecordUnreadable> => {
    const file = fileIn(home, folder, run)
    const refused = (what: string) => new RecordUnreadable({ run, file, what })
    return Disk.readIfThere(file, MOST_BYTES).pipe(
      Effect.catchTags({
        StoreFailed: ({ message }) => refused(message),
        Unbounded: ({ message }) => refused(`its file ${message}`)
      }),
      Effect.flatMap((bytes) => {
        if (bytes === null) return Effect.succeed(null)
        const found = recordIn(new TextDecoder().decode(bytes))
        if (Either.isLeft(found)) return refused(found.left)
        // a file that was moved or copied speaks of another run
        return found.right.run === run
          ? Effect.succeed(found.right)
          : refused(`it is that of another run, ${found.right.run}`)
      })
    )
  }
  /** Tells of those that nobody was told of yet, and has the others. */
  const readable = (found: ReadonlyArray<Either.Either<RunRecord | null, RecordUnreadable>>) =>
    Effect.gen(function* () {
      const lost = found.filter(Either.isLeft).map(({ left }) => left)
      const fresh = lost.filter(({ file }) => !unreadable.has(file))
      for (const one of fresh) unreadable.set(one.file, one)
      if (fresh.length > 0) yield* StoreListener.tell(leftOut(fresh))
      return found.flatMap((one) => (Either.isRight(one) && one.right !== null ? [one.right] : []))
    })
  const idsIn = (folder: Folder) =>
    Effect.map(Disk.listIfThere(path.join(home, folder)), (names) =>
      names.filter((name) => name.endsWith(".json")).map((name) => path.basename(name, ".json"))
    )
  const newestFirst = (ids: ReadonlyArray<string>) =>
    Effect.map(Clock.currentTimeMillis, (now) => RunName.newestFirst(ids, (id) => id, now))
  const everything = Effect.flatMap(Effect.all([idsIn("runs"), idsIn("sweeps")]), (ids) => newestFirst(ids.flat()))
  const get = (run: string) =>
    Effect.flatMap(read("runs", run), (found) => (found === null ? read("sweeps", run) : Effect.succeed(found)))
  /** As many of the first as can be read and are wanted: one that cannot does not stand in for one that can. */
  const firstOf = (
    ids: ReadonlyArray<string>,
    readOne: (id: string) => Effect.Effect<RunRecord | null, RecordUnreadable>,
    most: number,
    isWanted?: (record: RunRecord) => boolean
  ) =>
    Effect.gen(function* () {
      const records: Array<RunRecord> = []
      for (let at = 0; records.length < most && at < ids.length; ) {
        // a record may be large: where every one is wanted, no more are read than are missing
        const next = ids.slice(at, at + (isWanted === undefined ? most - records.length : TOGETHER))
        const found = yield* Effect.forEach(next, (id) => Effect.either(readOne(id)), { concurrency: TOGETHER })
        records.push(...(yield* readable(found)).filter(isWanted ?? (() => true)))
        at += next.length
      }
      return records.slice(0, most)
    })
  const newest = (folder: Folder, most: number) =>
    Effect.flatMap(Effect.flatMap(idsIn(folder), newestFirst), (ids) => firstOf(ids, (id) => read(folder, id), most))
  const after = <A, E>(read: Effect.Effect<A, E>): Effect.Effect<A, E> => Effect.zipRight(once, read)
  return {
    begin: (begun) => Effect.zipRight(once, BegunDisk.begin(home, begun, around.system)),
    put: (record) => write(home, record),
    going: Effect.zipRight(settled(home, around), BegunDisk.noted(home)),
    remove: (run) =>
      Effect.forEach(FOLDERS, (folder) => Disk.removeIfThere(fileIn(home, folder, run)), { discard: true }),
    list: after(newest("runs", MOST)),
    sweeps: (most) => after(newest("sweeps", most)),
    find: (most, isWanted) => after(Effect.flatMap(everything, (ids) => firstOf(ids, get, most, isWanted))),
    ids: after(everything),
    get: (run) => after(get(run)),
    unreadable: Effect.sync(() => [...unreadable.values()])
  }
}
