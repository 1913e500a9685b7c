import * as path from "node:path"
import { Clock, Effect, Either, Layer, Schema } from "effect"
import * as BoundedJson from "../artifacts/BoundedJson.ts"
import { phrase } from "../artifacts/SchemaRefusal.ts"
import * as Disk from "../cache/disk.ts"
import * as StoreFormat from "../cache/StoreFormat.ts"
import * as RunName from "./RunName.ts"
import { RunRecord, RunRecords } from "./RunRecord.ts"

/** How many of the newest runs are listed. */
const MOST = 200
/** Files that are read side by side. */
const TOGETHER = 16
/** A sweep of a thousand points has some megabytes. */
const MOST_BYTES = 256 * 1024 * 1024

const json = BoundedJson.schema(RunRecord)
const decode = Schema.decodeEither(json)

/** The record that a text holds, or why it holds none. */
export const recordIn = (text: string): Either.Either<RunRecord, string> => Either.mapLeft(decode(text), phrase)

type Folder = "runs" | "sweeps"

/** Run records as JSON files `runs/<run>.json`, sweeps in `sweeps/`; their names sort by time. */
export const layerDisk = (home: string): Layer.Layer<RunRecords> =>
  Layer.sync(RunRecords, () => {
    const fileOf = (folder: Folder, run: string) => path.join(home, folder, `${run}.json`)
    const read = (folder: Folder, run: string): Effect.Effect<RunRecord | null> =>
      Disk.readIfThere(fileOf(folder, run), MOST_BYTES).pipe(
        Effect.flatMap((bytes) => recordIn(new TextDecoder().decode(bytes ?? new Uint8Array()))),
        Effect.orElseSucceed(() => null)
      )
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
      readOne: (id: string) => Effect.Effect<RunRecord | null>,
      most: number,
      isWanted?: (record: RunRecord) => boolean
    ) =>
      Effect.gen(function* () {
        const records: Array<RunRecord> = []
        for (let at = 0; records.length < most && at < ids.length; ) {
          // a record may be large: where every one is wanted, no more are read than are missing
          const next = ids.slice(at, at + (isWanted === undefined ? most - records.length : TOGETHER))
          const found = yield* Effect.forEach(next, readOne, { concurrency: TOGETHER })
          records.push(...found.filter((record) => record !== null).filter(isWanted ?? (() => true)))
          at += next.length
        }
        return records.slice(0, most)
      })
    const newest = (folder: Folder, most: number) =>
      Effect.flatMap(Effect.flatMap(idsIn(folder), newestFirst), (ids) => firstOf(ids, (id) => read(folder, id), most))
    return {
      // as it stands: its type says that it encodes to itself, and a sweep's thousand points needn't be looked at
      put: (record) =>
        Effect.zipRight(
          StoreFormat.claim(home),
          Disk.publish(
            fileOf(record.sweep === undefined ? "runs" : "sweeps", record.run),
            new TextEncoder().encode(`${JSON.stringify(record)}\n`)
          )
        ),
      list: newest("runs", MOST),
      sweeps: (most) => newest("sweeps", most),
      find: (most, isWanted) => Effect.flatMap(everything, (ids) => firstOf(ids, get, most, isWanted)),
      ids: everything,
      get
    }
  })
