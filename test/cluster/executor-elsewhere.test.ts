import { Effect } from "effect"
import { beforeEach, expect, it } from "vitest"
import * as BlobsMemory from "../../cache/remote/blobs-memory.ts"
import { generate } from "../../cache/remote/Signature.ts"
import type { Answer } from "../../cluster/Answer.ts"
import type { Handed } from "../../cluster/Tasks.ts"
import { ada, machine, trusting } from "../rig/machines.ts"
import * as Toys from "../rig/toys.ts"

// Two machines in one process, which have nothing in common but a shared store: one asks, the other computes.

beforeEach(() => {
  Toys.resetCounts()
  Toys.sources.clear()
  Toys.lists.set("a", [1, 2, 3])
})

const stored = ["read", "double", "sum", "describe"]

it("has every node computed by another machine, and has its results", async () => {
  const blobs = BlobsMemory.layerMemory()
  const [asking, computing] = [machine(blobs), machine(blobs)]
  const asked: Array<string> = []
  const record = await Effect.runPromise(
    asking.runElsewhere((task: Handed) => {
      asked.push(task.request.node)
      return computing.perform(task)
    })
  )
  expect(Toys.ran(record)).toEqual(stored)
  expect(asked).toEqual(stored)
  const alone = await Effect.runPromise(machine(BlobsMemory.layerMemory()).run())
  expect(Toys.contents(record)).toEqual(Toys.contents(alone))
  // what it was told of, it keeps: the next run asks nobody
  const again = await Effect.runPromise(asking.runElsewhere(() => Effect.die("nobody is asked")))
  expect(Toys.ran(again)).toEqual([])
})

it("puts what it has alone into the shared store before it asks for what is made of that", async () => {
  const blobs = BlobsMemory.layerMemory()
  const [asking, computing] = [machine(blobs), machine(blobs)]
  await Effect.runPromise(asking.run({ by: 0 }))
  Toys.resetCounts()
  const record = await Effect.runPromise(asking.runElsewhere(computing.perform, { modulo: 7 }))
  expect(Toys.ran(record)).toEqual(["sum", "describe"])
  expect([...Toys.counts.runs.keys()].sort()).toEqual(["describe", "sum"])
})

it("takes a stage's failure for the node's, with all that it tells", async () => {
  const blobs = BlobsMemory.layerMemory()
  const [asking, computing] = [machine(blobs), machine(blobs)]
  const record = await Effect.runPromise(asking.runElsewhere(computing.perform, { failAt: 2 }))
  expect(record.nodes.find(({ node }) => node === "double")).toMatchObject({
    status: "failed",
    error: { tag: "ToyBroken", what: "The toy broke at 2", details: { at: 2 } }
  })
})

it("refuses an answer that nobody trusted signed", async () => {
  const blobs = BlobsMemory.layerMemory()
  const stranger = generate().writer
  const asking = machine(blobs)
  const computing = machine(blobs, { writer: stranger, trust: trusting(stranger) })
  const record = await Effect.runPromise(asking.runElsewhere(computing.perform))
  expect(record.nodes.find(({ node }) => node === "read")?.error).toMatchObject({
    tag: "AnswerRefused",
    what: expect.stringContaining("nobody trusts here")
  })
})

it("refuses an answer that was given for another node", async () => {
  const blobs = BlobsMemory.layerMemory()
  const [asking, computing] = [machine(blobs), machine(blobs)]
  let first: Answer | null = null
  const record = await Effect.runPromise(
    asking.runElsewhere((task) =>
      Effect.gen(function* () {
        if (first !== null) return first
        first = yield* computing.perform(task)
        return first
      })
    )
  )
  expect(Toys.statuses(record)).toMatchObject({ read: "ran", double: "failed" })
  expect(record.nodes.find(({ node }) => node === "double")?.error?.tag).toBe("AnswerRefused")
})

it("refuses to compute what its own program would compute under another key", async () => {
  const blobs = BlobsMemory.layerMemory()
  const [asking, computing] = [machine(blobs), machine(blobs)]
  const record = await Effect.runPromise(
    asking.runElsewhere((task) => {
      Toys.sources.set("read", "another edition")
      return computing.perform(task)
    })
  )
  expect(record.nodes.find(({ node }) => node === "read")?.error?.tag).toBe("KeyRefused")
  expect(Toys.counts.runs.size).toBe(0)
})

it("computes no node of which a result is in the shared store by now", async () => {
  const blobs = BlobsMemory.layerMemory()
  const [asking, computing, third] = [machine(blobs), machine(blobs), machine(blobs)]
  const record = await Effect.runPromise(
    asking.runElsewhere((task) => Effect.zipRight(third.perform(task), computing.perform(task)))
  )
  expect(record.status).toBe("done")
  expect(Toys.counts.runs.get("sum")).toBe(1)
})

it("tells how far a node is that another machine computes", async () => {
  const blobs = BlobsMemory.layerMemory()
  const [asking, computing] = [machine(blobs, { writer: ada }), machine(blobs)]
  await Effect.runPromise(
    asking.runElsewhere((task) => Effect.zipRight(task.hear({ _tag: "Placed", by: "turing" }), computing.perform(task)))
  )
  const told = asking.events.flatMap((event) => (event._tag === "NodePlaced" ? [`${event.node} by ${event.by}`] : []))
  expect(told).toEqual(stored.map((node) => `${node} by turing`))
  expect(asking.events.some((event) => event._tag === "NodeProgress" && event.node === "double")).toBe(true)
})
