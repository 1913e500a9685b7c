import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Either, Layer, Schema, Stream } from "effect"
import * as Digest from "../../../artifacts/Digest.ts"
import { check } from "../../../artifacts/Verified.ts"
import type { Key } from "../../../cache/Key.ts"
import { Blobs } from "../../../cache/remote/Blobs.ts"
import * as BlobsFolder from "../../../cache/remote/blobs-folder.ts"
import * as Expiry from "../../../cache/remote/Expiry.ts"
import * as Shared from "../../../cache/remote/SharedStore.ts"
import { SharedStore } from "../../../cache/remote/SharedStore.ts"
import { Namespace } from "../../../cache/remote/Trust.ts"
import { wrap } from "../../rig/broken.ts"
import { folder } from "../../rig/folder.ts"
import { ada, trusting } from "../../rig/machines.ts"

const DAY = 24 * 3_600_000
const keyOf = (text: string) => Digest.ofBytes(text) as string as Key

/** A shared store in a folder, in which tests say when something was put. */
const sharedAt = (at: string, namespace = "main", blobs = BlobsFolder.layerFolder(at)) => {
  const layer = Layer.provide(
    Shared.layer({
      shown: "s3://team",
      namespaces: [Schema.decodeSync(Namespace)(namespace)],
      trust: trusting(ada, "*"),
      writer: ada
    }),
    blobs
  )
  const aged = (days: number) => {
    const seconds = (Date.now() - days * DAY) / 1000
    for (const entry of fs.readdirSync(at, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath, entry.name)
      // what was put since the last time
      if (entry.isFile() && fs.statSync(file).mtimeMs > Date.now() - DAY / 2) fs.utimesSync(file, seconds, seconds)
    }
  }
  /** Puts texts as objects and a trace that names them, so many days ago. */
  const put = (
    days: number,
    name: string,
    texts: ReadonlyArray<string>,
    inputs: Readonly<Record<string, string>> = {}
  ) =>
    Effect.gen(function* () {
      const store = yield* SharedStore
      for (const text of texts) {
        const bytes = new TextEncoder().encode(text)
        yield* store.putObject(Either.getOrThrow(check(Digest.ofBytes(bytes), bytes)), Digest.ofBytes(bytes))
      }
      const trace = { text: { inputs }, outputs: texts.map((text) => Digest.ofBytes(text)) }
      yield* store.putTrace({ kind: "trace", stage: "s", key: keyOf(name) }, JSON.stringify(trace), ada)
      aged(days)
    }).pipe(Effect.provide(layer))
  const left = Effect.gen(function* () {
    const store = yield* SharedStore
    const [traces, objects] = [yield* Stream.runCollect(store.traces), yield* Stream.runCollect(store.objects)]
    return {
      traces: [...traces].map(({ place }) => place.key),
      objects: [...objects].map(({ object }) => object)
    }
  }).pipe(Effect.provide(layer))
  return { layer, put, left }
}
const sorted = (...texts: ReadonlyArray<string>) => texts.map((text) => Digest.ofBytes(text)).sort()

it.live("old traces go, and with them the objects that no other trace names", () =>
  Effect.gen(function* () {
    const { layer, put, left } = sharedAt(folder())
    yield* put(40, "old", ["only old", "both"])
    yield* put(10, "new", ["only new", "both"])
    const dry = yield* Effect.provide(Expiry.expired(30 * DAY), layer)
    expect([dry.traces.length, dry.objects.map(({ object }) => object)]).toEqual([1, sorted("only old")])
    expect(yield* left).toMatchObject({ objects: sorted("only old", "both", "only new") })
    const gone = yield* Effect.provide(Expiry.remove(30 * DAY), layer)
    expect(gone).toEqual(dry)
    expect(yield* left).toEqual({ traces: [keyOf("new")], objects: sorted("both", "only new") })
    expect(Expiry.bytesOf(yield* Effect.provide(Expiry.remove(30 * DAY), layer))).toBe(0)
  })
)

