import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import { clearFolders, makeFolder } from "../../cache/disk.ts"
import * as Lease from "../../cache/Lease.ts"
import { layerDisk as leasesAt } from "../../cache/lease-disk.ts"
import { ObjectStore } from "../../cache/ObjectStore.ts"
import { layerDisk as objectsAt } from "../../cache/object-store-disk.ts"
import { SourceFiles } from "../../cache/SourceFiles.ts"
import * as StoreFormat from "../../cache/StoreFormat.ts"
import { StoreListener } from "../../cache/StoreListener.ts"
import * as Trace from "../../cache/Trace.ts"
import { layerDisk as tracesAt } from "../../cache/trace-disk.ts"
import * as Using from "../../cache/Using.ts"
import * as Ledger from "../../engine/gc/Ledger.ts"
import * as AtomicFile from "../../files/AtomicFile.ts"
import { FileDigests } from "../../files/FileDigests.ts"
import * as SourceFilesDisk from "../../files/source-files-disk.ts"
import { folder } from "../rig/folder.ts"
import { traceOf } from "../rig/store-contract.ts"

// A plain file where a store has a folder is in nobody's way, and nothing of it is lost.

const bytes = new TextEncoder().encode("an object")
const object = Digest.ofBytes(bytes)
const trace = traceOf("s", 1)

/** Somebody's file in a store, and what has been said of it. */
const storeWith = (name: string) =>
  Effect.gen(function* () {
    const home = folder()
    yield* StoreFormat.claim(home)
    const file = path.join(home, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, "somebody's")
    const told: Array<string> = []
    const hear = (message: string) => Effect.sync(() => void told.push(message))
    return { home, file, told, listening: Layer.succeed(StoreListener, hear) }
  })

const expectMoved = (home: string, file: string, told: ReadonlyArray<string>) => {
  const [, to = ""] =
    /^.* was a file where the store has a folder: it was put aside, as (.*)\.$/.exec(told[0] ?? "") ?? []
  expect(told).toEqual([`${file} was a file where the store has a folder: it was put aside, as ${to}.`])
  expect(path.relative(path.join(home, "quarantine"), to)).not.toMatch(/^\.\./)
  expect(fs.readFileSync(to, "utf8")).toBe("somebody's")
  expect(fs.statSync(file).isDirectory()).toBe(true)
}

/** What is written into each folder of a store, and read again. */
const ways: Readonly<Record<string, (home: string) => Effect.Effect<unknown, unknown>>> = {
  objects: (home) =>
    Effect.gen(function* () {
      const store = yield* ObjectStore
      yield* store.put(bytes)
      expect(Buffer.from(yield* store.get(object)).toString()).toBe("an object")
    }).pipe(Effect.provide(objectsAt(home))),
  traces: (home) =>
    Effect.gen(function* () {
      const traces = yield* Trace.TraceStore
      yield* traces.put(trace)
      expect(yield* traces.get("s", trace.key)).toMatchObject({ _tag: "Hit" })
    }).pipe(Effect.provide(tracesAt(home))),
  leases: (home) =>
    Effect.gen(function* () {
      const leases = yield* Lease.Leases
      expect(yield* leases.tryAcquire(trace.key)).not.toBeNull()
    }).pipe(Effect.scoped, Effect.provide(leasesAt(home))),
  using: (home) =>
    Effect.gen(function* () {
      const leases = yield* Lease.Leases
      yield* leases.tryAcquire(trace.key)
      expect(Using.read(home, Date.now()).since).not.toBe(Number.POSITIVE_INFINITY)
    }).pipe(
      Effect.scoped,
      Effect.provide(Layer.provide(Layer.provide(Using.leases, Lease.layerMemory), Using.layer(home, "b1")))
    ),
  downloads: (home) =>
    Effect.gen(function* () {
      yield* clearFolders(home)
      yield* AtomicFile.write(path.join(home, "downloads", "photos.tar"), bytes)
      expect(fs.readFileSync(path.join(home, "downloads", "photos.tar"), "utf8")).toBe("an object")
    }),
  sources: (home) =>
    Effect.gen(function* () {
      yield* Effect.flatMap(ObjectStore, ({ put }) => put(bytes))
      const source = { digest: object, path: "/elsewhere/rents.csv", label: "the rents", notice: null }
      const at = yield* Effect.flatMap(SourceFiles, ({ locate }) => locate(source))
      expect(fs.readFileSync(at, "utf8")).toBe("an object")
    }).pipe(
      Effect.provide(
        Layer.provideMerge(
          SourceFilesDisk.layerDisk(home),
          Layer.merge(objectsAt(home), FileDigests.layer({ directory: path.join(home, "sources") }))
        )
      )
    ),
  gc: (home) =>
    Effect.gen(function* () {
      yield* Ledger.measured(home, 10)
      yield* Ledger.wrote(home, 5)
      expect(yield* Ledger.size(home)).toEqual({ measured: 10, written: 5 })
    })
}

describe("a file in the place of", () => {
  it.effect.each([
    ["objects", "objects"],
    [`objects/${object.slice(0, 2)}`, "objects"],
    ["traces", "traces"],
    ["traces/s", "traces"],
    ["leases", "leases"],
    ["using", "using"],
    ["downloads", "downloads"],
    ["sources", "sources"],
    ["sources/files", "sources"],
    [`sources/files/${object}`, "sources"],
    ["gc", "gc"]
  ] as const)("the folder %s is put aside, which is told", ([name, way]) =>
    Effect.gen(function* () {
      const { home, file, told, listening } = yield* storeWith(name)
      yield* Effect.provide(ways[way]?.(home) ?? Effect.void, listening)
      expectMoved(home, file, told)
    })
  )

  it.effect("what is put aside gives way itself", () =>
    Effect.gen(function* () {
      const { home, file, told, listening } = yield* storeWith("quarantine")
      yield* Effect.provide(makeFolder(path.join(file, "below")), listening)
      expectMoved(home, file, told)
    })
  )

  it.effect("a folder that many make at once is put aside by one of them, and all have the folder", () =>
    Effect.gen(function* () {
      const { home, file, told, listening } = yield* storeWith("objects")
      const makers = Array.from({ length: 20 }, (_, at) => makeFolder(path.join(file, String(at))))
      yield* Effect.provide(Effect.all(makers, { concurrency: "unbounded" }), listening)
      expectMoved(home, file, told)
      expect(fs.readdirSync(file)).toHaveLength(20)
    })
  )
})

it.effect("a file that lies in no store stays, and a link that leads nowhere stays in one", () =>
  Effect.gen(function* () {
    const file = path.join(folder(), "file")
    fs.writeFileSync(file, "somebody's")
    expect(yield* Effect.flip(makeFolder(path.join(file, "below")))).toMatchObject({ code: "ENOTDIR" })
    expect(fs.readFileSync(file, "utf8")).toBe("somebody's")
    const { home } = yield* storeWith("other")
    const link = path.join(home, "objects")
    fs.symlinkSync("/nowhere/at-all", link)
    yield* Effect.flip(makeFolder(path.join(link, "ab")))
    expect(fs.readlinkSync(link)).toBe("/nowhere/at-all")
  })
)
