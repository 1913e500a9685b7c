import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Either, Layer } from "effect"
import * as Digest from "../../../artifacts/Digest.ts"
import type { Files } from "../../../artifacts/Files.ts"
import * as Key from "../../../cache/Key.ts"
import * as LeaseDisk from "../../../cache/lease-disk.ts"
import * as LeaseHolder from "../../../cache/lease-holder.ts"
import { ObjectStore } from "../../../cache/ObjectStore.ts"
import * as ObjectStoreDisk from "../../../cache/object-store-disk.ts"
import * as Pins from "../../../cache/Pins.ts"
import * as Uploads from "../../../cache/remote/Uploads.ts"
import { SourceFiles } from "../../../cache/SourceFiles.ts"
import { type Trace, TraceStore } from "../../../cache/Trace.ts"
import * as TraceDisk from "../../../cache/trace-disk.ts"
import * as Using from "../../../cache/Using.ts"
import * as Unfinished from "../../../cache/unfinished.ts"
import * as Collector from "../../../engine/gc/Collector.ts"
import { layerMemory, type RunRecord } from "../../../engine/RunRecord.ts"
import { folder } from "../../rig/folder.ts"
import { textOf, traceOf } from "../../rig/store-contract.ts"

const LARGE = 100_000
const HOUR = 3_600_000

const bytesOf = (name: string, length: number) => {
  const bytes = new Uint8Array(length)
  bytes.set(new TextEncoder().encode(name))
  return bytes
}

/** A store on the disk, and what is put there as a run does. */
const storeIn = (home: string) => {
  const layer = Layer.mergeAll(ObjectStoreDisk.layerDisk(home), TraceDisk.layerDisk(home))
  const put = (bytes: Uint8Array) =>
    Effect.provide(
      Effect.flatMap(ObjectStore, (store) => store.put(bytes)),
      layer
    )
  const fileOf = (object: string) => path.join(home, "objects", object.slice(0, 2), object)
  const traced = (name: string, length: number, more: Partial<Trace> = {}, text: Partial<Key.KeyText> = {}) =>
    Effect.gen(function* () {
      const base = traceOf("s", 1)
      const whole = { ...textOf("s", 1), params: { name }, ...text }
      const key = Either.getOrThrow(Key.ofText(whole))
      const object = yield* put(bytesOf(name, length))
      const part = { name: "x", object, bytes: length, rows: null, content: object }
      const trace: Trace = {
        ...base,
        seconds: 1,
        ...more,
        key,
        text: whole,
        outputs: {
          out: { ...base.outputs.out, content: object, bytes: length, parts: [part] } as Trace["outputs"][string]
        }
      }
      yield* Effect.provide(
        Effect.flatMap(TraceStore, (traces) => traces.put(trace)),
        layer
      )
      return { key, object, file: fileOf(object), trace: path.join(home, "traces", whole.stage, `${key}.json`) }
    })
  const write = (name: string, length = LARGE) => {
    const file = path.join(home, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, new Uint8Array(length))
    return file
  }
  return { layer, put, traced, fileOf, write }
}

const silent: Collector.Listener<never> = { onLooked: () => Effect.void, onRemoved: () => Effect.void }
const asked = (bytes: number | null): Collector.Asked => ({
  bytes,
  recordsBefore: null,
  keeping: { last: 1, since: null }
})

const collect = (
  home: string,
  bytes: number | null,
  records: ReadonlyArray<RunRecord> = [],
  listener: Collector.Listener<never> = silent
) =>
  Collector.collect(home, asked(bytes), listener).pipe(
    Effect.provide(Layer.mergeAll(TraceDisk.layerDisk(home), LeaseDisk.layerDisk(home), layerMemory([...records])))
  )
const there = (...files: ReadonlyArray<string>) => files.map((file) => fs.existsSync(file))

it.live("of results that are as large, those go that are quickest to make, and their traces stay", () =>
  Effect.gen(function* () {
    const home = folder()
    const { traced } = storeIn(home)
    const slow = yield* traced("slow", LARGE, { seconds: 100 })
    const quick = yield* traced("quick", LARGE, { seconds: 1 })
    const small = yield* traced("small", 100, { seconds: 0.1 })
    const { removed } = yield* collect(home, 150_000)
    expect(there(slow.file, quick.file, quick.trace, small.file)).toEqual([true, false, true, true])
    expect(removed).toEqual({ bytes: LARGE, spared: 0 })
  })
)

