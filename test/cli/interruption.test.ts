import * as fs from "node:fs"
import * as path from "node:path"
import { afterEach, beforeAll, describe, expect, it } from "vitest"
import { changeBuild } from "../rig/changed-build.ts"
import {
  documentOf,
  eventually,
  filesIn,
  finishedChunks,
  goOn,
  imageFolder,
  nodeOf,
  outcomeOf,
  pipeline,
  processesOf,
  project,
  type Rig,
  type RunDocument,
  ran,
  ranChunks,
  recordOf,
  rig,
  run,
  STORED,
  small,
  start,
  statuses,
  stoppedWhere,
  workersOf
} from "../rig/cli.ts"
import { mirror, SLIM } from "../rig/mirror.ts"

/** Which network makes the features is beside the point. */
const slim = ["--backbone", SLIM]

describe("an extraction that is ended half-way", () => {
  let root: string
  let images: string
  let whole: RunDocument
  let at: Rig

  const startRun = () => start(at, "run", "transfer", "--dataset", images, ...small, ...slim, "--json")

  /**
   * A run in the middle of its larger extraction: more chunks are done than the smaller one has, which may come first and
   * then lack no chunk, but its end; not all.
   */
  const halfway = () =>
    stoppedWhere(
      () => {
        at = rig({ root, mirror: wholeAt.mirror })
        return startRun()
      },
      () => finishedChunks(at).length > (nodeOf(whole, "extract-features[test]").chunks?.ran ?? 0),
      () => finishedChunks(at).length >= ranChunks(whole) - 2
    )

  /** The next run computes the chunks that are missing, no other, and ends where an undisturbed run ends. */
  const resume = async () => {
    const kept = finishedChunks(at).length
    expect(kept).toBeLessThan(ranChunks(whole))
    const { document, stderr } = await run(at, images, ...slim)
    expect(ranChunks(document)).toBe(ranChunks(whole) - kept)
    expect(stderr).not.toContain("warning")
    expect(outcomeOf(document)).toEqual(outcomeOf(whole))
    const files = filesIn(path.join(at.results, "transfer"))
    // a report tells of its own run
    for (const file of files.filter((each) => each !== "report.html")) {
      const [one, other] = [at, wholeAt].map(({ results }) => fs.readFileSync(path.join(results, "transfer", file)))
      expect(one?.equals(other ?? Buffer.alloc(0)), file).toBe(true)
    }
    expect(files).toEqual(filesIn(path.join(wholeAt.results, "transfer")))
    expect(ran((await run(at, images, ...slim)).document)).toEqual([])
  }

  let wholeAt: Rig
  beforeAll(async () => {
    root = project()
    images = await imageFolder({ train: 150 })
    wholeAt = rig({ root, mirror: mirror([SLIM]) })
    whole = (await run(wholeAt, images, ...slim)).document
    expect([...ran(whole)].sort()).toEqual([...STORED].sort())
  })

  afterEach(() => {
    for (const pid of at === undefined ? [] : processesOf(at)) process.kill(pid, "SIGKILL")
  })

  it("kill -9 of the command: its worker goes with it, and finished chunks are not computed again", async () => {
    const command = await halfway()
    expect(workersOf(at, command).length).toBeGreaterThanOrEqual(1)
    process.kill(command.pid, "SIGKILL")
    goOn(command)
    expect(await command.finished).toMatchObject({ signal: "SIGKILL", stdout: "" })
    await eventually(() => expect(processesOf(at)).toEqual([]))
    await resume()
  })

  it("kill -9 of the worker: the node fails by the signal's name, its siblings finish, and the next run goes on", async () => {
    const command = await halfway()
    const workers = workersOf(at, command)
    expect(workers).toHaveLength(1)
    process.kill(workers[0] ?? 0, "SIGKILL")
    goOn(command)
    const finished = await command.finished
    expect(finished.code, finished.stderr).toBe(1)
    const document = documentOf(finished)
    expect(document.status).toBe("failed")
    const failed = document.nodes.filter(({ status }) => status === "failed")
    expect(failed.map(({ stage }) => stage)).toEqual(["extract-features"])
    expect(failed[0]?.error).toMatchObject({ tag: "WorkerDied", expected: "it to finish" })
    expect(failed[0]?.error?.what).toContain("SIGKILL")
    expect(document.error).toEqual(failed[0]?.error)
    // the sibling ran, before or after, and only descendants were skipped
    const sibling = failed[0]?.node === "extract-features" ? "extract-features[test]" : "extract-features"
    expect(statuses(document)).toMatchObject({ ingest: "ran", [sibling]: "ran", evaluate: "skipped", plot: "skipped" })
    await eventually(() => expect(processesOf(at)).toEqual([]))
    await resume()
  })

  it("Ctrl-C twice takes along a worker that hears of nothing, as one that was stopped", async () => {
    const command = await halfway()
    const [worker = 0] = workersOf(at, command)
    goOn(command)
    process.kill(worker, "SIGSTOP")
    while (command.child.exitCode === null) {
      process.kill(command.pid, "SIGINT")
      await new Promise((resolve) => setImmediate(resolve))
    }
    const finished = await command.finished
    expect(finished.code, finished.stderr).toBe(130)
    expect(documentOf(finished).status).toBe("interrupted")
    await eventually(() => expect(processesOf(at)).toEqual([]))
    await resume()
  })

  it("its terminal closes: as Ctrl-C, also where the signal comes twice", async () => {
    const command = await halfway()
    // the kernel sends it, and so does the shell
    process.kill(-command.pid, "SIGHUP")
    process.kill(command.pid, "SIGHUP")
    goOn(command)
    const finished = await command.finished
    expect(finished.code, finished.stderr).toBe(130)
    const document = documentOf(finished)
    expect(recordOf(at, document.run)).toMatchObject({ run: document.run, status: "interrupted" })
    expect(filesIn(at.home).filter((file) => file.startsWith("leases/"))).toEqual([])
    expect(processesOf(at)).toEqual([])
    await resume()
  })

  it("Ctrl-C: exit code 130, no orphans, a record that says interrupted; the next run goes on", async () => {
    const command = await halfway()
    // a terminal sends it to every process of the group
    process.kill(-command.pid, "SIGINT")
    goOn(command)
    const finished = await command.finished
    expect(finished.code, finished.stderr).toBe(130)
    const document = documentOf(finished)
    expect(document.status).toBe("interrupted")
    expect(nodeOf(document, "ingest").status).toBe("ran")
    expect(statuses(document)).toMatchObject({ train: "skipped", evaluate: "skipped", plot: "skipped" })
    expect(recordOf(at, document.run)).toMatchObject({ run: document.run, status: "interrupted" })
    expect(processesOf(at)).toEqual([])
    expect(fs.existsSync(path.join(at.results, "transfer"))).toBe(false)
    await resume()
  })
})

