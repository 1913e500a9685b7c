import { Effect, FastCheck as fc } from "effect"
import { beforeEach, expect, it } from "vitest"
import * as BlobsMemory from "../../cache/remote/blobs-memory.ts"
import { divide } from "../../cluster/Ranges.ts"
import type { Handed } from "../../cluster/Tasks.ts"
import { machine } from "../rig/machines.ts"
import * as Toys from "../rig/toys.ts"

// One table by several machines: each computes some of its chunks, and one of them makes the table of what it finds.

beforeEach(() => {
  Toys.resetCounts()
  Toys.sources.clear()
})

const chunk = fc.record({ rows: fc.integer({ min: 1, max: 1000 }), isKept: fc.boolean() })

it("divides a table so that every chunk that is to be computed is in one part, and all of a part lies together", () => {
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 200 }), fc.integer({ min: 2, max: 50 }), (chunks, machines) => {
      const parts = divide(chunks, machines)
      const missing = chunks.flatMap(({ isKept }, at) => (isKept ? [] : [at]))
      if (missing.length < 8) {
        expect(parts).toEqual([])
        return
      }
      const covered = parts.flatMap(({ from, to }) => missing.filter((at) => at >= from && at < to))
      expect(covered).toEqual(missing)
      for (const [at, { from, to, rows }] of parts.entries()) {
        expect(from).toBeLessThan(to)
        if (at > 0) expect(from).toBeGreaterThanOrEqual(parts[at - 1]?.to ?? 0)
        expect(rows).toBe(chunks.slice(from, to).reduce((sum, one) => sum + one.rows, 0))
      }
    })
  )
})

it("divides into about three parts a machine, and not at all for one machine or a few chunks", () => {
  const chunks = Array.from({ length: 60 }, () => ({ rows: 10, isKept: false }))
  expect(divide(chunks, 4)).toHaveLength(12)
  expect(divide(chunks, 100)).toHaveLength(30)
  expect(divide(chunks, 1)).toEqual([])
  expect(divide(chunks.slice(0, 7), 4)).toEqual([])
})

it("computes each chunk of a table once, on several machines, and has the table that one machine makes", async () => {
  Toys.lists.set(
    "a",
    Array.from({ length: 30_000 }, (_, at) => at)
  )
  const blobs = BlobsMemory.layerMemory()
  const asking = machine(blobs)
  const computing = [machine(blobs), machine(blobs), machine(blobs)]
  const asked: Array<string> = []
  const record = await Effect.runPromise(
    asking.runElsewhere(
      (task: Handed) => {
        const { node, range } = task.request
        asked.push(range === null ? node : `${node} ${range.from}-${range.to}`)
        const [first] = computing
        return (computing[asked.length % computing.length] ?? first)?.perform(task) ?? Effect.die("no machine")
      },
      {},
      3
    )
  )
  const parts = asked.filter((one) => one.startsWith("double "))
  expect(parts.length).toBeGreaterThan(3)
  expect(asked.indexOf("double")).toBeGreaterThan(asked.lastIndexOf(parts.at(-1) ?? ""))
  // the machine that made the table of them computed none anew
  expect(Toys.counts.rows.get("double")).toBe(30_000)
  const told = asking.events.flatMap((event) =>
    event._tag === "NodeProgress" && event.node === "double" ? [event.progress] : []
  )
  expect(told.at(-1)).toMatchObject({ done: 30_000, total: 30_000 })
  const alone = await Effect.runPromise(machine(BlobsMemory.layerMemory()).run())
  expect(Toys.contents(record)).toEqual(Toys.contents(alone))
})

it("hands out no chunks that are kept", async () => {
  const all = Array.from({ length: 30_000 }, (_, at) => at)
  Toys.lists.set("a", all)
  const blobs = BlobsMemory.layerMemory()
  const [asking, computing] = [machine(blobs), machine(blobs)]
  await Effect.runPromise(asking.runElsewhere(computing.perform, {}, 3))
  Toys.resetCounts()
  Toys.lists.set("a", [...all, 1, 2, 3])
  const asked: Array<unknown> = []
  await Effect.runPromise(
    asking.runElsewhere(
      (task) => {
        if (task.request.node === "double") asked.push(task.request.range)
        return computing.perform(task)
      },
      {},
      3
    )
  )
  expect(asked).toEqual([null])
  expect(Toys.counts.rows.get("double")).toBeLessThan(30_000)
})