it.live("chunks of a table that were found were computed once: all of it costs what all of them do", () =>
  Effect.gen(function* () {
    const home = folder()
    const { traced } = storeIn(home)
    // one of its hundred chunks was computed in the second that it took
    const extended = yield* traced("extended", LARGE, { seconds: 1, chunks: { reused: 99, ran: 1 } })
    const plain = yield* traced("plain", LARGE, { seconds: 50 })
    yield* collect(home, 150_000)
    expect(there(extended.file, plain.file)).toEqual([true, false])
  })
)

it.live("the state of a finished training goes before that of one which was killed", () =>
  Effect.gen(function* () {
    const home = folder()
    const { traced } = storeIn(home)
    const params = (epochs: number) => ({ params: { epochs } })
    yield* traced("model", 100, { seconds: 10 }, { stage: "train", ...params(10) })
    const finished = yield* traced("state 10", LARGE, { seconds: 10 }, { stage: "train.state", ...params(10) })
    const killed = yield* traced("state 4", LARGE, { seconds: 4 }, { stage: "train.state", ...params(4) })
    yield* collect(home, 150_000)
    expect(there(finished.file, killed.file)).toEqual([false, true])
  })
)

it.live("what is pinned, in use, or still to be uploaded stays, however small the store is to be", () =>
  Effect.gen(function* () {
    const home = folder()
    const { traced } = storeIn(home)
    const [pinned, uploading, used, free] = [
      yield* traced("pinned", LARGE),
      yield* traced("uploading", LARGE),
      yield* traced("used", LARGE),
      yield* traced("free", LARGE)
    ]
    yield* Pins.put(
      home,
      { _tag: "Key", key: pinned.key },
      { asked: "p/pinned", label: "pinned", keys: [pinned.key], pinned: "" }
    )
    yield* Effect.flatMap(Uploads.Uploads, (uploads) =>
      uploads.note({ kind: "trace", stage: "s", key: uploading.key })
    ).pipe(Effect.provide(Uploads.layerDisk(home)))
    const { decision } = yield* Effect.flatMap(Using.Using, ({ declare }) =>
      Effect.zipRight(declare([used.key]), collect(home, 0))
    ).pipe(Effect.provide(Using.layer(home)))
    expect(there(pinned.file, uploading.file, used.file, free.file, free.trace)).toEqual([
      true,
      true,
      true,
      false,
      false
    ])
    expect([...decision.spared.keys()].sort()).toEqual(["in use", "not uploaded", "pinned", "the store's own"])
  })
)

/** Until a file that is written gets another time stamp than those that lie there: file systems have clocks of some milliseconds. */
const laterIn = (home: string): void => {
  const probe = path.join(home, "probe")
  const stamp = (): number => {
    fs.rmSync(probe, { force: true })
    fs.writeFileSync(probe, "")
    return fs.statSync(probe).mtimeMs
  }
  const first = stamp()
  while (stamp() === first) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
  fs.rmSync(probe)
}

it.live("what was written since a running command began stays, whoever wrote it", () =>
  Effect.gen(function* () {
    const home = folder()
    const { traced } = storeIn(home)
    const before = yield* traced("before", LARGE)
    laterIn(home)
    yield* Effect.gen(function* () {
      const { begin } = yield* Using.Using
      yield* begin
      const since = yield* traced("since", LARGE)
      yield* collect(home, 0)
      expect(there(before.file, since.file)).toEqual([false, true])
    }).pipe(Effect.provide(Using.layer(home)))
  })
)

it.live("an object goes with the last result that has it", () =>
  Effect.gen(function* () {
    const home = folder()
    const { traced } = storeIn(home)
    const one = yield* traced("same", LARGE, {}, { params: { n: 1 } })
    const other = yield* traced("same", LARGE, {}, { params: { n: 2 } })
    expect(one.file).toBe(other.file)
    yield* Pins.put(home, { _tag: "Key", key: one.key }, { asked: "", label: "", keys: [one.key], pinned: "" })
    yield* collect(home, 0)
    expect(there(one.file)).toEqual([true])
    yield* Pins.remove(home, { _tag: "Key", key: one.key })
    yield* collect(home, 0)
    expect(there(one.file)).toEqual([false])
  })
)

/** As if a file had been there for so long: nobody can set when one changed, so that the present is put off. */
const later = (home: string, millis: number, bytes: number | null) =>
  Effect.gen(function* () {
    const real = Date.now()
    const survey = yield* Collector.survey(home, asked(bytes), silent, real + millis)
    return survey.decision.goes.map(({ unit }) => unit.group)
  }).pipe(Effect.provide(Layer.mergeAll(TraceDisk.layerDisk(home), layerMemory())))

