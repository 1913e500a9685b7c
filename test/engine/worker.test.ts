import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { afterAll, describe } from "vitest"
import { StoreListener } from "../../cache/StoreListener.ts"
import { TraceStore } from "../../cache/Trace.ts"
import * as Executor from "../../engine/Executor.ts"
import * as WorkerExecutor from "../../engine/executor-worker.ts"
import * as RunEvent from "../../engine/RunEvent.ts"
import { PATIENCE_MILLIS } from "../rig/patience.ts"
import * as Toys from "../rig/toys.ts"
import { siblings, single } from "../rig/worker-pipeline.ts"
import {
  type ExecutorLayer,
  home,
  inWorker,
  isAlive,
  nodeOf,
  notesOf,
  pidOf,
  program,
  until,
  using,
  workerProcess
} from "../rig/workers.ts"

/** What must be the same of every trace, whoever computed it. */
const tracesOf = Effect.gen(function* () {
  const traces = yield* TraceStore
  const all = yield* Effect.forEach(["read", "double", "sum", "describe"], (stage) => traces.ofStage(stage))
  return all.flat().map(({ seconds: _, host: __, finished: ___, ...rest }) => rest)
})

const started: Array<ChildProcess> = []
afterAll(() => {
  for (const child of started) child.kill("SIGKILL")
})

const executors: Readonly<Record<string, (toyHome: string) => ExecutorLayer>> = {
  "in process": () => Executor.layerInProcess(Toys.toy, single, siblings),
  "worker process": (toyHome) => workerProcess(toyHome)
}
it.live("what a worker has to tell of its store is heard by whoever asked for the node", () => {
  const heard: Array<string> = []
  return inWorker(
    (run) =>
      Effect.gen(function* () {
        expect(Toys.ran((yield* run(Toys.toy)).record)).toContain("double")
        expect(heard).toEqual(["The store is far away."])
      }),
    { TOY_TELLS: "yes" }
  ).pipe(Effect.provideService(StoreListener, (message) => Effect.sync(() => void heard.push(message))))
})

for (const [name, executor] of Object.entries(executors)) {
  it.live(`${name}: a run leaves traces and progress, and the next run finds everything`, () =>
    Effect.suspend(() => {
      const toyHome = home()
      return using(toyHome, executor(toyHome), (run) =>
        Effect.gen(function* () {
          const first = yield* run(Toys.toy)
          const shape = { read: "ran", shift: "streamed", double: "ran", sum: "ran", describe: "ran" }
          expect(Toys.statuses(first.record)).toEqual(shape)
          expect(first.events.filter(({ _tag }) => _tag === "NodeProgress").length).toBeGreaterThan(10)
          const again = yield* run(Toys.toy)
          expect(Toys.ran(again.record)).toEqual([])
          expect(Toys.contents(again.record)).toEqual(Toys.contents(first.record))
        })
      )
    })
  )

  it.live(`${name}: a stage's own error arrives with its fields, a bug as a bug`, () =>
    Effect.suspend(() => {
      const toyHome = home()
      return using(toyHome, executor(toyHome), (run) =>
        Effect.gen(function* () {
          const failed = yield* run(single, { how: "fail" })
          expect(failed.failures).toMatchObject([
            { explained: { tag: "Misbehaved", details: { _tag: "Misbehaved", how: "fail", at: 7 } } }
          ])
          expect(nodeOf(failed)).toMatchObject({
            status: "failed",
            error: {
              tag: "Misbehaved",
              what: "The stage misbehaved at 7",
              expected: "it to behave",
              fix: "Tell it to."
            }
          })
          const bug = yield* run(single, { how: "defect" })
          expect(bug.failures).toMatchObject([{ explained: { what: "a bug", expected: null, fix: null } }])
        })
      )
    })
  )
}

it.live("both executors leave the same traces", () =>
  Effect.gen(function* () {
    const found = []
    for (const executor of Object.values(executors)) {
      const toyHome = home()
      found.push(yield* using(toyHome, executor(toyHome), (run) => Effect.zipRight(run(Toys.toy), tracesOf)))
    }
    expect(found[0]?.length).toBe(4)
    expect(found[1]).toEqual(found[0])
  })
)

it.live("a worker lives for many nodes, in another process than the command", () =>
  inWorker((run) =>
    Effect.gen(function* () {
      const pids = []
      for (const number of [1, 2, 3]) pids.push(pidOf(notesOf((yield* run(single, { number })).events)[0]))
      expect(new Set(pids).size).toBe(1)
      expect(pids).not.toContain(process.pid)
    })
  )
)

