import { expect, it } from "@effect/vitest"
import { Duration, Effect, Schema } from "effect"
import * as Document from "../../artifacts/Document.ts"
import { make as makeNode } from "../../engine/Node.ts"
import * as NodeKey from "../../engine/NodeKey.ts"
import * as Param from "../../engine/Param.ts"
import * as Stage from "../../engine/Stage.ts"
import * as Toys from "../rig/toys.ts"
import { single } from "../rig/worker-pipeline.ts"
import { inWorker, isAlive, nodeOf, notesOf, pidOf, until } from "../rig/workers.ts"

const MEBIBYTE = 2 ** 20
/** More than a worker with nothing to do holds, and less than the stage that holds or fills. */
const SOME = 400 * MEBIBYTE

for (const how of ["wait", "spin"])
  it.live(`a node that does "${how}" for longer than its timeout fails by name, and its process is ended`, () =>
    inWorker((run) =>
      Effect.gen(function* () {
        const ran = yield* run(single, { how, within: 0.5 })
        expect(ran.failures).toMatchObject([{ _tag: "NodeTimedOut", node: "behave", seconds: 0.5 }])
        expect(nodeOf(ran)?.error).toMatchObject({
          tag: "NodeTimedOut",
          what: "behave took longer than its timeout of 0.5 s, and was ended",
          expected: "it to be done by then"
        })
        const pid = pidOf(notesOf(ran.events)[0])
        yield* until(() => !isAlive(pid))
        // nothing of it is kept, and nothing is in the way of the next
        expect(nodeOf(yield* run(single, { how: "well", within: 1000 }))?.status).toBe("ran")
      })
    )
  )

it.live("a node with a timeout takes the process that others have", () =>
  inWorker((run) =>
    Effect.gen(function* () {
      const limited = yield* run(single, { number: 1, within: 1000 })
      const other = yield* run(single, { number: 2 })
      expect(pidOf(notesOf(other.events)[0])).toBe(pidOf(notesOf(limited.events)[0]))
    })
  )
)

it.live("a node that holds more memory than it may fails by name", () =>
  inWorker((run) =>
    Effect.gen(function* () {
      const ran = yield* run(single, { how: "hold", memory: SOME })
      expect(ran.failures).toMatchObject([{ _tag: "MemoryExceeded", node: "behave", most: SOME }])
      expect(nodeOf(ran)?.error).toMatchObject({
        tag: "MemoryExceeded",
        what: expect.stringMatching(/^behave exceeded its memory: its process held \d+ MiB$/),
        expected: "at most 400 MiB, as its stage declares"
      })
      expect(nodeOf(yield* run(single))?.status).toBe("ran")
    })
  )
)

it.live("a node whose objects fill the memory that it may hold fails by the same name", () =>
  inWorker((run) =>
    Effect.gen(function* () {
      const ran = yield* run(single, { how: "fill", memory: SOME })
      expect(ran.failures).toMatchObject([{ _tag: "MemoryExceeded", node: "behave", most: SOME }])
    })
  )
)

it.live("what others left in their process is not held against a node with a bound", () =>
  inWorker((run) =>
    Effect.gen(function* () {
      const others = pidOf(notesOf((yield* run(single, { number: 1 })).events)[0])
      const pids = []
      for (const number of [2, 3]) {
        const ran = yield* run(single, { number, memory: SOME })
        expect(nodeOf(ran)?.status).toBe("ran")
        pids.push(pidOf(notesOf(ran.events)[0]))
      }
      expect(new Set([others, ...pids]).size).toBe(3)
    })
  )
)

const Note = Document.make("Note", 1, Schema.Struct({ value: Schema.Int }))
type Limiting = Pick<Parameters<typeof Stage.make>[0], "timeout" | "memory">
const limited = (limits: Limiting) =>
  Stage.make({
    ...limits,
    name: "behave",
    inputs: {},
    outputs: { note: Note },
    run: () => Effect.succeed({ note: { value: 1 } })
  })

it.effect("what a node may take is no part of its key", () =>
  Effect.gen(function* () {
    const keyOf = ({ definition }: ReturnType<typeof limited>) => NodeKey.make(makeNode(definition, {}, {}), {})
    const free = yield* keyOf(limited({}))
    expect(yield* keyOf(limited({ timeout: "1 minute", memory: SOME }))).toEqual(free)
  }).pipe(Effect.provide(Toys.layerCode))
)

for (const [wrong, what, fix] of [
  [{ timeout: "0 seconds" }, 'declares the timeout "0 seconds"', 'Try timeout: "10 minutes", or leave it out.'],
  [{ timeout: "soon" as never }, 'declares the timeout "soon"', 'Try timeout: "10 minutes", or leave it out.'],
  [{ timeout: Number.POSITIVE_INFINITY }, "declares the timeout Infinity", 'Try timeout: "10 minutes"'],
  [{ memory: 1.5 }, "declares the memory 1.5", "Try memory: 4 * 1024 ** 3, or leave it out."],
  [{ memory: 0 }, "declares the memory 0", "Try memory: 4 * 1024 ** 3, or leave it out."]
] as const)
  it(`a stage that ${what} is refused when it is made`, () => {
    expect(() => limited(wrong)).toThrow(`Stage "behave" ${what}`)
    expect(() => limited(wrong)).toThrow(fix)
  })

it("a streamed stage, which is no node of its own, declares no limits", () => {
  const streamed = () =>
    Stage.rows({
      name: "shift-slowly",
      keep: "streamed",
      over: "numbers",
      inputs: { numbers: Toys.Numbers },
      outputs: { shifted: Toys.Numbers },
      timeout: "1 minute",
      run: (_) => Effect.succeed((rows) => Effect.succeed(rows))
    })
  expect(streamed).toThrow('Stage "shift-slowly" is streamed and declares a timeout or memory')
})

it("a stage of a plain function declares limits as all others do, where what it makes is stored", () => {
  const mapped = (keep?: "stored") =>
    Stage.map({
      name: "shift-each",
      ...(keep === undefined ? {} : { keep }),
      inputs: { numbers: Toys.Numbers },
      params: { minutes: Param.make(Schema.Int, 2, "Minutes that it may take") },
      outputs: { shifted: Toys.Numbers },
      timeout: ({ minutes }) => `${minutes} minutes`,
      memory: SOME,
      run: (row) => row
    })
  expect(mapped("stored").definition.limits?.({ minutes: 2 })).toEqual({
    timeout: Duration.minutes(2),
    memory: SOME
  })
  expect(mapped).toThrow('keep: "stored"')
})

it.live("a limit that parameters make nonsense of fails the node, and says what it is", () =>
  inWorker((run) =>
    Effect.gen(function* () {
      const ran = yield* run(single, { memory: -1 })
      expect(nodeOf(ran)?.error).toMatchObject({
        what: 'Stage "behave" declares the memory -1',
        expected: "a whole number of bytes above 0"
      })
    })
  )
)
