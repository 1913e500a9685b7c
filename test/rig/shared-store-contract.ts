import { expect, it } from "@effect/vitest"
import { Effect, Either, Layer, Schema, Stream } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import { check, type Verified } from "../../artifacts/Verified.ts"
import { Key } from "../../cache/Key.ts"
import { Blobs } from "../../cache/remote/Blobs.ts"
import * as SharedStore from "../../cache/remote/SharedStore.ts"
import { Namespace } from "../../cache/remote/Trust.ts"
import { ada, trusting } from "./machines.ts"

const bytes = (text: string): Verified => {
  const found = new TextEncoder().encode(text)
  return Either.getOrThrow(check(Digest.ofBytes(found), found))
}
const keyOf = (text: string) => Schema.decodeSync(Key)(Digest.ofBytes(text))

/** What a shared store tells those who count, check and tidy it, whatever keeps it. `blobs` gives an empty one for each test. */
export const sharedStoreContract = (name: string, blobs: () => Layer.Layer<Blobs>) => {
  /** The store as the writers of a namespace have it, and what keeps it. */
  const test = (
    sentence: string,
    use: (
      of: (namespace: string) => Effect.Effect<typeof SharedStore.SharedStore.Service>,
      kept: typeof Blobs.Service
    ) => Effect.Effect<void, unknown>
  ) =>
    it.scopedLive(`${name}: ${sentence}`, () =>
      Effect.gen(function* () {
        const kept = yield* Layer.build(blobs())
        const scope = yield* Effect.scope
        const of = (namespace: string) =>
          Effect.map(
            Layer.buildWithScope(
              Layer.provide(
                SharedStore.layer({
                  shown: "s3://team",
                  namespaces: [Schema.decodeSync(Namespace)(namespace)],
                  trust: trusting(ada, "*"),
                  writer: ada
                }),
                Layer.succeedContext(kept)
              ),
              scope
            ),
            (context) => Effect.runSync(Effect.provide(SharedStore.SharedStore, context))
          )
        yield* use(of, yield* Effect.provide(Blobs, kept))
      })
    )
  const all = <A, E>(stream: Stream.Stream<A, E>) => Effect.map(Stream.runCollect(stream), (found) => [...found])

  test("objects are listed with their digests, sizes and times, without what is none", (of, kept) =>
    Effect.gen(function* () {
      const store = yield* of("main")
      expect(yield* all(store.objects)).toEqual([])
      const texts = ["one", "two", "three"]
      const digests = texts.map((text) => Digest.ofBytes(text))
      for (const text of texts) expect(yield* store.putObject(bytes(text), Digest.ofBytes(text))).toBe(true)
      const [first = ""] = digests
      for (const stranger of [
        "v1/objects/ab/notes.txt",
        `v1/objects/zz/${first}`,
        `v1/objects/${first}`,
        `v2/${first}`
      ])
        yield* kept.putNew(stranger, bytes("no object"))
      const listed = yield* all(store.objects)
      expect(listed.map(({ object }) => object)).toEqual([...digests].sort())
      for (const { object, bytes, modified } of listed) {
        expect(bytes).toBe(texts[digests.indexOf(object)]?.length)
        expect(modified).toBeGreaterThan(Date.UTC(2020))
      }
    }))

  test("traces are listed with their places, of every namespace, kind and stage", (of) =>
    Effect.gen(function* () {
      const stages = ["train", "train.state", "two words", "a_b", "a_20b", "größe", "..", "a/b"]
      const main = yield* of("main")
      const request = yield* of("pr-7")
      const key = keyOf("one")
      for (const stage of stages) expect(yield* main.putTrace({ kind: "trace", stage, key }, "{}", ada)).toBe(true)
      expect(yield* main.putTrace({ kind: "chunk", stage: "train", key }, "{}", ada)).toBe(true)
      expect(yield* request.putTrace({ kind: "trace", stage: "train", key }, "{}", ada)).toBe(true)
      const listed = yield* all(request.traces)
      const places = listed.map(({ place: { kind, namespace, stage } }) => `${kind} ${namespace} ${stage}`)
      expect(places.toSorted()).toEqual(
        [...stages.map((stage) => `trace main ${stage}`), "chunk main train", "trace pr-7 train"].toSorted()
      )
      for (const { bytes, modified, place } of listed) {
        expect(place.key).toBe(key)
        expect([bytes > 0, modified > Date.UTC(2020)]).toEqual([true, true])
      }
      for (const stage of stages)
        expect(yield* main.trace({ kind: "trace", stage, key })).toEqual({ _tag: "Found", text: "{}" })
    }))

  test("what was accepted is listed for its own namespaces, and is no trace", (of) =>
    Effect.gen(function* () {
      const [main, request] = [yield* of("main"), yield* of("pr-7")]
      const accepted = { kind: "acceptance", stage: "two words", key: keyOf("one") } as const
      expect(yield* main.accepted).toEqual([])
      expect(yield* main.putTrace(accepted, "{}", ada)).toBe(true)
      expect(yield* main.accepted).toEqual([{ ...accepted, namespace: "main" }])
      expect(yield* main.trace(accepted)).toEqual({ _tag: "Found", text: "{}" })
      expect([yield* request.accepted, yield* request.trace(accepted)]).toEqual([[], { _tag: "Absent" }])
      // signed as what it is: it is no trace under the same key
      expect(yield* main.trace({ ...accepted, kind: "trace" })).toEqual({ _tag: "Absent" })
      expect(yield* all(main.traces)).toEqual([])
      const [place] = (yield* main.accepted) ?? []
      if (place !== undefined) yield* main.removeTrace(place)
      expect(yield* main.accepted).toEqual([])
    }))

  test("what is removed is there no more, and may be put again", (of) =>
    Effect.gen(function* () {
      const store = yield* of("main")
      const object = Digest.ofBytes("one")
      const address = { kind: "trace", stage: "train", key: keyOf("one") } as const
      for (let time = 0; time < 2; time++) {
        expect(yield* store.putObject(bytes("one"), object)).toBe(true)
        expect(yield* store.putTrace(address, "{}", ada)).toBe(true)
        const [found] = yield* all(store.traces)
        if (found !== undefined) yield* store.removeTrace(found.place)
        expect(yield* store.trace(address)).toEqual({ _tag: "Absent" })
        expect(yield* store.has(object, 3)).toBe(true)
        yield* store.dropObject(object)
        expect(yield* store.has(object, 3)).toBe(false)
        expect([yield* all(store.objects), yield* all(store.traces)]).toEqual([[], []])
        // nobody minds what is gone already
        yield* store.dropObject(object)
        yield* store.removeTrace({ ...address, namespace: Schema.decodeSync(Namespace)("main") })
      }
    }))
}
