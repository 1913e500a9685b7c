import * as path from "node:path"
import { Effect, Layer, Schema } from "effect"
import * as Disk from "../cache/disk.ts"
import { RunRecord, RunRecords } from "./RunRecord.ts"

/** How many of the newest records are read. */
const MOST = 200

/** Run records as JSON files `runs/<run>.json`, sweeps in `sweeps/`; their names sort by time. */
export const layerDisk = (home: string): Layer.Layer<RunRecords> =>
  Layer.sync(RunRecords, () => {
    const json = Schema.parseJson(RunRecord)
    const folderOf = (folder: "runs" | "sweeps") => path.join(home, folder)
    const read = (file: string) =>
      Disk.readIfThere(file).pipe(
        Effect.flatMap((bytes) => Schema.decode(json)(new TextDecoder().decode(bytes ?? new Uint8Array()))),
        Effect.option
      )
    const newest = (folder: "runs" | "sweeps", most: number) =>
      Effect.gen(function* () {
        const root = folderOf(folder)
        const names = (yield* Disk.listIfThere(root))
          .filter((name) => name.endsWith(".json"))
          .sort()
          .reverse()
          .slice(0, most)
        const records = yield* Effect.forEach(names, (name) => read(path.join(root, name)), { concurrency: 16 })
        return records.flatMap((record) => (record._tag === "Some" ? [record.value] : []))
      })
    return {
      // as it stands: its type says that it encodes to itself, and a sweep's thousand points needn't be looked at
      put: (record) =>
        Disk.publish(
          path.join(folderOf(record.sweep === undefined ? "runs" : "sweeps"), `${record.run}.json`),
          new TextEncoder().encode(`${JSON.stringify(record)}\n`)
        ),
      list: newest("runs", MOST),
      sweeps: (most) => newest("sweeps", most)
    }
  })