it.live(
  "what nobody can use goes first: unfinished files of a day ago, objects that no trace has named for an hour",
  () =>
    Effect.gen(function* () {
      const home = folder()
      const { put, write } = storeIn(home)
      yield* put(bytesOf("orphan", 100))
      write("objects/ab/.tmp-1-ab", 100)
      write("quarantine/objects/abcd", 100)
      write(`traces/s/${"0".repeat(64)}.json`, 10)
      expect(yield* later(home, 0, null)).toEqual([])
      expect(yield* later(home, 2 * HOUR, null)).toEqual(["objects of no trace", "damaged traces"])
      expect(yield* later(home, 25 * HOUR, null)).toEqual([
        "unfinished files",
        "objects of no trace",
        "damaged traces",
        "quarantine"
      ])
    })
)

it.live("what a remover that died had taken aside goes with the next", () =>
  Effect.gen(function* () {
    const home = folder()
    const { here } = LeaseHolder
    const gone: LeaseHolder.System = { ...here, self: () => ({ ...here.self(), start: "0" }) }
    const left = storeIn(home).write(`objects/ab/.tmp-${Unfinished.mark(gone)}`)
    yield* collect(home, 0)
    expect(there(left)).toEqual([false])
  })
)

it.live("older builds go, but for the current one and those that commands run from", () =>
  Effect.gen(function* () {
    const home = folder()
    const { write } = storeIn(home)
    const builds = ["current", "running", "older"].map((name) => path.dirname(write(`build/${name}/cli.cjs`)))
    fs.writeFileSync(path.join(home, "build/current.json"), JSON.stringify({ id: "current", stamps: {} }))
    for (const build of builds) fs.utimesSync(build, 1, 1)
    yield* Effect.flatMap(Using.Using, ({ begin }) => Effect.zipRight(begin, collect(home, 0))).pipe(
      Effect.provide(Using.layer(home, builds[1] ?? null))
    )
    expect(there(...builds)).toEqual([true, true, false])
  })
)

it.live("a source's bytes are free when its files and its objects are gone, and go only while nothing runs", () =>
  Effect.gen(function* () {
    const home = folder()
    const { put, fileOf } = storeIn(home)
    const object = yield* put(bytesOf("images", LARGE))
    const laid = path.join(home, "sources", "files", object, "images.tar")
    fs.mkdirSync(path.dirname(laid), { recursive: true })
    fs.linkSync(fileOf(object), laid)
    yield* Effect.flatMap(Using.Using, ({ begin }) => Effect.zipRight(begin, collect(home, 0))).pipe(
      Effect.provide(Using.layer(home))
    )
    expect(there(laid)).toEqual([true])
    const { removed, decision } = yield* collect(home, 0)
    expect(there(laid, fileOf(object))).toEqual([false, false])
    expect(removed.bytes).toBe(LARGE)
    expect(decision.before - decision.after).toBe(LARGE)
  })
)

it.live("a download goes, unless a result that stays was made of it, or nobody can tell", () =>
  Effect.gen(function* () {
    const home = folder()
    const { traced, write } = storeIn(home)
    const source = Digest.ofBytes("dataset")
    const kept = yield* traced("kept", LARGE, {}, { inputs: { dataset: source } })
    yield* Pins.put(home, { _tag: "Key", key: kept.key }, { asked: "", label: "", keys: [kept.key], pinned: "" })
    const [needed, other] = [write("downloads/needed.tar"), write("downloads/other.tar")]
    yield* collect(home, 0)
    expect(there(needed, other)).toEqual([true, true])
    const found = (digest: Digest.Digest): Files => ({ digest, path: needed, label: "needed", notice: null })
    const nobody = SourceFiles.defaultValue()
    yield* collect(home, 0).pipe(
      Effect.provideService(SourceFiles, { ...nobody, find: (digest) => Effect.succeed(found(digest)) })
    )
    expect(there(needed, other)).toEqual([true, false])
  })
)

it.live("of two removers at once one works, and the other says so", () =>
  Effect.gen(function* () {
    const home = folder()
    const { traced } = storeIn(home)
    yield* traced("free", LARGE)
    const others: Array<string> = []
    // in the middle of the first one's work, whichever is quicker
    const another = Effect.map(Effect.either(collect(home, 0)), (one) => {
      others.push(Either.isLeft(one) ? one.left._tag : "worked")
    })
    const { removed } = yield* collect(home, 0, [], { ...silent, onRemoved: () => another })
    expect(removed.bytes).toBeGreaterThan(0)
    expect([...new Set(others)]).toEqual(["StoreBusy"])
  })
)
