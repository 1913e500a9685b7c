import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { Duration, Effect, Fiber } from "effect"
import { beforeEach, describe, expect, it } from "vitest"
import * as LeaseHolder from "../../../cache/lease-holder.ts"
import type { Answer, Said } from "../../../cluster/Answer.ts"
import * as Claims from "../../../cluster/slurm/Claims.ts"
import type { Slurm } from "../../../cluster/slurm/Slurm.ts"
import { at } from "../../../cluster/slurm/TaskFiles.ts"
import * as TasksSlurm from "../../../cluster/slurm/tasks-slurm.ts"
import * as Waiters from "../../../cluster/slurm/Waiters.ts"
import { ClusterListener, type Handed, Tasks } from "../../../cluster/Tasks.ts"
import { eventually } from "../../rig/cli.ts"
import { command } from "../../rig/command.ts"
import { folder } from "../../rig/folder.ts"
import { answering, awaySlurm, type FakeJob, fakeSlurm, handed } from "../../rig/slurm-fake.ts"

// Tasks and answers are real files; Slurm is the test's own, whose jobs do what a real one's never should.

let root: string
beforeEach(() => {
  root = folder("headrace-tasks")
})

const pace = { gatherMillis: 20, filesMillis: 10, queueMillis: { least: 20, most: 100 }, unsubmittedMillis: 100 }

/** Hands tasks over, as one command does. */
const compute = (slurm: Slurm, tasks: ReadonlyArray<Handed>, heard: Array<string> = []) =>
  Effect.flatMap(Tasks, ({ compute }) => Effect.forEach(tasks, compute, { concurrency: "unbounded" })).pipe(
    Effect.provide(
      TasksSlurm.layer({
        slurm,
        root,
        options: ["-p", "gpu"],
        threads: 8,
        job: { project: "/project", launcher: "/project/pipeline.mjs", env: {} },
        pace
      })
    ),
    Effect.provideService(ClusterListener, (message) => Effect.sync(() => void heard.push(message)))
  )
const answer = async (job: FakeJob, task: Handed = handed("a")): Promise<Answer | undefined> =>
  (await Effect.runPromise(compute(fakeSlurm(job).slurm, [task])))[0]
const explainedOf = (given: Answer | undefined) =>
  given?._tag === "Failed" && given.failure._tag === "NodeFailed" ? given.failure.explained : null

describe("tasks", () => {
  it("that need and take the same become one array, others each their own", async () => {
    const fake = fakeSlurm((files, index) => {
      answering(files, String(index))
      return "RUNNING"
    })
    const limits = { memory: 3 * 2 ** 30, timeout: Duration.minutes(20) }
    const machine = { ...handed("e").need, share: "machine" as const, id: "other" }
    const tasks = [handed("a"), handed("b"), handed("c", { limits }), handed("d", { need: machine })]
    const given = await Effect.runPromise(compute(fake.slurm, tasks))
    expect(given.map((one) => one._tag)).toEqual(["Computed", "Computed", "Computed", "Computed"])
    const options = fake.submitted().map(({ args }) => args.join(" "))
    expect(options.map((all) => /--array=\S+/.exec(all)?.[0]).sort()).toEqual([
      "--array=0-0",
      "--array=0-0",
      "--array=0-1"
    ])
    expect(options.some((all) => all.includes("--cpus-per-task=1 --mem=3584M --time=30 -p gpu"))).toBe(true)
    expect(options.some((all) => all.includes("--cpus-per-task=8 -p gpu"))).toBe(true)
    expect(fs.readdirSync(path.join(root, "claims"))).toEqual([])
    expect(fs.readdirSync(path.join(root, "arrays"))).toEqual([])
  })

  it("are told of while they are computed; what is no such line is passed over", async () => {
    const heard: Array<Said> = []
    const hear = (said: Said) => Effect.sync(() => void heard.push(said))
    const lines = [
      '{"_tag":"Placed","by":"n1"}',
      "no JSON",
      "[".repeat(5000),
      "x".repeat(200_000),
      '{"_tag":"Still","seconds":300}'
    ]
    const fake = fakeSlurm(({ said }) => {
      fs.writeFileSync(said, `${lines.join("\n")}\n{"_tag":"Pla`)
      return "RUNNING"
    })
    const running = Effect.runFork(compute(fake.slurm, [handed("a", { hear })]))
    await eventually(() => expect(heard.map(({ _tag }) => _tag)).toEqual(["Placed", "Still"]))
    await Effect.runPromise(Fiber.interrupt(running))
    expect(fake.rows.map(({ state }) => state)).toEqual(["CANCELLED"])
  })
})

describe("an answer that is none", () => {
  const refused = async (write: (file: string) => void) => {
    const explained = explainedOf(
      await answer((files) => {
        write(files.answer)
        return "COMPLETED"
      })
    )
    expect(explained?.tag).toBe("AnswerRefused")
  }
  it("fails the node, whatever lies in its place", async () => {
    await refused((file) => fs.writeFileSync(file, "no JSON"))
    await refused((file) => fs.writeFileSync(file, `{"_tag":"Computed","sealed":${"[".repeat(9999)}`))
    await refused((file) => fs.writeFileSync(file, '{"_tag":"Computed","sealed":7}'))
    await refused((file) => fs.mkdirSync(file))
    await refused((file) => execFileSync("mkfifo", [file]))
    await refused((file) => {
      fs.writeFileSync(file, "")
      fs.truncateSync(file, 2 ** 32)
    })
  })

  it("fails the node with the last words of the job where there is no answer", async () => {
    const given = await answer(({ output }) => {
      fs.writeFileSync(output, "one\ntwo\nout of luck\n")
      return "TIMEOUT"
    })
    expect(explainedOf(given)).toMatchObject({
      tag: "JobEnded",
      what: 'The Slurm job 1_0 of wait ended TIMEOUT with exit code 1 on n1, saying "one two out of luck"',
      fix: expect.stringContaining("-t MINUTES")
    })
  })
})

