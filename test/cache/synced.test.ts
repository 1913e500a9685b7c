import * as fs from "node:fs"
import * as path from "node:path"
import { beforeEach, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { vi } from "vitest"
import * as Disk from "../../cache/disk.ts"
import { ObjectStore } from "../../cache/ObjectStore.ts"
import * as ObjectStoreDisk from "../../cache/object-store-disk.ts"
import { folder } from "../rig/folder.ts"

/** What was done to the disk, in order: made, named or synced. */
const done: Array<readonly [what: string, at: string]> = vi.hoisted(() => [])
const refused: { open: string | null } = vi.hoisted(() => ({ open: null }))
vi.mock("node:fs/promises", async (original) => {
  const actual = await original<typeof import("node:fs/promises")>()
  const open: typeof actual.open = async (file, ...args) => {
    if (file === refused.open) throw Object.assign(new Error(), { code: "EACCES" })
    const handle = await actual.open(file, ...args)
    const sync = handle.sync.bind(handle)
    return Object.assign(handle, {
      sync: () => {
        done.push(["synced", String(file)])
        return sync()
      }
    })
  }
  const mkdir = (async (directory: string) => {
    await actual.mkdir(directory)
    done.push(["made", directory])
  }) as unknown as typeof actual.mkdir
  const rename: typeof actual.rename = async (from, to) => {
    await actual.rename(from, to)
    done.push(["named", String(to)])
  }
  return { ...actual, open, mkdir, rename }
})
beforeEach(() => void done.splice(0))

/** Whatever got a name, and whether the folder that it stands in was synced after that. */
const unsynced = () =>
  done.filter(
    ([what, at], when) =>
      what !== "synced" && !done.slice(when).some(([then, where]) => then === "synced" && where === path.dirname(at))
  )

it.effect(
  "once an object is published, every name that leads to it is on the disk: the folders' above it as well",
  () =>
    Effect.gen(function* () {
      const home = path.join(folder(), "project", ".pipeline")
      const object = yield* Effect.flatMap(ObjectStore, (store) => store.put(Buffer.from("bytes"))).pipe(
        Effect.provide(ObjectStoreDisk.layerDisk(home))
      )
      const made = [
        path.dirname(home),
        home,
        path.join(home, "objects"),
        path.join(home, "objects", object.slice(0, 2))
      ]
      expect(done.filter(([what]) => what === "made").map(([, at]) => at)).toEqual(made)
      expect(done.filter(([what]) => what === "named")).toHaveLength(1)
      expect(unsynced()).toEqual([])
    })
)

it.effect("a folder that may be written to and not be listed is none that something could not be published below", () =>
  Effect.gen(function* () {
    const above = folder()
    refused.open = above
    const file = path.join(above, "runs", "a.json")
    yield* Disk.publish(file, Buffer.from("{}"))
    expect(fs.readFileSync(file, "utf8")).toBe("{}")
  })
)
