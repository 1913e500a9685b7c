import { expect, it } from "@effect/vitest"
import { Chunk, Effect, type Layer, Stream } from "effect"
import { Blobs, givesNewNamesOnce } from "../../cache/remote/Blobs.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const MOST = 1 << 20

/**
 * What every shared store must do, whatever keeps it. `blobs` gives an empty one for each test. A store that `isOvertaken` looks whether a
 * name is taken before it writes: at times several get it, and at times the probe meets that.
 */
export const blobsContract = (name: string, blobs: () => Layer.Layer<Blobs>, isOvertaken = false) => {
  const test = (sentence: string, use: (store: typeof Blobs.Service) => Effect.Effect<void, unknown>) =>
    it.live(`${name}: ${sentence}`, () => Effect.provide(Effect.flatMap(Blobs, use), blobs()))
  const named = (store: typeof Blobs.Service, prefix: string) =>
    Effect.map(Stream.runCollect(store.list(prefix)), (found) => Chunk.toReadonlyArray(found))

  test("what is put is got back, and its size is told without it", (store) =>
    Effect.gen(function* () {
      expect(yield* store.putNew("objects/ab/abcd", bytes("hello"))).toBe(true)
      expect(Buffer.from((yield* store.get("objects/ab/abcd", MOST)) ?? []).toString()).toBe("hello")
      expect(yield* store.size("objects/ab/abcd")).toBe(5)
    }))

  test("nothing is there under a name that nothing has, and it is removed without a word", (store) =>
    Effect.gen(function* () {
      expect(yield* store.get("objects/none", MOST)).toBe(null)
      expect(yield* store.size("objects/none")).toBe(null)
      yield* store.remove("objects/none")
    }))

  test("no bytes at all are bytes as well", (store) =>
    Effect.gen(function* () {
      expect(yield* store.putNew("empty", new Uint8Array())).toBe(true)
      expect(yield* store.size("empty")).toBe(0)
      expect((yield* store.get("empty", MOST))?.length).toBe(0)
      expect(yield* store.putNew("empty", bytes("late"))).toBe(false)
    }))

  test("bytes of every value and of some megabytes come back as they are", (store) =>
    Effect.gen(function* () {
      const large = new Uint8Array(3 * MOST + 17).map((_, at) => (at * 31) % 256)
      yield* store.putNew("large", large)
      expect(Buffer.compare((yield* store.get("large", large.length)) ?? new Uint8Array(), large)).toBe(0)
    }))

  test("more bytes than are asked for are wrong, and are not given", (store) =>
    Effect.gen(function* () {
      yield* store.putNew("large", new Uint8Array(100))
      expect(yield* Effect.flip(store.get("large", 99))).toMatchObject({ _tag: "BlobsFailed", cause: "wrong" })
      expect((yield* store.get("large", 100))?.length).toBe(100)
    }))

  test("the first who takes a name keeps it, until it is removed", (store) =>
    Effect.gen(function* () {
      expect(yield* store.putNew("traces/main/a", bytes("first"))).toBe(true)
      expect(yield* store.putNew("traces/main/a", bytes("second"))).toBe(false)
      expect(Buffer.from((yield* store.get("traces/main/a", MOST)) ?? []).toString()).toBe("first")
      yield* store.remove("traces/main/a")
      expect(yield* store.putNew("traces/main/a", bytes("second"))).toBe(true)
    }))

  test("of many who take one name at once, one gets it; and the probe of that leaves nothing behind", (store) =>
    Effect.gen(function* () {
      for (let round = 0; round < 5; round++) {
        const isOnce = yield* givesNewNamesOnce(store, `probes/${round}`)
        if (!isOvertaken) expect(isOnce).toBe(true)
      }
      expect(yield* named(store, "")).toEqual([])
    }))

  test("names are listed by how they begin, in their order, with their sizes, also more than a page of them", (store) =>
    Effect.gen(function* () {
      const names = Array.from({ length: 1_100 }, (_, at) => `many/${String(at).padStart(4, "0")}`)
      yield* Effect.forEach(names, (name, at) => store.putNew(name, new Uint8Array(at % 7)), { concurrency: 16 })
      yield* store.putNew("man", bytes("no"))
      yield* store.putNew("other/many/1", bytes("no"))
      const found = yield* named(store, "many/")
      expect(found.map(({ name }) => name)).toEqual(names)
      expect(found.map(({ bytes }) => bytes)).toEqual(names.map((_, at) => at % 7))
      expect((yield* named(store, "many/010")).map(({ name }) => name)).toEqual(names.slice(100, 110))
      expect(yield* named(store, "none/")).toEqual([])
    }))

  test("what was put, and what is being put, is nothing that somebody left half-written", (store) =>
    Effect.gen(function* () {
      const large = new Uint8Array(MOST)
      const put = Effect.forEach(Array.from({ length: 8 }).keys(), (at) => store.putNew(`some/${at}`, large), {
        concurrency: 4
      })
      for (const isDry of [true, false]) {
        const [, ...found] = yield* Effect.all([put, store.tidy(isDry), store.tidy(isDry)], {
          concurrency: "unbounded"
        })
        expect(found).toEqual(Array(2).fill({ files: 0, bytes: 0 }))
      }
      expect((yield* named(store, "some/")).map(({ bytes }) => bytes)).toEqual(Array(8).fill(MOST))
    }))
}
