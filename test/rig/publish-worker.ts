import * as fs from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import { ObjectStore } from "../../cache/ObjectStore.ts"
import * as ObjectStoreDisk from "../../cache/object-store-disk.ts"
import { writeAside } from "../../cli/results/write-aside.ts"
import { type RunRecord, RunRecords } from "../../engine/RunRecord.ts"
import * as RunRecordDisk from "../../engine/run-record-disk.ts"

// A process that publishes something large, to be killed while it does: an object, a run's record, a report. The twin of the object
// is written under its own name.
const [home = "", how = ""] = process.argv.slice(2)
const bytes = Buffer.alloc(128 * 1024 * 1024, 7)

const inPlace = () => {
  const object = Digest.ofBytes(bytes)
  const directory = path.join(home, "objects", object.slice(0, 2))
  fs.mkdirSync(directory, { recursive: true })
  const file = fs.openSync(path.join(directory, object), "w")
  for (let at = 0; at < bytes.length; at += 1 << 16) fs.writeSync(file, bytes, at, 1 << 16)
}
const put = Effect.provide(
  Effect.flatMap(ObjectStore, (store) => store.put(bytes)),
  ObjectStoreDisk.layerDisk(home)
)
const record: RunRecord = {
  schema: 1,
  run: "20261101-000000-0000aaaa",
  pipeline: "large",
  status: "done",
  started: "2026-11-01T00:00:00.000Z",
  seconds: 1,
  params: { text: "7".repeat(bytes.length) },
  git: null,
  nodes: [],
  error: null,
  results: {}
}
const putRecord = Effect.provide(
  Effect.flatMap(RunRecords, (records) => records.put(record)),
  RunRecordDisk.layerDisk(home)
)
const ways: Readonly<Record<string, () => unknown>> = {
  "in place": inPlace,
  object: () => Effect.runFork(put),
  record: () => Effect.runFork(putRecord),
  report: () => Effect.runFork(writeAside(path.join(home, "runs", `${record.run}.html`), bytes))
}
ways[how]?.()
