import { expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import type { Digest } from "../../artifacts/Digest.ts"
import { ObjectCorrupt, ObjectStore } from "../../cache/ObjectStore.ts"
import * as Broken from "../rig/broken.ts"
import * as Graphs from "../rig/random-graphs.ts"
import * as Session from "../rig/session.ts"

const TABLES = 6
const take = { stage: "take" as const, list: 0, from: [] }
const total = { stage: "total" as const, list: 0, from: Array.from({ length: TABLES }, (_, index) => index) }

/** Six tables, and totals of them all. */
const open = (totals: number) => {
  const start: Graphs.Start = {
    shape: { nodes: [...Array<Graphs.NodeShape>(TABLES).fill(take), ...Array<Graphs.NodeShape>(totals).fill(total)] },
    lists: [{ from: 1, step: 1, length: 9 }],
    by: [...Array<number>(TABLES).fill(1), ...Array<number>(totals).fill(9)]
  }
  return Session.open(start)
}
const damage = (session: Session.Session, how: "lose" | "flip") => {
  for (const [object, bytes] of [...session.objects]) {
    if (how === "lose") session.objects.delete(object)
    else
      session.objects.set(
        object,
        bytes.map((byte, index) => (index === bytes.length >> 1 ? byte ^ 1 : byte))
      )
  }
}

for (const how of ["lose", "flip"] as const) {
  it.effect(`a node whose inputs are all damaged (${how}) has every one made again`, () =>
    Effect.gen(function* () {
      const session = open(1)
      yield* Session.run(session)
      damage(session, how)
      session.by[TABLES] = 8
      const record = yield* Session.run(session)
      expect(record.status).toBe("done")
      expect(record.nodes.map(({ status }) => status)).toEqual(Array<string>(TABLES + 1).fill("ran"))
    })
  )

  it.effect(`results that are all damaged (${how}) are all made again, and handed out`, () =>
    Effect.gen(function* () {
      const session = open(7)
      const first = yield* Session.run(session)
      damage(session, how)
      const record = yield* Session.run(session)
      expect(record.status).toBe("done")
      expect(Session.contents(record)).toEqual(Session.contents(first))
      for (const { stored } of Object.values(record.results))
        for (const { object, bytes } of stored.parts) expect(session.objects.get(object)?.length).toBe(bytes)
    })
  )
}

it.effect(
  "an object that another process has mended since it was found corrupt is left alone, and nothing is computed",
  () =>
    Effect.gen(function* () {
      const session = open(1)
      yield* Session.run(session)
      const [damaged] = session.objects.keys()
      damage(session, "flip")
      Graphs.runs.clear()
      const [found, mended] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      // between finding the bytes corrupt and repairing them, a whole run of another process takes place
      const slow: Session.Change = (parts) => ({
        objects: Broken.wrap(ObjectStore, parts.objects, (store) => ({
          ...store,
          get: (object) =>
            Effect.tapErrorTag(store.get(object), "ObjectCorrupt", () =>
              Effect.zipRight(Deferred.succeed(found, undefined), Deferred.await(mended))
            )
        }))
      })
      const first = yield* Effect.fork(Session.run(session, slow))
      yield* Deferred.await(found)
      const other = yield* Session.run(session)
      const whole = session.objects.get(damaged as Digest)
      Graphs.runs.clear()
      yield* Deferred.succeed(mended, undefined)
      const record = yield* Fiber.join(first)
      expect([other.status, record.status]).toEqual(["done", "done"])
      expect([...Graphs.runs]).toEqual([])
      expect(record.nodes.map(({ status }) => status)).toEqual(Array<string>(TABLES + 1).fill("reused"))
      // the very bytes: nobody removed and wrote them again
      expect(session.objects.get(damaged as Digest)).toBe(whole)
    })
)

it.effect("a store that never returns what it was given fails the node that reads it, by name", () =>
  Effect.gen(function* () {
    const session = open(1)
    const rotten: Session.Change = (parts) => ({
      objects: Broken.wrap(ObjectStore, parts.objects, (store) => ({
        ...store,
        get: (object) => new ObjectCorrupt({ object, found: "its bytes rot" })
      }))
    })
    const record = yield* Session.run(session, rotten)
    expect(record.status).toBe("failed")
    expect(record.nodes.at(-1)).toMatchObject({
      status: "failed",
      error: { tag: "InputLost", expected: "it in the store" }
    })
  })
)
