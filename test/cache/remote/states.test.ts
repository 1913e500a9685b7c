import { beforeEach, describe, expect, it } from "@effect/vitest"
import { Effect, Schedule, Stream } from "effect"
import { ObjectStore } from "../../../cache/ObjectStore.ts"
import { Blobs, BlobsFailed } from "../../../cache/remote/Blobs.ts"
import { layerMemory } from "../../../cache/remote/blobs-memory.ts"
import { generate } from "../../../cache/remote/Signature.ts"
import { TraceStore } from "../../../cache/Trace.ts"
import { wrap } from "../../rig/broken.ts"
import { ada, machine } from "../../rig/machines.ts"
import { traceOf } from "../../rig/store-contract.ts"
import * as Toys from "../../rig/toys.ts"
import { resetWorld, world } from "../../rig/walking.ts"

beforeEach(() => {
  resetWorld()
  Toys.lists.set("a", [1, 2, 3])
})

/** A shared store, and what is asked of it. */
const shared = () => {
  const blobs = new Map<string, Uint8Array>()
  const asked: Array<string> = []
  const note = (what: string, name: string) => Effect.sync(() => void asked.push(`${what} ${name}`))
  const layer = wrap(Blobs, layerMemory(blobs), (store) => ({
    ...store,
    get: (name, most) => Effect.zipRight(note("get", name), store.get(name, most)),
    size: (name) => Effect.zipRight(note("size", name), store.size(name)),
    list: (prefix) => Stream.unwrap(Effect.as(note("list", prefix), store.list(prefix)))
  }))
  const states = () => [...blobs.keys()].filter((name) => name.includes("/walk.state/"))
  const ofStates = () => asked.filter((one) => one.includes("/walk.state/")).map((one) => one.split(" ")[0])
  return { blobs, layer, states, asked, ofStates }
}

/** Leaves a training that a kill ended before a step. */
const killed = (at: ReturnType<typeof machine>, steps: number, killAt: number) =>
  Effect.gen(function* () {
    world.killAt = killAt
    yield* Effect.exit(at.walk({ steps }))
    resetWorld()
  })

describe("a second machine", () => {
  it.live("that trains the same for more steps goes on from the newest state of the first", () =>
    Effect.gen(function* () {
      const store = shared()
      const first = machine(store.layer)
      yield* first.walk({ steps: 3 })
      yield* first.walk({ steps: 5 })
      yield* first.upload
      resetWorld()
      store.asked.length = 0
      const second = machine(store.layer, { writer: null })
      const record = yield* second.walk({ steps: 40 })
      expect(world.steps).toEqual(Array.from({ length: 35 }, (_, at) => at + 6))
      expect(record.nodes.find(({ node }) => node === "walk")?.reason).toContain("continues from step 5")
      // whatever the number of steps: of all states that there could be, one listing and the newest
      const before = store.ofStates().slice(0, 2)
      expect(before).toEqual(["list", "get"])
      expect(store.ofStates().filter((one) => one === "list")).toHaveLength(1)
    })
  )

  it.live("takes over a training whose machine died, and comes out as if nothing had been", () =>
    Effect.gen(function* () {
      const store = shared()
      const first = machine(store.layer)
      yield* killed(first, 9, 6)
      yield* first.upload
      const second = machine(store.layer)
      const record = yield* second.walk({ steps: 9 })
      expect(world.steps[0]).toBeGreaterThan(1)
      expect(world.steps.at(-1)).toBe(9)
      const alone = yield* machine(shared().layer).walk({ steps: 9 })
      expect(Toys.contents(record)).toEqual(Toys.contents(alone))
    })
  )

  it.live("asks the shared store no more the more steps it trains", () =>
    Effect.gen(function* () {
      const askedIn = (steps: number) =>
        Effect.gen(function* () {
          const store = shared()
          yield* machine(store.layer).walk({ steps })
          return store.asked.filter((one) => /\/walk(\.state)?(\/|$)/.test(one))
        })
      const few = yield* askedIn(2)
      expect(few.some((one) => one.startsWith("list "))).toBe(true)
      expect(yield* askedIn(30)).toHaveLength(few.length)
    })
  )

  it.live("asks nothing where it has the newest state itself", () =>
    Effect.gen(function* () {
      const store = shared()
      const first = machine(store.layer)
      yield* first.walk({ steps: 3 })
      yield* first.upload
      store.asked.length = 0
      yield* Effect.provide(
        Effect.flatMap(TraceStore, (traces) =>
          Effect.flatMap(traces.keysOf("walk.state"), (keys) =>
            traces.keysAmong("walk.state", [...keys] as unknown as ReadonlyArray<ReturnType<typeof traceOf>["key"]>)
          )
        ),
        first.cache
      )
      expect(store.asked).toEqual([])
    })
  )
})

