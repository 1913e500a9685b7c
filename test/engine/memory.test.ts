import { beforeEach, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Executor from "../../engine/Executor.ts"
import { ROWS } from "../../engine/RowStream.ts"
import { RunEvents } from "../../engine/RunEvent.ts"
import * as Toys from "../rig/toys.ts"

/** Batches that may be computed and not yet written, beside the chunk that they belong to. */
const BATCHES = 12
/** A toy's cell is a few bytes: its chunks have 1,024 rows on average, and four times that at most. */
const MOST_ROWS = 4096

beforeEach(() => {
  Toys.lists.clear()
  Toys.resetCounts()
})

it.effect("a stored row stage holds one chunk and a few batches, however many rows there are", () =>
  Effect.gen(function* () {
    const held = (rows: number) =>
      Effect.gen(function* () {
        Toys.lists.set("a", [...Array(rows).keys()])
        const memory = Toys.memory()
        let most = 0
        const watch = Layer.succeed(RunEvents, {
          publish: (event) =>
            Effect.sync(() => {
              if (event._tag !== "NodeProgress" || event.node !== "double") return
              const written = [...memory.chunks.values()].reduce((sum, { part }) => sum + (part.rows ?? 0), 0)
              most = Math.max(most, event.progress.done - written)
            })
        })
        const layer = Executor.layerInProcess(Toys.toy).pipe(Layer.provideMerge(memory.layer), Layer.merge(watch))
        const record = yield* Effect.provide(Toys.runToy(), layer)
        expect(record.status).toBe("done")
        expect(Toys.counts.rows.get("double")).toBe(rows)
        Toys.resetCounts()
        return most
      })
    const most = [yield* held(8_000), yield* held(64_000)]
    for (const rows of most) expect(rows).toBeLessThanOrEqual(MOST_ROWS + BATCHES * ROWS)
    // and there was something to hold
    for (const rows of most) expect(rows).toBeGreaterThan(ROWS)
  })
)