describe("a task that another command claimed", () => {
  const place = { array: "headrace-other", index: 0 }
  const files = () => at(root, place)
  const claimed = async (task: Handed) => {
    expect(await Effect.runPromise(Claims.take(root, task.request, place))).toBe(true)
    fs.mkdirSync(files().folder, { recursive: true })
    await Effect.runPromise(Waiters.add(files(), "other"))
  }
  const row = (state: string) => ({ name: place.array, array: 7, index: 0, state })

  it("is joined while its job may answer, and not ended by whoever joined", async () => {
    await claimed(handed("a"))
    const fake = fakeSlurm(() => "RUNNING")
    fake.rows.push(row("RUNNING"))
    const heard: Array<string> = []
    const running = Effect.runFork(compute(fake.slurm, [handed("a")], heard))
    await eventually(() => expect(heard).toHaveLength(1))
    await Effect.runPromise(Fiber.interrupt(running))
    expect(fake.rows[0]?.state).toBe("RUNNING")
    const again = Effect.runPromise(compute(fake.slurm, [handed("a")]))
    answering(files(), "theirs")
    expect(await again).toMatchObject([{ printed: "theirs" }])
    expect(fake.submitted()).toEqual([])
  })

  it("is submitted anew where that job is over without a result, or never was", async () => {
    for (const states of [["FAILED"], []]) {
      await claimed(handed("a"))
      const fake = fakeSlurm((own) => {
        answering(own, "ours")
        return "RUNNING"
      })
      fake.rows.push(...states.map(row))
      expect(await Effect.runPromise(compute(fake.slurm, [handed("a")]))).toMatchObject([{ printed: "ours" }])
      expect(fake.submitted()).toHaveLength(1)
    }
  })

  it("is ended with the last command that waits, also where another was killed on this machine", async () => {
    await claimed(handed("a"))
    const { stdout: gone } = await command(process.execPath, ["-p", "process.pid"])
    const [mark = ""] = fs.readdirSync(files().folder)
    const file = path.join(files().folder, mark)
    const holder = LeaseHolder.readFrom(file)
    if (holder === null) throw new Error(`${file} names nobody`)
    fs.writeFileSync(file, LeaseHolder.written({ ...holder, pid: Number(gone) }))
    const fake = fakeSlurm(() => "RUNNING")
    fake.rows.push(row("PENDING"))
    const heard: Array<string> = []
    const running = Effect.runFork(compute(fake.slurm, [handed("a")], heard))
    await eventually(() => expect(heard).toHaveLength(1))
    await Effect.runPromise(Fiber.interrupt(running))
    expect(fake.rows[0]?.state).toBe("CANCELLED")
  })
})

it("of many that claim a task at once one gets it, and a stale claim's removal leaves its successor's", async () => {
  const { request } = handed("a")
  const places = Array.from({ length: 20 }, (_, index) => ({ array: "headrace-x", index }))
  const take = (place: (typeof places)[number]) => Claims.take(root, request, place)
  const taken = await Effect.runPromise(Effect.forEach(places, take, { concurrency: "unbounded" }))
  expect(taken.filter((mine) => mine)).toHaveLength(1)
  const stale = places[taken.indexOf(true)] as (typeof places)[number]
  await Effect.runPromise(Claims.release(root, request, stale))
  expect(await Effect.runPromise(take({ array: "headrace-y", index: 0 }))).toBe(true)
  await Effect.runPromise(Claims.release(root, request, stale))
  expect(await Effect.runPromise(Claims.find(root, request))).toEqual({ array: "headrace-y", index: 0 })
})

it("a command that is ended while it submits calls off what it submitted", async () => {
  const fake = fakeSlurm(() => "PENDING")
  let isSubmitting = false
  const slow: Slurm = (asked) =>
    Effect.suspend(() => {
      if (asked.command !== "sbatch") return fake.slurm(asked)
      isSubmitting = true
      return Effect.delay(fake.slurm(asked), "50 millis")
    })
  const running = Effect.runFork(compute(slow, [handed("a"), handed("b")]))
  await eventually(() => expect(isSubmitting).toBe(true))
  await Effect.runPromise(Fiber.interrupt(running))
  expect(fake.rows.map(({ state }) => state)).toEqual(["CANCELLED", "CANCELLED"])
  expect(fs.readdirSync(path.join(root, "claims"))).toEqual([])
})

it("a controller that does not answer is told of once, and a command that is ended does not wait for it", async () => {
  const heard: Array<string> = []
  const running = Effect.runFork(compute(awaySlurm, [handed("a"), handed("b")], heard))
  await eventually(() => expect(heard).toHaveLength(1))
  await Effect.runPromise(Fiber.interrupt(running))
})

it("a folder that can't be written to fails the tasks, by name", async () => {
  fs.writeFileSync(path.join(root, "arrays"), "")
  const failed = await Effect.runPromise(Effect.flip(compute(awaySlurm, [handed("a")])))
  expect(failed).toMatchObject({ _tag: "TasksFailed", what: expect.stringContaining(path.join(root, "arrays")) })
})
