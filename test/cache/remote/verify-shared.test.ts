import { beforeEach, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as BlobsMemory from "../../../cache/remote/blobs-memory.ts"
import { generate } from "../../../cache/remote/Signature.ts"
import * as VerifyShared from "../../../cache/remote/VerifyShared.ts"
import { ada, machine, trusting } from "../../rig/machines.ts"
import * as Toys from "../../rig/toys.ts"

// What lies in a shared store is verified by whoever may read it, and what is damaged is removed by whoever may write.

beforeEach(() => {
  Toys.resetCounts()
  Toys.lists.set(
    "a",
    Array.from({ length: 3_000 }, (_, at) => at)
  )
})

/** A shared store that a machine has filled. */
const filled = Effect.gen(function* () {
  const blobs = new Map<string, Uint8Array>()
  const layer = BlobsMemory.layerMemory(blobs)
  const at = machine(layer)
  yield* at.run()
  yield* at.upload
  const verify = (asked: Partial<VerifyShared.Asked> = {}, by = at) =>
    Effect.provide(VerifyShared.verify({ hashed: () => true, isRepairing: false, ...asked }), by.cache)
  const named = (kind: string) => [...blobs.keys()].filter((name) => name.includes(`/${kind}/`))
  return { blobs, layer, at, verify, named }
})
const seen = ({ findings }: VerifyShared.Report) => findings.map(({ fault, what }) => `${fault} ${what}`).sort()

it.live("a store that was filled is as it was written, and every object of it is hashed", () =>
  Effect.gen(function* () {
    const { verify, named } = yield* filled
    const report = yield* verify()
    expect(report.findings).toEqual([])
    expect(report).toMatchObject({
      objects: named("objects").length,
      traces: named("traces").length + named("chunks").length,
      hashed: report.bytes,
      untrusted: 0
    })
    expect(report.objects).toBeGreaterThan(2)
    expect((yield* verify({ hashed: () => false })).hashed).toBe(0)
  })
)

it.live("each object and trace that is cut, changed or gone is found, by its length or by its bytes", () =>
  Effect.gen(function* () {
    const { blobs, verify, named } = yield* filled
    for (const name of [...named("objects"), ...named("traces"), ...named("chunks")]) {
      const whole = blobs.get(name) ?? new Uint8Array()
      const isObject = name.includes("/objects/")
      const what = isObject ? "object" : name.includes("/traces/") ? "trace" : "trace of a chunk"
      const flipped = new Uint8Array(whole)
      const middle = Math.floor(flipped.length / 2)
      flipped[middle] = (flipped[middle] ?? 0) ^ 1
      for (const damaged of [flipped, whole.slice(0, -1), new Uint8Array()]) {
        blobs.set(name, damaged)
        expect(seen(yield* verify()), name).toEqual([`corrupt ${what}`])
        // lengths tell of what was cut, and bytes alone of what was changed
        const byLength = isObject && damaged === flipped ? [] : [`corrupt ${what}`]
        expect(seen(yield* verify({ hashed: () => false })), name).toEqual(byLength)
      }
      blobs.delete(name)
      expect(seen(yield* verify()), name).toEqual(isObject ? ["missing object"] : [])
      blobs.set(name, whole)
    }
    expect(seen(yield* verify())).toEqual([])
  })
)

it.live("a trace that was copied to another place, or is signed by a stranger, is told from one that counts", () =>
  Effect.gen(function* () {
    const { blobs, layer, verify, named } = yield* filled
    const [one = "", other = ""] = named("traces")
    const right = blobs.get(one) ?? new Uint8Array()
    blobs.set(one, blobs.get(other) ?? new Uint8Array())
    expect(seen(yield* verify())).toEqual(["corrupt trace"])
    blobs.set(one, right)
    // whole, and by somebody whom this project does not trust
    const stranger = machine(layer, { writer: null, trust: trusting(generate().writer) })
    const report = yield* verify({}, stranger)
    expect(report.findings).toEqual([])
    expect(report.untrusted).toBe(report.traces)
    expect((yield* verify({}, machine(layer, { trust: trusting(ada) }))).untrusted).toBe(0)
  })
)

it.live("repair removes what is damaged, and whoever lacks it computes it and puts it there again", () =>
  Effect.gen(function* () {
    const { blobs, layer, verify, named } = yield* filled
    const [object = ""] = named("objects")
    const [trace = ""] = named("traces")
    blobs.set(object, new Uint8Array((blobs.get(object) ?? []).length))
    blobs.set(trace, new TextEncoder().encode("{}"))
    const { findings } = yield* verify({ isRepairing: true })
    expect(findings.map(({ isRemoved }) => isRemoved)).toEqual([true, true])
    expect([blobs.has(object), blobs.has(trace)]).toEqual([false, false])
    Toys.resetCounts()
    const second = machine(layer)
    expect((yield* second.run()).status).toBe("done")
    yield* second.upload
    expect(seen(yield* verify())).toEqual([])
  })
)