describe("a run whose worker never answers", () => {
  let root: string
  let images: string
  let marked: string
  beforeAll(async () => {
    root = project()
    images = await imageFolder({ train: 2, test: 1 })
    expect((await pipeline(rig({ root }), "--build")).code).toBe(0)
    const builds = path.join(root, ".pipeline/build")
    const { id } = JSON.parse(fs.readFileSync(path.join(builds, "current.json"), "utf8"))
    marked = path.join(root, "worker-is-there")
    changeBuild(
      path.join(builds, id, "worker.mjs"),
      `import { writeFileSync } from "node:fs"
       process.on("disconnect", () => process.exit())
       process.on("SIGINT", () => undefined)
       writeFileSync(${JSON.stringify(marked)}, "")
       setInterval(() => {}, 1000)`
    )
  })

  /** One that has got that far. */
  const stuck = async (...args: ReadonlyArray<string>) => {
    fs.rmSync(marked, { force: true })
    const at = rig({ root })
    const command = start(at, "run", "transfer", "--dataset", images, ...small, ...args)
    await eventually(() => expect(fs.existsSync(marked)).toBe(true))
    return { at, command }
  }

  it("ends when it is told to", async () => {
    const { at, command } = await stuck()
    process.kill(command.pid, "SIGTERM")
    expect((await command.finished).code).toBe(130)
    await eventually(() => expect(processesOf(at)).toEqual([]))
  })

  it.each([0, 1, 100])("leaves one document after Ctrl-C twice, %i ms apart", async (millis) => {
    const { at, command } = await stuck("--json")
    process.kill(-command.pid, "SIGINT")
    await new Promise((resolve) => setTimeout(resolve, millis))
    if (command.child.exitCode === null) process.kill(-command.pid, "SIGINT")
    const finished = await command.finished
    expect(finished.code, finished.stderr).toBe(130)
    expect(documentOf(finished).status).toBe("interrupted")
    await eventually(() => expect(processesOf(at)).toEqual([]))
  })
})
