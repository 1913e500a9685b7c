import { beforeEach, describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Blobs, BlobsFailed } from "../../../cache/remote/Blobs.ts"
import { layerMemory } from "../../../cache/remote/blobs-memory.ts"
import { share } from "../../../cache/remote/share.ts"
import { wrap } from "../../rig/broken.ts"
import { machine } from "../../rig/machines.ts"
import * as Toys from "../../rig/toys.ts"

beforeEach(() => {
  Toys.resetCounts()
  Toys.lists.set("a", [1, 2, 3])
})

describe("what a machine elsewhere is to read", () => {
  it.live("is in the shared store once that is told, each object once", () =>
    Effect.gen(function* () {
      const blobs = new Map<string, Uint8Array>()
      const first = machine(layerMemory(blobs), { writer: null })
      const { results } = yield* first.run()
      const stored = Object.values(results).map((result) => result.stored)
      yield* Effect.provide(share([...stored, ...stored]), first.whole)
      const objects = [...blobs.keys()].filter((name) => name.includes("/objects/")).map((name) => name.slice(-64))
      expect(objects.sort()).toEqual(
        [...new Set(stored.flatMap(({ parts }) => parts.map(({ object }) => object)))].sort()
      )
    })
  )

  it.live("is not told where the shared store takes nothing, with what it says", () =>
    Effect.gen(function* () {
      const full = wrap(Blobs, layerMemory(), (blobs) => ({
        ...blobs,
        putNew: () => new BlobsFailed({ cause: "full", message: "answers 507" })
      }))
      const first = machine(full, { writer: null })
      const { results } = yield* first.run()
      const failure = yield* Effect.flip(
        Effect.provide(share(Object.values(results).map(({ stored }) => stored)), first.whole)
      )
      expect(failure).toMatchObject({ _tag: "BlobsFailed", cause: "full" })
    })
  )
})
