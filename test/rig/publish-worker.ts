import * as fs from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import { ObjectStore } from "../../cache/ObjectStore.ts"
import * as ObjectStoreDisk from "../../cache/object-store-disk.ts"

// A process that publishes a large object, to be killed while it does; its twin writes under the object's own name.
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
if (how === "in place") inPlace()
else Effect.runFork(put)