it.live("a node whose facts tell its native threads has a worker with as many; the others have the machine's", () => {
  const toyHome = home()
  const asked: Array<number> = []
  const executor = WorkerExecutor.layerWorkerProcess({
    start: program("start"),
    entry: program("toy-worker"),
    threads: 7,
    env: ({ threads }) => {
      asked.push(threads)
      return { ...process.env, TOY_HOME: toyHome }
    }
  })
  return using(toyHome, executor, (run) =>
    Effect.gen(function* () {
      const pids: Array<number> = []
      for (const [number, threads] of [null, 3, null, 7, 3].entries()) {
        const ran = yield* run(single, { number, threads })
        pids.push(pidOf(notesOf(ran.events)[0]))
      }
      const [first, three, many] = pids
      expect(new Set([first, three, many]).size).toBe(3)
      // the first was idle when another number was asked for, and ended; as they take turns, none is from then on
      expect(pids).toEqual([first, three, many, many, three])
      expect(isAlive(first ?? 0)).toBe(false)
      expect(asked).toEqual([7, 3, 7])
    })
  )
})

for (const [how, end] of [
  ["kill", { signal: "SIGKILL", code: null }],
  ["abort", { signal: "SIGABRT", code: null }],
  ["exit", { signal: null, code: 3 }]
] as const) {
  it.live(`a worker that ends by "${how}" costs its node alone, which says so`, () =>
    inWorker((run) =>
      Effect.gen(function* () {
        const ran = yield* run(siblings, { how })
        expect(ran.failures).toMatchObject([{ _tag: "WorkerDied", ...end }])
        expect(ran.record.nodes.map(({ status }) => status).sort()).toEqual(["failed", "ran"])
        expect(nodeOf(ran)?.error).toMatchObject({ tag: "WorkerDied", expected: "it to finish" })
        // the next node gets a worker that lives
        expect(nodeOf(yield* run(single, { number: 9 }))?.status).toBe("ran")
      })
    )
  )
}

it.live("a worker whose objects fill all memory costs its node alone, which says that and what helps", () =>
  inWorker(
    (run) =>
      Effect.gen(function* () {
        const ran = yield* run(siblings, { how: "fill" })
        expect(ran.failures).toMatchObject([{ _tag: "WorkerDied" }])
        expect(ran.record.nodes.map(({ status }) => status).sort()).toEqual(["failed", "ran"])
        expect(nodeOf(ran)?.error).toMatchObject({
          tag: "WorkerDied",
          what: expect.stringMatching(/saying "FATAL ERROR: .*heap out of memory"$/),
          fix: expect.stringContaining("declare the stage's `memory`")
        })
        expect(nodeOf(yield* run(single, { number: 9 }))?.status).toBe("ran")
      }),
    // as if the machine had no more
    { NODE_OPTIONS: "--max-old-space-size=64" }
  )
)

/** A worker's program that says its pid in a file, and does not get as far as to answer. */
const unready = (toyHome: string, does: string, limits: Partial<WorkerExecutor.Options> = {}) => {
  const entry = path.join(toyHome, "unready.mjs")
  const pid = path.join(toyHome, "pid")
  fs.writeFileSync(
    entry,
    `import { writeFileSync } from "node:fs"\nwriteFileSync("${pid}", String(process.pid))\n${does}`
  )
  return {
    executor: workerProcess(toyHome, {}, { entry, ...limits }),
    pid: () => Number(fs.existsSync(pid) && fs.readFileSync(pid))
  }
}

for (const [when, does] of [
  ["at once", "process.exit(3)"],
  ["after 300 ms", "setTimeout(() => process.exit(3), 300)"]
] as const) {
  it.live(`a worker that ends ${when}, before it is ready, fails its node and is not waited for`, () =>
    Effect.suspend(() => {
      const toyHome = home()
      return using(toyHome, unready(toyHome, does).executor, (run) =>
        Effect.gen(function* () {
          const ran = yield* run(single)
          expect(ran.failures).toMatchObject([{ _tag: "WorkerDied", signal: null, code: 3 }])
          expect(nodeOf(ran)?.status).toBe("failed")
        })
      )
    })
  )
}

/** What the system does with the first worker that is asked for: it refuses the call, or tells afterwards. */
const refusals: Readonly<Record<string, () => Readonly<Record<string, string | undefined>>>> = {
  "an error that is thrown": () => ({ REFUSED: "\0" }),
  "an event": () => {
    process.execPath = "/nowhere/node"
    return process.env
  }
}
for (const [how, refuse] of Object.entries(refusals)) {
  it.live(`a worker that the system does not start, by ${how}, fails its node by name and no other`, () =>
    Effect.suspend(() => {
      const toyHome = home()
      const { execPath } = process
      let asked = 0
      const env = () => {
        process.execPath = execPath
        asked += 1
        return asked === 1 ? refuse() : { ...process.env, TOY_HOME: toyHome }
      }
      return using(toyHome, workerProcess(toyHome, {}, { env }), (run) =>
        Effect.gen(function* () {
          const ran = yield* run(siblings)
          expect(ran.failures).toMatchObject([{ _tag: "WorkerNotStarted", node: expect.stringMatching(/^behave/) }])
          expect(ran.record.nodes.map(({ status }) => status).sort()).toEqual(["failed", "ran"])
          expect(nodeOf(yield* run(single, { number: 9 }))?.status).toBe("ran")
        })
      )
    })
  )
}