describe("a state that another has replaced", () => {
  it.live("goes once the shared store answers again, which went down in the middle and is waited for", () =>
    Effect.gen(function* () {
      const store = shared()
      let failures = 0
      const failing = wrap(Blobs, store.layer, (blobs) => ({
        ...blobs,
        remove: (name) =>
          Effect.suspend(() => {
            if (failures === 0 || !name.includes("/walk.state/")) return blobs.remove(name)
            failures -= 1
            return new BlobsFailed({ cause: "unreachable", message: "cannot be reached" })
          })
      }))
      const first = machine(failing, { waiting: Schedule.recurs(5) })
      yield* killed(first, 9, 5)
      yield* first.upload
      const before = store.states()
      yield* first.walk({ steps: 9 })
      failures = 3
      expect(yield* first.upload).toEqual({ left: 0, why: null })
      expect(failures).toBe(0)
      expect(first.uploaded.some(({ waitsFor }) => waitsFor?.cause === "unreachable")).toBe(true)
      expect(first.uploaded.at(-1)?.waitsFor).toBe(null)
      expect(store.states()).toHaveLength(1)
      expect(store.states()).not.toEqual(before)
    })
  )

  it.live("goes from the shared store as well, with its object", () =>
    Effect.gen(function* () {
      const store = shared()
      const first = machine(store.layer)
      yield* killed(first, 9, 5)
      yield* first.upload
      expect(store.states()).toHaveLength(1)
      const before = store.states()
      const objects = () => [...store.blobs.keys()].filter((name) => name.includes("/objects/"))
      const [state = ""] = before
      const { trace } = JSON.parse(Buffer.from(store.blobs.get(state) ?? []).toString()) as { readonly trace: string }
      const object = /"object":"([0-9a-f]{64})"/.exec(trace)?.[1]
      expect(objects().some((name) => name.endsWith(`/${object}`))).toBe(true)
      yield* first.walk({ steps: 9 })
      yield* first.upload
      expect(store.states()).toHaveLength(1)
      expect(store.states()).not.toEqual(before)
      expect(objects().some((name) => name.endsWith(`/${object}`))).toBe(false)
    })
  )

  it.live("is never sent where it was replaced before that", () =>
    Effect.gen(function* () {
      const store = shared()
      const first = machine(store.layer)
      yield* first.walk({ steps: 9 })
      yield* first.upload
      expect(store.states()).toHaveLength(1)
      // the sum, its rows and their table, the walk and its newest state
      expect([...store.blobs.keys()].filter((name) => name.includes("/objects/")).length).toBeLessThan(9)
    })
  )

  it.live("is taken back by whoever was sending it meanwhile", () =>
    Effect.gen(function* () {
      const store = shared()
      const trace = traceOf("s", 1)
      const first: ReturnType<typeof machine> = machine(
        wrap(Blobs, store.layer, (blobs) => ({
          ...blobs,
          putNew: (name, bytes) =>
            Effect.tap(blobs.putNew(name, bytes), () => (name.includes("/traces/") ? dropped : Effect.void))
        }))
      )
      const dropped: Effect.Effect<void> = Effect.gen(function* () {
        const traces = yield* TraceStore
        yield* traces.remove("s", trace.key)
        const objects = yield* ObjectStore
        yield* Effect.forEach(trace.outputs.out?.parts ?? [], ({ object }) => objects.remove(object))
      }).pipe(Effect.orDie, (work) => Effect.suspend(() => Effect.provide(work, first.cache)))
      yield* Effect.gen(function* () {
        yield* Effect.flatMap(ObjectStore, (objects) => objects.put(new TextEncoder().encode("1")))
        yield* Effect.flatMap(TraceStore, (traces) => traces.put(trace))
      }).pipe(Effect.provide(first.cache))
      expect(yield* first.upload).toEqual({ left: 0, why: null })
      expect([...store.blobs.keys()]).toEqual([])
    })
  )

  it.live("stays where another writer put it", () =>
    Effect.gen(function* () {
      const store = shared()
      const bob = generate().writer
      const trust = {
        trusted: [ada, bob].map(({ publicKey }, at) => ({ name: `${at}`, key: publicKey, namespaces: ["main"] })),
        revoked: []
      }
      const first = machine(store.layer, { trust })
      yield* killed(first, 9, 5)
      yield* first.upload
      const before = store.states()
      const second = machine(store.layer, { trust, writer: bob })
      yield* second.walk({ steps: 9 })
      yield* second.upload
      expect(store.states()).toEqual(expect.arrayContaining([...before]))
      expect(store.states()).toHaveLength(2)
    })
  )
})
