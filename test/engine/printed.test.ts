import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { TraceStore } from "../../cache/Trace.ts"
import { Environment } from "../../engine/Environment.ts"
import { MOST, tail } from "../../engine/Printed.ts"
import { single } from "../rig/worker-pipeline.ts"
import { inWorker, nodeOf, type Ran } from "../rig/workers.ts"

const same = (text: string) => text
const SECRET = "hush-hush\nand-hush"
const hide = (text: string) => text.replaceAll(SECRET, "***")

it("a text that is short enough is kept as it is, in whatever pieces it comes", () =>
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 40 }), { maxLength: 20 }), (pieces) => {
      const printed = tail()
      printed.begin(same)
      for (const piece of pieces) printed.add(piece)
      expect(printed.text()).toBe(pieces.join(""))
    })
  ))

it("of a long one the last lines are kept, each whole", () => {
  const printed = tail()
  printed.begin(same)
  for (let line = 1; line <= 100_000; line++) printed.add(`line ${line}\n`)
  const text = printed.text()
  const lines = text.split("\n")
  expect(text.length).toBeLessThanOrEqual(MOST)
  expect(lines.length).toBeGreaterThan(5000)
  expect(lines.at(-2)).toBe("line 100000")
  expect(lines[0]).toBe(`line ${100_000 - lines.length + 2}`)
})

it("no part of a secret is kept, wherever the text is cut and the pieces are", () =>
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.nat({ max: 100 }), (size, before) => {
      const text = `${"-".repeat(before)}${`${SECRET}\n`.repeat(12_000)}`
      const printed = tail()
      printed.begin(hide)
      for (let at = 0; at < text.length; at += size) printed.add(text.slice(at, at + size))
      expect(printed.text()).not.toMatch(/hush/)
      expect(printed.text()).toContain("***")
    }),
    { numRuns: 30 }
  ))

it("a node has nothing of what the one before it printed", () => {
  const printed = tail()
  printed.begin(same)
  printed.add("before\n")
  printed.begin(same)
  printed.add("after\n")
  expect(printed.text()).toBe("after\n")
})

const WAYS = [
  "by console.log",
  "by process.stdout",
  "by process.stderr",
  "by Effect's Console",
  "by Effect's logger",
  "by the descriptor",
  "the token is ***"
]
const TOKEN = "s3cret-token"
const withToken = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provideService(effect, Environment, { ...process.env, TOY_TOKEN: TOKEN })

/** What is kept beside the node's trace. */
const kept = (ran: Ran) =>
  Effect.flatMap(TraceStore, (traces) => {
    const key = nodeOf(ran)?.key
    return key == null ? Effect.succeed(null) : traces.printed("behave", key as never)
  })

it.live("what a node prints is kept beside its trace, by whatever way, its secrets hidden", () =>
  inWorker(
    (run) =>
      withToken(
        Effect.gen(function* () {
          const ran = yield* run(single, { how: "print" })
          expect(nodeOf(ran)).toMatchObject({ status: "ran", printed: null })
          const text = yield* kept(ran)
          for (const way of WAYS) expect(text).toContain(way)
          expect(text).not.toContain(TOKEN)
          // the next node of the same process has its own
          expect(yield* kept(yield* run(single, { how: "well", number: 9 }))).toBe("")
          expect(yield* kept(yield* run(single, { how: "print" }))).toBe(text)
        })
      ),
    { TOY_TOKEN: TOKEN }
  )
)

for (const how of ["print and fail", "print and abort"])
  it.live(`a node that does "${how}" fails with what it printed, in the run's record and events`, () =>
    inWorker(
      (run) =>
        withToken(
          Effect.gen(function* () {
            const ran = yield* run(single, { how })
            const { printed } = nodeOf(ran) ?? {}
            for (const way of WAYS) expect(printed).toContain(way)
            expect(printed).not.toContain(TOKEN)
            expect(ran.events).toContainEqual(expect.objectContaining({ _tag: "NodeFailed", printed }))
          })
        ),
      { TOY_TOKEN: TOKEN }
    )
  )

it.live("of much that is printed at once the end is there", () =>
  inWorker((run) =>
    Effect.gen(function* () {
      const text = (yield* kept(yield* run(single, { how: "print much", number: 200_000 }))) ?? ""
      expect(text.endsWith("line 199999\nline 200000\n")).toBe(true)
      expect(text.length).toBeGreaterThan(MOST / 2)
    })
  )
)
