import * as path from "node:path"
import { Effect, Layer, Schema } from "effect"
import * as Disk from "../cache/disk.ts"
import { RunRecord, RunRecords } from "./RunRecord.ts"

/** How many of the newest records are read. */
const MOST = 200

/** Run records as JSON files `runs/<run>.json`; their names sort by time. */
export const layerDisk = (home: string): Layer.Layer<RunRecords> =>
  Layer.sync(RunRecords, () => {
    const root = path.join(home, "runs")
    const json = Schema.parseJson(RunRecord)
    const read = (name: string) =>
      Disk.readIfThere(path.join(root, name)).pipe(
        Effect.flatMap((bytes) => Schema.decode(json)(new TextDecoder().decode(bytes ?? new Uint8Array()))),
        Effect.option
      )
    return {
      put: (record) =>
        Effect.flatMap(Effect.orDie(Schema.encode(json)(record)), (text) =>
          Disk.publish(path.join(root, `${record.run}.json`), new TextEncoder().encode(`${text}\n`))
        ),
      list: Effect.gen(function* () {
        const names = (yield* Disk.listIfThere(root))
          .filter((name) => name.endsWith(".json"))
          .sort()
          .reverse()
          .slice(0, MOST)
        const records = yield* Effect.forEach(names, read, { concurrency: 16 })
        return records.flatMap((record) => (record._tag === "Some" ? [record.value] : []))
      })
    }
  })
