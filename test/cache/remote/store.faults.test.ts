import { createHash } from "node:crypto"
import { expect, it } from "@effect/vitest"
import { Duration, Effect, Schedule, Stream } from "effect"
import * as fc from "fast-check"
import { afterAll, beforeAll, beforeEach } from "vitest"
import { Blobs } from "../../../cache/remote/Blobs.ts"
import { layerS3 } from "../../../cache/remote/blobs-s3.ts"
import { times } from "../../rig/fault-counts.ts"
import { type Asked, type Fault, type FaultProxy, faultProxy, faults } from "../../rig/fault-proxy.ts"
import { type MachineOptions, machine } from "../../rig/machines.ts"
import { describeWith } from "../../rig/needs.ts"
import { type S3Server, seaweed } from "../../rig/s3-servers.ts"
import * as Toys from "../../rig/toys.ts"

// A real server, and between it and a machine a proxy that does what networks and servers do to each other. Whatever that is, what
// comes out is what comes out without a shared store.

const ALL = { read: 1, double: 1, sum: 1, describe: 1 }
const ran = () => Object.fromEntries(Toys.counts.runs)

describeWith(["stores"], "a shared store behind a network", () => {
  let server: S3Server
  let proxy: FaultProxy
  let contents: Readonly<Record<string, string>>
  beforeAll(async () => {
    server = await seaweed()
    proxy = await faultProxy(server)
    Toys.lists.set("a", [1, 2, 3])
    const first = machine(blobs("full"))
    contents = Toys.contents(await Effect.runPromise(first.run()))
    expect(await Effect.runPromise(first.upload)).toEqual({ left: 0, why: null })
  })
  afterAll(async () => {
    await proxy.stop()
    await server.stop()
  })
  beforeEach(() => {
    proxy.befall(() => null)
    proxy.asked.length = 0
    Toys.resetCounts()
  })

  /** The bucket, under a prefix of its own, by way of the proxy. */
  const blobs = (prefix: string, millis = 20_000) =>
    layerS3({ ...proxy.address, prefix }, { patience: Duration.millis(millis), writing: Duration.millis(millis) })
  const withBlobs = <A, E>(prefix: string, use: (store: typeof Blobs.Service) => Effect.Effect<A, E>) =>
    Effect.provide(Effect.flatMap(Blobs, use), blobs(prefix))
  const namesIn = (prefix: string) =>
    withBlobs(prefix, (store) =>
      Effect.map(Stream.runCollect(store.list("")), (all) => [...all].map(({ name }) => name))
    )

  const of = (kind: "objects" | "traces", fault: Fault) => (asked: Asked) =>
    asked.method === "GET" && asked.name.includes(`/${kind}/`) ? fault : null
  const writing = (fault: Fault) => (asked: Asked) => (asked.method === "PUT" ? fault : null)

  /** What a machine without a key computes and hears while the full store is befallen by something. */
  const reading = (choose: (asked: Asked) => Fault | null, millis?: number) =>
    Effect.gen(function* () {
      proxy.befall(choose)
      const at = machine(blobs("full", millis), { writer: null })
      const record = yield* at.run()
      expect([record.status, Toys.contents(record)]).toEqual(["done", contents])
      return { heard: at.heard, ran: ran(), asked: new Set(proxy.asked.map(({ name }) => name)) }
    })

  it.live("that is only slow is waited for", () =>
    Effect.gen(function* () {
      const found = yield* reading(() => faults.delayed(50))
      expect([found.ran, found.heard]).toEqual([{}, []])
    })
  )

  const SILENT = 200
  for (const [what, fault, told, millis] of [
    ["refuses to be connected to", faults.refused(), "cannot be reached"],
    ["answers nothing", faults.silent(), "was silent for 200ms", SILENT],
    ["gives a byte now and then", faults.dripped(20), "was silent for 200ms", SILENT],
    ["hangs up in the middle", faults.cutDown(), "cannot be reached"],
    ["answers 401", faults.answered(401), "answers 401"],
    ["forbids", faults.answered(403, "AccessDenied"), "answers 403 AccessDenied (the key of AWS_ACCESS_KEY_ID may not"],
    ["has no such bucket", faults.answered(404, "NoSuchBucket"), "there is no such bucket: make it"],
    ["wants less", faults.answered(429, "TooManyRequests"), "answers 429 TooManyRequests"],
    ["is broken", faults.answered(500, "InternalError"), "answers 500 InternalError"],
    ["wants it slower", faults.answered(503, "SlowDown"), "answers 503 SlowDown"],
    ["is full", faults.answered(507), "answers 507"],
    [
      "sends elsewhere",
      faults.answered(307, "TemporaryRedirect", { location: "https://elsewhere.example.org/a?token=hush" }),
      "answers 307 TemporaryRedirect (it sends to https://elsewhere.example.org: "
    ],
    [
      "is in another region",
      faults.answered(301, "PermanentRedirect", { "x-amz-bucket-region": "eu-west-3" }),
      "add &region=eu-west-3 to PIPELINE_REMOTE"
    ],
    ["shows a page", faults.page(), "answers with a web page (no S3-compatible store is there"]
  ] as const)
    it.live(`that ${what} is asked for one name, told of once, and changes no result`, () =>
      Effect.gen(function* () {
        const found = yield* reading(() => fault, millis)
        expect(found.ran).toEqual(ALL)
        // it may be asked again for the same, in the background
        expect(found.asked.size).toBe(1)
        expect(found.heard).toEqual([expect.stringContaining(told)])
        expect(found.heard[0]).not.toContain("hush")
      })
    )

  it.live("that knows nothing has nothing, which is no news", () =>
    Effect.gen(function* () {
      const found = yield* reading(() => faults.answered(404))
      expect([found.ran, found.heard]).toEqual([ALL, []])
    })
  )

  it.live("that never ends its answers is not listened to", () =>
    Effect.gen(function* () {
      const found = yield* reading(() => faults.endless())
      expect([found.ran, found.heard]).toEqual([ALL, [expect.stringContaining("does not say how long")]])
    })
  )

  for (const [what, fault] of [
    ["another bit", faults.flipped()],
    ["half", faults.truncated()],
    ["nothing", faults.swapped("full/v1/nothing")]
  ] as const) {
    it.live(`that gives ${what} of a trace has no trace`, () =>
      Effect.gen(function* () {
        const found = yield* reading(of("traces", fault))
        // chunks are found by themselves
        expect(found.ran).toEqual({ read: 1, sum: 1, describe: 1 })
        // each reason is told once
        expect(new Set(found.heard).size).toBe(found.heard.length)
        expect(found.heard.length > 0).toBe(what !== "nothing")
      })
    )

    it.live(`that gives ${what} of an object has no such object`, () =>
      Effect.gen(function* () {
        proxy.befall(of("objects", fault))
        const at = machine(blobs("full"), { writer: null })
        // another sum, which has to read the rows
        const record = yield* at.run({ modulo: 7 })
        expect(record.status).toBe("done")
        expect(ran()).toMatchObject({ read: 1, double: 1, describe: 1 })
        for (const message of at.heard)
          expect(message).toMatch(/gave other bytes for object [0-9a-f]+: they are not used/)
        expect(at.heard.length > 0).toBe(what !== "nothing")
      })
    )
  }

  it.live("that gives one object for another is found out", () =>
    Effect.gen(function* () {
      const [other = ""] = (yield* namesIn("full")).filter((name) => name.includes("/objects/"))
      proxy.befall((asked) =>
        asked.name === `full/${other}` ? null : of("objects", faults.swapped(`full/${other}`))(asked)
      )
      const at = machine(blobs("full"), { writer: null })
      expect((yield* at.run({ modulo: 7 })).status).toBe("done")
      expect(at.heard.some((message) => message.includes("gave other bytes"))).toBe(true)
    })
  )

  it.live("has all that it reads once it is sound again", () =>
    Effect.gen(function* () {
      const found = yield* reading(() => null)
      expect([found.ran, found.heard]).toEqual([{}, []])
    })
  )

  /** A machine that has computed something, and what it uploads to a place of its own while that is befallen. */
  let places = 0
  const uploading = (choose: (asked: Asked) => Fault | null, options: MachineOptions = {}) =>
    Effect.gen(function* () {
      const prefix = `place-${places++}`
      const at = machine(blobs(prefix), options)
      yield* at.run()
      proxy.befall(choose)
      const found = yield* at.upload
      proxy.befall(() => null)
      return { ...found, at, prefix, names: yield* namesIn(prefix) }
    })
  /** Whatever happened there: who finds an object finds all of it, and who finds a trace finds its objects. */
  const isWhole = (prefix: string) =>
    withBlobs(prefix, (store) =>
      Effect.gen(function* () {
        for (const name of yield* namesIn(prefix)) {
          const bytes = (yield* store.get(name, 1 << 30)) ?? new Uint8Array()
          if (name.includes("/objects/")) expect(createHash("sha256").update(bytes).digest("hex")).toBe(name.slice(-64))
          if (!name.includes("/traces/")) continue
          const { trace } = JSON.parse(Buffer.from(bytes).toString()) as { readonly trace: string }
          for (const [, object = ""] of trace.matchAll(/"object":"([0-9a-f]{64})"/g))
            expect(yield* store.size(`v1/objects/${object.slice(0, 2)}/${object}`)).not.toBe(null)
        }
      })
    )
  /** Another machine finds there all that the first computed. */
  const isServed = (prefix: string) =>
    Effect.gen(function* () {
      Toys.resetCounts()
      const other = machine(blobs(prefix), { writer: null })
      expect((yield* other.run()).status).toBe("done")
      expect([ran(), other.heard]).toEqual([{}, []])
    })

  for (const [what, fault, cause] of [
    ["refuses to be connected to", faults.refused(), "unreachable"],
    ["hangs up in the middle of what is sent", faults.cutUp(), "unreachable"],
    ["forbids to write", faults.answered(403, "AccessDenied"), "forbidden"],
    ["is full", faults.answered(507), "full"],
    ["has a quota", faults.answered(403, "QuotaExceeded"), "full"],
    ["takes no such sizes", faults.answered(400, "EntityTooLarge"), "full"],
    ["shows a page to whoever writes", faults.page(), "absent"],
    ["is not told that a name is to be new", faults.unconditional(), "wrong"]
  ] as const)
    it.live(`that ${what} gets nothing that anybody could see half of, and all of it once it is sound`, () =>
      Effect.gen(function* () {
        const { left, why, at, prefix, names } = yield* uploading(writing(fault))
        expect(left).toBeGreaterThan(0)
        expect(why).toMatchObject({ cause })
        expect(names.filter((name) => !name.includes("/probes/"))).toEqual([])
        expect(yield* at.upload).toEqual({ left: 0, why: null })
        yield* isWhole(prefix)
        yield* isServed(prefix)
      })
    )

  it.live("that is silent to whoever reads is not written to either: writing has more patience", () =>
    Effect.gen(function* () {
      const prefix = `place-${places++}`
      const at = machine(blobs(prefix, SILENT))
      proxy.befall(() => faults.silent())
      yield* at.run()
      expect(yield* at.upload).toMatchObject({ why: { cause: "unreachable" } })
      expect(proxy.asked.filter(({ method }) => method === "PUT")).toEqual([])
    })
  )

  it.live("that loses its answers has what it was sent, and is sent it once more at most", () =>
    Effect.gen(function* () {
      const sent = new Map<string, number>()
      const { left, prefix } = yield* uploading(
        ({ method, name }) => {
          if (method !== "PUT" || name.includes("/probes/")) return null
          const before = sent.get(name) ?? 0
          sent.set(name, before + 1)
          return before === 0 ? faults.unheard() : null
        },
        { waiting: Schedule.recurs(10) }
      )
      expect(left).toBe(0)
      expect(Math.max(...sent.values())).toBeLessThanOrEqual(2)
      yield* isWhole(prefix)
      yield* isServed(prefix)
    })
  )

  it.live("that goes down in the middle of an upload is waited for, which is told, and the upload goes on", () =>
    Effect.gen(function* () {
      const down = times({ quick: 30, long: 3_000 })
      let written = 0
      let refused = 0
      const { left, why, at, prefix } = yield* uploading(
        ({ method, name }) => {
          if (written < 2) {
            written += method === "PUT" && name.includes("/objects/") ? 1 : 0
            return null
          }
          refused += 1
          return refused > down ? null : faults.refused()
        },
        { waiting: Schedule.spaced("20 millis") }
      )
      expect({ left, why }).toEqual({ left: 0, why: null })
      expect(refused).toBeGreaterThan(down)
      expect(at.uploaded.find(({ waitsFor }) => waitsFor !== null)?.waitsFor).toMatchObject({ cause: "unreachable" })
      expect(at.uploaded.at(-1)?.waitsFor).toBe(null)
      yield* isWhole(prefix)
      yield* isServed(prefix)
    })
  )

  it("whatever befalls it, and in whatever order, shows nothing half, changes no result, and is full in the end", async () => {
    const kinds = [
      faults.passed(),
      faults.refused(),
      faults.answered(500, "InternalError"),
      faults.answered(503, "SlowDown"),
      faults.cutUp(),
      faults.cutDown(),
      faults.unheard(),
      faults.flipped(),
      faults.truncated(),
      faults.answered(403, "AccessDenied"),
      faults.delayed(5)
    ]
    const sequence = fc.array(fc.integer({ min: 0, max: kinds.length - 1 }), { minLength: 5, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(sequence, async (chosen) => {
        const befalling = () => {
          let at = 0
          return () => kinds[chosen[at++] ?? 0] ?? null
        }
        await Effect.runPromise(
          Effect.gen(function* () {
            const prefix = `place-${places++}`
            const first = machine(blobs(prefix), { waiting: Schedule.recurs(3) })
            proxy.befall(befalling())
            const record = yield* first.run()
            expect([record.status, Toys.contents(record)]).toEqual(["done", contents])
            yield* first.upload
            proxy.befall(() => null)
            yield* isWhole(prefix)
            proxy.befall(befalling())
            const second = machine(blobs(prefix))
            const other = yield* second.run()
            expect([other.status, Toys.contents(other)]).toEqual(["done", contents])
            yield* second.upload
            proxy.befall(() => null)
            for (const one of [first, second]) expect(yield* one.upload).toEqual({ left: 0, why: null })
            yield* isWhole(prefix)
          })
        )
      }),
      { numRuns: times({ quick: 3, long: 200 }) }
    )
  })
})