it.live("nothing of the last day goes, whatever age is asked for", () =>
  Effect.gen(function* () {
    const { layer, put, left } = sharedAt(folder())
    yield* put(2, "before", ["of before"])
    yield* put(0, "now", ["of now"])
    yield* Effect.provide(Expiry.remove(0), layer)
    expect(yield* left).toEqual({ traces: [keyOf("now")], objects: sorted("of now") })
  })
)

it.live("what others have in their namespaces stays, with all that it names", () =>
  Effect.gen(function* () {
    const at = folder()
    const [main, other] = [sharedAt(at), sharedAt(at, "pr-7")]
    yield* other.put(100, "theirs", ["shared", "only theirs"])
    yield* main.put(100, "ours", ["shared", "only ours"])
    yield* Effect.provide(Expiry.remove(30 * DAY), main.layer)
    expect(yield* main.left).toEqual({ traces: [keyOf("theirs")], objects: sorted("shared", "only theirs") })
  })
)

it.live("the files of a folder stay as long as something that stays was made of it", () =>
  Effect.gen(function* () {
    const { layer, put, left } = sharedAt(folder())
    const list = JSON.stringify([["a.png", Digest.ofBytes("a file")]])
    yield* put(100, "source", ["a file", list, "another file"])
    yield* put(2, "made of it", ["made"], { folder: Digest.ofBytes(list) })
    yield* Effect.provide(Expiry.remove(30 * DAY), layer)
    expect((yield* left).objects).toEqual(sorted("a file", list, "made"))
  })
)

it.live("where a list can't be read, no object goes, since nobody can tell what it names", () =>
  Effect.gen(function* () {
    const at = folder()
    const { put, left } = sharedAt(at)
    const list = JSON.stringify([["a.png", Digest.ofBytes("a file")]])
    yield* put(100, "source", ["a file", list])
    yield* put(2, "made of it", ["made"], { folder: Digest.ofBytes(list) })
    const deaf = wrap(Blobs, BlobsFolder.layerFolder(at), (blobs) => ({
      ...blobs,
      get: (name, most) => (name.endsWith(Digest.ofBytes(list)) ? Effect.succeed(null) : blobs.get(name, most))
    }))
    const tried = yield* Effect.either(Effect.provide(Expiry.remove(30 * DAY), sharedAt(at, "main", deaf).layer))
    expect(tried).toMatchObject({ _tag: "Left", left: { _tag: "BlobsFailed" } })
    expect((yield* left).objects).toEqual(sorted("a file", list, "made"))
  })
)

it.live("ages are told by the store's clock, and what tells the time is not left there", () =>
  Effect.gen(function* () {
    const at = folder()
    const { layer } = sharedAt(at)
    const now = yield* Effect.provide(
      Effect.flatMap(SharedStore, (store) => store.now),
      layer
    )
    expect(Math.abs(now - Date.now())).toBeLessThan(DAY)
    expect(fs.readdirSync(at, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())).toEqual([])
  })
)

it.live("what nobody finished is counted, and goes with the rest", () =>
  Effect.gen(function* () {
    const at = folder()
    const later = BlobsFolder.layerFolder(at, async () => Date.now() + 2 * DAY)
    const { layer, put, left } = sharedAt(at, "main", later)
    yield* put(10, "new", ["only new"])
    const half = path.join(at, "v1/objects", ".tmp-half")
    fs.writeFileSync(half, "half")
    const dry = yield* Effect.provide(Expiry.expired(30 * DAY), layer)
    expect(dry).toEqual({ traces: [], objects: [], unfinished: { files: 1, bytes: 4 } })
    expect(Expiry.bytesOf(dry)).toBe(4)
    expect(fs.existsSync(half)).toBe(true)
    expect(yield* Effect.provide(Expiry.remove(30 * DAY), layer)).toEqual(dry)
    expect(fs.existsSync(half)).toBe(false)
    expect(yield* left).toMatchObject({ objects: sorted("only new") })
  })
)
