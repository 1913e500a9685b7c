import * as fs from "node:fs"
import * as path from "node:path"
import { beforeEach, describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import type * as Digest from "../../../artifacts/Digest.ts"
import { ObjectStore } from "../../../cache/ObjectStore.ts"
import * as ObjectStoreDisk from "../../../cache/object-store-disk.ts"
import { Blobs, BlobsFailed } from "../../../cache/remote/Blobs.ts"
import { layerMemory } from "../../../cache/remote/blobs-memory.ts"
import { generate } from "../../../cache/remote/Signature.ts"
import { wrap } from "../../rig/broken.ts"
import { ada, machine, trusting } from "../../rig/machines.ts"
import { storeContract } from "../../rig/store-contract.ts"
import * as Toys from "../../rig/toys.ts"

const VALUES = Array.from({ length: 3_000 }, (_, at) => at)
beforeEach(() => {
  Toys.resetCounts()
  Toys.lists.set("a", VALUES)
})
const ran = () => Object.fromEntries(Toys.counts.runs)

/** A shared store that tests look into. */
const shared = () => {
  const blobs = new Map<string, Uint8Array>()
  const asked: Array<string> = []
  const layer = wrap(Blobs, layerMemory(blobs), (store) => ({
    ...store,
    get: (name, most) =>
      Effect.zipRight(
        Effect.sync(() => asked.push(name)),
        store.get(name, most)
      )
  }))
  const names = (kind: string) => [...blobs.keys()].filter((name) => name.includes(`/${kind}/`))
  return { blobs, asked, layer, names }
}

storeContract("disk with a shared store behind it", () => machine(shared().layer).cache)

describe("what one machine computed", () => {
  it.live("another takes, and computes nothing: bytes that nobody reads are not fetched", () =>
    Effect.gen(function* () {
      const store = shared()
      const first = machine(store.layer)
      const before = yield* first.run()
      expect(before.status).toBe("done")
      expect(yield* first.upload).toEqual({ left: 0, why: null })
      Toys.resetCounts()
      const second = machine(store.layer, { writer: null })
      const record = yield* second.run()
      expect(record.nodes.map(({ status }) => status).filter((status) => status === "ran")).toEqual([])
      expect(ran()).toEqual({})
      expect(Toys.contents(record)).toEqual(Toys.contents(before))
      const results = new Set(
        Object.values(record.results).flatMap(({ stored }) => stored.parts.map(({ object }) => object))
      )
      const fetched = store.asked.filter((name) => name.includes("/objects/")).map((name) => name.slice(-64))
      expect(new Set(fetched)).toEqual(results as Set<string>)
      expect(second.heard).toEqual([])
    })
  )

  it.live("is fetched when somebody reads it, once, and is kept", () =>
    Effect.gen(function* () {
      const store = shared()
      const first = machine(store.layer)
      yield* first.run()
      yield* first.upload
      const second = machine(store.layer, { writer: null })
      Toys.resetCounts()
      // another sum over rows that the first machine has
      expect((yield* second.run({ modulo: 7 })).status).toBe("done")
      expect(ran()).toEqual({ sum: 1, describe: 1 })
      const again = store.asked.length
      yield* second.run({ modulo: 7 })
      expect(store.asked.length).toBe(again)
    })
  )

  it.live("is fetched once for many who read it at the same time, and is kept whoever waits for that", () =>
    Effect.gen(function* () {
      const store = shared()
      const first = machine(store.layer)
      yield* first.run()
      yield* first.upload
      const objects = store.names("objects").map((name) => name.slice(-64) as Digest.Digest)
      const second = machine(store.layer, { writer: null })
      const asked = store.asked.length
      yield* Effect.gen(function* () {
        const { get } = yield* ObjectStore
        const read = yield* Effect.forEach([...objects, ...objects, ...objects], get, { concurrency: "unbounded" })
        // whoever writes into what it is given does so alone
        for (const bytes of read) bytes.fill(7)
      }).pipe(Effect.provide(second.cache))
      expect(store.asked.slice(asked).toSorted()).toEqual(store.names("objects").toSorted())
      // once the command is over, it can do without the other store
      yield* Effect.provide(
        Effect.flatMap(ObjectStore, ({ check }) => Effect.forEach(objects, check)),
        ObjectStoreDisk.layerDisk(second.home)
      )
    })
  )

  it.live("takes the place of what is damaged here, which is told, and nothing is computed again for it", () =>
    Effect.gen(function* () {
      const store = shared()
      const first = machine(store.layer)
      const before = yield* first.run()
      yield* first.upload
      for (const name of store.names("objects")) {
        const file = path.join(first.home, "objects", name.slice(-64, -62), name.slice(-64))
        fs.chmodSync(file, 0o644)
        fs.writeFileSync(file, "damaged")
      }
      Toys.resetCounts()
      const record = yield* first.run()
      expect(Toys.contents(record)).toEqual(Toys.contents(before))
      expect(ran()).toEqual({})
      expect(first.heard.length).toBeGreaterThan(0)
      for (const said of first.heard)
        expect(said).toMatch(
          /^Object \w+ is corrupt: .*: the shared store s3:\/\/team has it whole, and its bytes are put/
        )
      first.heard.splice(0)
      yield* first.run()
      expect(first.heard).toEqual([])
    })
  )

  it.live("chunks of a table serve another table that has them", () =>
    Effect.gen(function* () {
      const store = shared()
      const many = Array.from({ length: 12_000 }, (_, at) => at)
      Toys.lists.set("a", many)
      const first = machine(store.layer)
      yield* first.run()
      yield* first.upload
      Toys.lists.set("a", [...many, ...VALUES.slice(0, 100)])
      Toys.resetCounts()
      const second = machine(store.layer, { writer: null })
      const record = yield* second.run()
      const chunks = record.nodes.find(({ stage }) => stage === "double")?.chunks
      expect(chunks?.reused).toBeGreaterThan(0)
      expect(Toys.counts.rows.get("double")).toBeLessThan(many.length)
    })
  )

  it.live("is uploaded objects first, and what is noted and not uploaded is uploaded by the next command", () =>
    Effect.gen(function* () {
      const store = shared()
      let isDown = true
      const order: Array<string> = []
      const failing = wrap(Blobs, store.layer, (blobs) => ({
        ...blobs,
        putNew: (name, bytes) =>
          isDown && name.includes("/traces/")
            ? new BlobsFailed({ cause: "forbidden", message: "answers 403" })
            : Effect.tap(blobs.putNew(name, bytes), () => Effect.sync(() => order.push(name)))
      }))
      const first = machine(failing)
      yield* first.run()
      const { left, why } = yield* first.upload
      expect(left).toBeGreaterThan(0)
      expect(why).toMatchObject({ cause: "forbidden" })
      expect(store.names("traces")).toEqual([])
      isDown = false
      const next = machine(failing, { home: first.home })
      expect(yield* next.upload).toEqual({ left: 0, why: null })
      expect(store.names("traces").length).toBe(4)
      expect(fs.readdirSync(`${first.home}/uploads`)).toEqual([])
      // whoever finds a trace finds its objects
      for (const name of order.filter((name) => name.includes("/traces/"))) {
        const { trace } = JSON.parse(Buffer.from(store.blobs.get(name) ?? []).toString()) as { readonly trace: string }
        const objects = [...trace.matchAll(/"object":"([0-9a-f]{64})"/g)].map(([, object]) => object)
        for (const object of objects) {
          const at = order.findIndex((other) => other.endsWith(`/${object}`))
          expect(at).toBeGreaterThanOrEqual(0)
          expect(at).toBeLessThan(order.indexOf(name))
        }
      }
    })
  )
})

describe("what nobody is to believe is a miss, said once:", () => {
  /** What a second machine does with a store that the first filled, and somebody else was at. */
  const tampered = (
    tamper: (store: ReturnType<typeof shared>) => void,
    reader: Parameters<typeof machine>[1] = {},
    writer: Parameters<typeof machine>[1] = {}
  ) =>
    Effect.gen(function* () {
      const store = shared()
      const first = machine(store.layer, writer)
      const before = yield* first.run()
      yield* first.upload
      tamper(store)
      Toys.resetCounts()
      const second = machine(store.layer, { writer: null, ...reader })
      const record = yield* second.run()
      expect(record.status).toBe("done")
      expect(Toys.contents(record)).toEqual(Toys.contents(before))
      return { ran: ran(), heard: second.heard }
    })
  const everything = { read: 1, double: 1, sum: 1, describe: 1 }
  const stages = ({ ran }: { readonly ran: Readonly<Record<string, number>> }) => Object.keys(ran).sort()

  const mallory = generate().writer
  it.live("a trace that is signed by nobody who is trusted", () =>
    Effect.gen(function* () {
      const found = yield* tampered(() => undefined, {}, { writer: mallory, trust: trusting(mallory) })
      expect(stages(found)).toEqual(stages({ ran: everything }))
      expect(found.heard).toHaveLength(1)
      expect(found.heard[0]).toContain(`it is signed by ${mallory.publicKey}, which nobody trusts here`)
    })
  )

  it.live("a trace whose key is revoked", () =>
    Effect.gen(function* () {
      const revoked = { ...trusting(ada), revoked: [{ name: "ada", key: ada.publicKey, since: "2026-11-29" }] }
      const found = yield* tampered(() => undefined, { trust: revoked })
      expect(stages(found)).toEqual(stages({ ran: everything }))
      expect(found.heard).toEqual([expect.stringContaining("it is signed by ada, whose key is revoked")])
    })
  )

  it.live("a trace that was copied from another namespace", () =>
    Effect.gen(function* () {
      const found = yield* tampered(
        ({ blobs }) => {
          for (const [name, bytes] of [...blobs]) blobs.set(name.replace("/pr-7/", "/main/"), bytes)
        },
        { trust: trusting(ada, "*") },
        { namespaces: ["pr-7"], trust: trusting(ada, "*") }
      )
      expect(stages(found)).toEqual(stages({ ran: everything }))
      expect(found.heard).toEqual([expect.stringContaining("who signed something else")])
    })
  )

  it.live("a trace whose text was changed", () =>
    Effect.gen(function* () {
      const found = yield* tampered(({ blobs, names }) => {
        for (const name of names("traces")) {
          const text = Buffer.from(blobs.get(name) ?? []).toString()
          blobs.set(name, Buffer.from(text.replace(/\\"seconds\\":[\d.e-]+/, '\\"seconds\\":7')))
        }
      })
      // the chunks of the table are nobody's doing
      expect(stages(found)).toEqual(["describe", "read", "sum"])
      expect(found.heard).toEqual([expect.stringContaining("who signed something else")])
    })
  )

  it.live("an object with other bytes: it is made again, and by a writer put in its place", () =>
    Effect.gen(function* () {
      const store = shared()
      const first = machine(store.layer)
      yield* first.run()
      yield* first.upload
      for (const name of store.names("objects")) store.blobs.get(name)?.reverse()
      Toys.resetCounts()
      const second = machine(store.layer)
      expect((yield* second.run({ modulo: 7 })).status).toBe("done")
      expect(second.heard.some((message) => message.includes("gave other bytes"))).toBe(true)
      // the sum twice: it began before its rows were found to be others
      expect(ran()).toEqual({ read: 1, double: 1, sum: 2, describe: 1 })
      expect(yield* second.upload).toEqual({ left: 0, why: null })
      Toys.resetCounts()
      const third = machine(store.layer, { writer: null })
      expect((yield* third.run({ modulo: 11 })).status).toBe("done")
      expect(ran()).toEqual({ sum: 1, describe: 1 })
      expect(third.heard).toEqual([])
    })
  )

  it.live("and what a writer who is not trusted put first does not stand in the way of who is", () =>
    Effect.gen(function* () {
      const store = shared()
      const stranger = machine(store.layer, { writer: mallory, trust: trusting(mallory) })
      yield* stranger.run()
      yield* stranger.upload
      const first = machine(store.layer)
      yield* first.run()
      expect(yield* first.upload).toEqual({ left: 0, why: null })
      Toys.resetCounts()
      const second = machine(store.layer, { writer: null })
      yield* second.run()
      expect(ran()).toEqual({})
    })
  )
})

describe("a pull request's machine", () => {
  it.live("takes what main has, and gives main nothing", () =>
    Effect.gen(function* () {
      const store = shared()
      const bob = generate().writer
      const trust = {
        trusted: [
          { name: "ada", key: ada.publicKey, namespaces: ["main"] },
          { name: "bob", key: bob.publicKey, namespaces: ["pr-*"] }
        ],
        revoked: []
      }
      const main = machine(store.layer, { trust })
      yield* main.run()
      yield* main.upload
      const request = machine(store.layer, { trust, writer: bob, namespaces: ["pr-7", "main"] })
      Toys.resetCounts()
      yield* request.run({ modulo: 7 })
      expect(ran()).toEqual({ sum: 1, describe: 1 })
      yield* request.upload
      Toys.resetCounts()
      const other = machine(store.layer, { trust, writer: null })
      yield* other.run({ modulo: 7 })
      expect(ran()).toEqual({ sum: 1, describe: 1 })
      expect(other.heard).toEqual([])
    })
  )
})

describe("a store that does not answer", () => {
  const down = (failure: BlobsFailed) => {
    const asked = new Set<string>()
    const fail = (name: string) =>
      Effect.suspend(() => {
        asked.add(name)
        return failure
      })
    const layer = wrap(Blobs, layerMemory(), (blobs) => ({
      ...blobs,
      get: fail,
      size: fail,
      putNew: fail
    }))
    return { layer, asked }
  }

  for (const cause of ["unreachable", "busy", "forbidden", "full", "absent"] as const)
    it.live(`(${cause}) changes no result, is asked for one name, and is told of once`, () =>
      Effect.gen(function* () {
        const store = down(new BlobsFailed({ cause, message: "answers 503" }))
        const at = machine(store.layer, { writer: null })
        const record = yield* at.run()
        expect(record.status).toBe("done")
        // it may be asked again for the same, in the background
        expect(store.asked.size).toBe(1)
        expect(at.heard).toEqual([
          "The shared store s3://team answers 503: what it has is computed here, or taken once it answers again."
        ])
      })
    )

  it.live("leaves it open whether a result is new: plan and run say which store may have it", () =>
    Effect.gen(function* () {
      const store = down(new BlobsFailed({ cause: "busy", message: "answers 503" }))
      const at = machine(store.layer, { writer: null })
      const planned = yield* at.plan()
      const silent = { _tag: "Unanswered", what: "the shared store s3://team answers 503" }
      const reasons = (nodes: ReadonlyArray<{ readonly stage: string; readonly reasons: ReadonlyArray<unknown> }>) =>
        nodes.flatMap((node) => (node.stage === "shift" ? [] : node.reasons))
      expect(reasons(planned.nodes)).toEqual([silent, silent, silent, silent])
      const record = yield* at.run()
      expect(reasons(record.nodes)).toEqual([silent, silent, silent, silent])
      expect(record.nodes[0]?.reason).toBe("the shared store s3://team answers 503: it may have the result")
    })
  )

  it.live("hides no difference that this machine knows of, and no damage", () =>
    Effect.gen(function* () {
      const home = machine(layerMemory()).home
      yield* machine(layerMemory(), { home }).run()
      const at = machine(down(new BlobsFailed({ cause: "busy", message: "answers 503" })).layer, { home })
      const { nodes } = yield* at.plan({ modulo: 7 })
      const sum = nodes.find(({ stage }) => stage === "sum")
      expect(sum?.reasons).toMatchObject([{ _tag: "Unanswered" }, { _tag: "ParamChanged", name: "modulo" }])
    })
  )

  it.live("gives one answer too large for any trace: the others count", () =>
    Effect.gen(function* () {
      const store = shared()
      const first = machine(store.layer)
      yield* first.run()
      yield* first.upload
      const [huge] = store.names("traces").filter((name) => name.includes("/describe/"))
      const lying = wrap(Blobs, store.layer, (blobs) => ({
        ...blobs,
        get: (name, most) =>
          name === huge
            ? new BlobsFailed({ cause: "wrong", message: "has more bytes than any" })
            : blobs.get(name, most)
      }))
      Toys.resetCounts()
      const second = machine(lying, { writer: null })
      expect((yield* second.run()).status).toBe("done")
      expect(ran()).toEqual({ describe: 1 })
      expect(second.heard).toEqual(["The shared store s3://team has more bytes than any: that does not count."])
    })
  )

  it.live("that is busy for a moment gets what is uploaded all the same", () =>
    Effect.gen(function* () {
      const store = shared()
      let busy = 3
      const layer = wrap(Blobs, store.layer, (blobs) => ({
        ...blobs,
        putNew: (name, bytes) =>
          Effect.suspend(() => {
            busy -= 1
            return busy >= 0 ? new BlobsFailed({ cause: "busy", message: "answers 503" }) : blobs.putNew(name, bytes)
          })
      }))
      const first = machine(layer)
      yield* first.run()
      expect(yield* first.upload).toEqual({ left: 0, why: null })
      expect(store.names("traces")).toHaveLength(4)
    })
  )

  it.live("that gives one name to several writers is read, and never written to", () =>
    Effect.gen(function* () {
      const store = shared()
      const ignoring = wrap(Blobs, store.layer, (blobs) => ({
        ...blobs,
        putNew: (name, bytes) => Effect.as(Effect.zipRight(blobs.remove(name), blobs.putNew(name, bytes)), true)
      }))
      const first = machine(ignoring)
      yield* first.run()
      const { left, why } = yield* first.upload
      expect(left).toBeGreaterThan(0)
      expect(why?.message).toContain("gives one name to several writers")
      expect([...store.blobs.keys()]).toEqual([])
    })
  )
})