it.live("a run that is interrupted while a worker starts ends, and the worker with it", () =>
  Effect.suspend(() => {
    const toyHome = home()
    const { executor, pid } = unready(toyHome, "setInterval(() => undefined, 1000)")
    return using(toyHome, executor, (run) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.fork(run(single))
        yield* until(() => pid() > 0)
        yield* Fiber.interrupt(fiber)
        yield* until(() => !isAlive(pid()))
      })
    )
  })
)

it.live("a worker of another version refuses, since it computes another key", () =>
  inWorker(
    (run) =>
      Effect.gen(function* () {
        const ran = yield* run(single)
        expect(ran.failures).toMatchObject([{ _tag: "KeyRefused", node: "behave", expected: nodeOf(ran)?.key }])
      }),
    { TOY_EDITED: "yes" }
  )
)

for (const how of ["spin", "wait"]) {
  it.live(`an interrupted node that does "${how}" is ended, and its process with it`, () =>
    inWorker((run, events) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.fork(run(single, { how }))
        yield* until(() => notesOf(events).length > 0)
        const pid = pidOf(notesOf(events)[0])
        expect(isAlive(pid)).toBe(true)
        yield* Fiber.interrupt(fiber)
        yield* until(() => !isAlive(pid))
        // nothing is in the way of the next run
        expect(nodeOf(yield* run(single))?.status).toBe("ran")
      })
    )
  )
}

/** So long that a worker which lives beats in it, however busy the machine is. */
const LIMIT_MILLIS = PATIENCE_MILLIS / 60

describe.concurrent("a worker tells that it lives:", () => {
  it.live("a worker that is stopped fails its node by name and is ended; the next node has another", () =>
    inWorker(
      (run, events) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.fork(run(single, { how: "wait" }))
          yield* until(() => notesOf(events).length > 0)
          const pid = pidOf(notesOf(events)[0])
          process.kill(pid, "SIGSTOP")
          const ran = yield* Fiber.join(fiber)
          expect(ran.failures).toMatchObject([{ _tag: "WorkerSilent", node: "behave" }])
          expect(nodeOf(ran)?.error).toMatchObject({
            tag: "WorkerSilent",
            expected: expect.stringContaining("every second")
          })
          yield* until(() => !isAlive(pid))
          expect(nodeOf(yield* run(single, { number: 9 }))?.status).toBe("ran")
        }),
      {},
      { silentMillis: LIMIT_MILLIS }
    )
  )

  it.live("a worker that computes in one call for longer than silence may last is waited for, and told of", () =>
    inWorker(
      (run) =>
        Effect.gen(function* () {
          const ran = yield* run(single, { how: "block", number: 2 * LIMIT_MILLIS })
          expect(nodeOf(ran)?.status).toBe("ran")
          expect(ran.events).toContainEqual(
            RunEvent.RunEvent.Warned({ node: "behave", message: expect.stringContaining("has been in one call") })
          )
        }),
      {},
      { silentMillis: LIMIT_MILLIS, stillMillis: 1000 }
    )
  )

  it.live("a worker whose program takes longer to load than silence may last is waited for", () =>
    Effect.suspend(() => {
      const toyHome = home()
      const cell = "new Int32Array(new SharedArrayBuffer(4))"
      const { executor } = unready(
        toyHome,
        `Atomics.wait(${cell}, 0, 0, ${2 * LIMIT_MILLIS})\nawait import("${program("toy-worker")}")`,
        { silentMillis: LIMIT_MILLIS }
      )
      return using(toyHome, executor, (run) =>
        Effect.map(run(single), (ran) => expect(nodeOf(ran)?.status).toBe("ran"))
      )
    })
  )

  it.live("a worker that is stopped before it is ready fails its node by name", () =>
    Effect.suspend(() => {
      const toyHome = home()
      const { executor, pid } = unready(toyHome, `process.kill(process.pid, "SIGSTOP")`, { silentMillis: LIMIT_MILLIS })
      return using(toyHome, executor, (run) =>
        Effect.gen(function* () {
          const ran = yield* run(single)
          expect(ran.failures).toMatchObject([{ _tag: "WorkerSilent", node: "behave" }])
          expect(isAlive(pid())).toBe(false)
        })
      )
    })
  )
})

for (const how of ["wait", "spin"])
  it.live(`a worker that does "${how}" exits when its parent is killed`, () =>
    Effect.gen(function* () {
      const toyHome = home()
      const env = {
        ...process.env,
        TOY_HOME: toyHome,
        TOY_HOW: how,
        TOY_START: program("start"),
        TOY_WORKER: program("toy-worker")
      }
      const parent = spawn(process.execPath, [program("parent-of-worker")], {
        env,
        stdio: ["ignore", "pipe", "inherit"]
      })
      started.push(parent)
      let said = ""
      parent.stdout?.setEncoding("utf8").on("data", (text: string) => {
        said += text
      })
      yield* until(() => said.includes("\n"))
      const pid = pidOf(said.trim())
      expect(isAlive(pid)).toBe(true)
      parent.kill("SIGKILL")
      yield* until(() => !isAlive(pid))
    })
  )
