import { beforeEach, describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import * as Explained from "../../artifacts/Explained.ts"
import { layerMemory } from "../../cache/remote/blobs-memory.ts"
import { SourceFiles } from "../../cache/SourceFiles.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import * as Run from "../../engine/Run.ts"
import * as Source from "../../engine/Source.ts"
import * as Sweep from "../../engine/Sweep.ts"
import { machine } from "../rig/machines.ts"
import * as Toys from "../rig/toys.ts"

// A source that is known by its digest before its bytes are here: who reads them waits for them, and nobody else.

class Unreachable extends Explained.TaggedError<Unreachable>()("Unreachable", {}, () => ({
  what: "The numbers are out of reach",
  expected: "a network",
  fix: "Get one."
})) {}

/** How often the bytes were fetched, and whether they can be. */
const world = { fetched: 0, isReachable: true }
beforeEach(() => {
  Object.assign(world, { fetched: 0, isReachable: true })
  Toys.resetCounts()
  Toys.lists.set("a", [1, 2, 3])
})

const published = Source.make({
  name: "published",
  artifact: Toys.ListFile,
  resolve: () =>
    Effect.succeed({
      digest: Digest.ofBytes("[1,2,3]"),
      path: "a",
      label: "published numbers",
      notice: null,
      fetch: Effect.suspend(() => {
        world.fetched += 1
        return world.isReachable ? Effect.void : new Unreachable()
      })
    })
})
const pipeline = Pipeline.make({
  name: "published",
  description: "Sums published numbers",
  params: { ...Toys.sum.params },
  build: (params) => {
    const { doubled } = Toys.double({ numbers: Toys.read({ file: published() }).numbers })
    return { total: Toys.sum({ tables: [doubled] }, params).total }
  }
})
const values = (modulo = 1_000_003) => ({ modulo })

const memory = () => Layer.provideMerge(Executor.layerInProcess(), Toys.memory().layer)
const running = (modulo?: number) => Run.run(pipeline, values(modulo), { cores: 2 })

describe("a source that is known by its digest alone", () => {
  it.effect("is fetched when a node reads it, and neither by a plan nor once that is kept", () =>
    Effect.gen(function* () {
      const layer = memory()
      yield* Effect.gen(function* () {
        yield* Plan.make(Pipeline.graph(pipeline, values()))
        expect(world.fetched).toBe(0)
        expect((yield* running()).status).toBe("done")
        expect(world.fetched).toBe(1)
        // another sum reads what is kept of it
        expect((yield* running(7)).status).toBe("done")
        expect(world.fetched).toBe(1)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("that cannot be fetched fails the nodes that read it, in its own words", () =>
    Effect.gen(function* () {
      world.isReachable = false
      const record = yield* Effect.provide(running(), memory())
      expect(record.status).toBe("failed")
      const [read] = record.nodes
      expect(read).toMatchObject({ status: "failed", error: { what: "The numbers are out of reach", fix: "Get one." } })
      expect(Object.fromEntries(Toys.counts.runs)).toEqual({})
    })
  )

  it.effect("is fetched once for all points of a sweep", () =>
    Effect.gen(function* () {
      const points = [7, 8, 9].map((modulo) => values(modulo))
      const record = yield* Effect.provide(
        Sweep.run(pipeline, points, { cores: 2, jobs: 2, varied: ["modulo"] }),
        memory()
      )
      expect(record.sweep?.points.map(({ status }) => status)).toEqual(["done", "done", "done"])
      expect(world.fetched).toBe(1)
    })
  )

  it.effect("is not fetched from where it is published where a store has it", () =>
    Effect.gen(function* () {
      const access = {
        locate: () => Effect.succeed("a"),
        obtain: () => Effect.succeed(true),
        parts: () => Effect.succeed([])
      }
      yield* Effect.provide(running(), memory()).pipe(Effect.provideService(SourceFiles, access))
      expect(world.fetched).toBe(0)
    })
  )

  it.live("serves a second machine from the shared store, which computes nothing and fetches none of it", () =>
    Effect.gen(function* () {
      const blobs = new Map<string, Uint8Array>()
      const first = machine(layerMemory(blobs))
      const before = yield* Effect.provide(running(), first.whole)
      yield* first.upload
      Object.assign(world, { fetched: 0, isReachable: false })
      Toys.resetCounts()
      const second = machine(layerMemory(blobs), { writer: null })
      const record = yield* Effect.provide(running(), second.whole)
      expect(record.status).toBe("done")
      expect(Toys.contents(record)).toEqual(Toys.contents(before))
      expect([world.fetched, Object.fromEntries(Toys.counts.runs)]).toEqual([0, {}])
    })
  )
})
