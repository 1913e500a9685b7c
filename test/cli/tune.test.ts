import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import {
  documentOf,
  giveCifar10,
  goOn,
  pipeline,
  type Rig,
  ran,
  rig,
  start,
  stoppedWhere,
  tracesOf
} from "../rig/cli.ts"

interface TuneDocument {
  readonly run: string
  readonly status: string
  readonly report: string
  readonly rungs: ReadonlyArray<number>
  readonly trials: ReadonlyArray<{
    readonly trial: number
    readonly steps: number
    readonly params: Readonly<Record<string, unknown>>
    readonly status: string
    readonly score: number | null
    readonly error: { readonly tag: string } | null
  }>
  readonly best: {
    readonly trial: number
    readonly score: number
    readonly params: Readonly<Record<string, unknown>>
    readonly metrics: Readonly<Record<string, number>>
    readonly command: string
  } | null
  readonly nodes: { readonly ran: number; readonly reused: number; readonly failed: number }
  readonly error?: { readonly tag: string; readonly what: string; readonly expected: string; readonly fix: string }
}

const network = JSON.stringify([{ kind: "flatten" }, { kind: "dense", units: 4, activation: "relu" }])
const fixed = ["--epochs", "9", "--network", network, "--batch-size", "4"]
const over = ["--over", "learning-rate=log(1e-3,1e-1)"]

describe("a tune", () => {
  let at: Rig

  const tune = async (code: number, ...args: ReadonlyArray<string>): Promise<TuneDocument> => {
    const finished = await pipeline(at, "tune", "simple-cnn", ...fixed, ...args, "--json")
    expect(finished.code, finished.stderr + finished.stdout).toBe(code)
    return documentOf(finished) as unknown as TuneDocument
  }
  const told = ({ trials, best }: TuneDocument) => ({ trials, best: best?.trial })

  beforeAll(async () => {
    at = rig()
    await giveCifar10(at)
  })

  it("takes many trials a few steps, the best of them to the end, and is found again", async () => {
    const first = await tune(0, ...over, "--trials", "9")
    expect(first.rungs).toEqual([1, 3, 9])
    expect(first.trials.map(({ steps }) => steps)).toEqual([...new Array(9).fill(1), 3, 3, 3, 3, 9, 9])
    // ingest, a training a trial and rung, and one evaluation
    expect(first.nodes).toEqual({ ran: 17, reused: 0, failed: 0 })
    const scores = first.trials.map(({ score }) => score ?? 0)
    expect(first.best?.score).toBe(Math.max(...scores))
    expect(Object.keys(first.best?.metrics ?? {})).toContain("testAccuracy")
    // the trainings of a rung go on from those of the rung below
    const reasons = tracesOf(at, "train-network").map(({ text }) => text.params.epochs)
    expect(reasons.filter((epochs) => epochs === 9)).toHaveLength(2)

    const again = await tune(0, ...over, "--trials", "9", "--jobs", "1")
    expect(again.nodes).toEqual({ ran: 0, reused: 17, failed: 0 })
    expect(told(again)).toEqual(told(first))

    // the command that repeats the best one has nothing left to do but its figures
    const words = (first.best?.command ?? "").split(" ").slice(3)
    expect(first.best?.command).toMatch(/^npx pipeline run simple-cnn /)
    const unquoted = words.map((word) => word.replace(/^'|'$/g, ""))
    const repeated = documentOf(await pipeline(at, "run", ...unquoted, "--json"))
    expect(ran(repeated)).not.toContain("train-network")
    expect(ran(repeated)).not.toContain("evaluate-network")

    expect(first.report).toBe(path.join(at.results, "tune", "simple-cnn.html"))
    const page = fs.readFileSync(first.report, "utf8")
    expect(page).toContain("How the search went")
    expect(page).toMatch(/npx pipeline tune simple-cnn .*--trials 9 --goal max:validationAccuracy --strategy halving/)
    const { stdout } = await pipeline(at, "list")
    expect(stdout).toMatch(/^simple-cnn +(tune )?done/m)
    expect(stdout).toContain("simple-cnn, 9 trials")
  })

  it("tells in a pipe what it will cost, a line a trial and rung, and the best at the end", async () => {
    const { stdout, stderr, code } = await pipeline(at, "tune", "simple-cnn", ...fixed, ...over, "--budget", "30epochs")
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(
      /^simple-cnn: \d+ trials, \d+ epochs of them: \d+ to 1 epoch, \d+ to 3, \d+ to 9; about .* per epoch/m
    )
    expect(stderr).toMatch(/^1 of \d+ to 1 epoch: trial \d+, learning rate \S+: validation accuracy [\d.]+ %/m)
    expect(stderr).toMatch(/^trial \d+ is the best, and carried out as a whole$/m)
    const lines = stdout.trim().split("\n")
    expect(lines[0]).toMatch(/^trial +learning rate +epochs +validation accuracy$/)
    expect(stdout).toMatch(/^best: trial \d+, validation accuracy [\d.]+ %, test accuracy/m)
    expect(stdout).toMatch(/^again: npx pipeline run simple-cnn .*--learning-rate/m)
    expect(lines.at(-1)).toMatch(/^tune of simple-cnn \S+ done in .*: \d+ trials; \d+ nodes ran, \d+ cached$/)
  })

  it("goes on from where it was killed, to the same end", async () => {
    const args = ["--over", "l2=log(1e-5,1e-2)", "--trials", "9"]
    const trained = () => tracesOf(at, "train-network").filter(({ text }) => text.params.l2 !== 0).length
    const command = await stoppedWhere(
      () => start(at, "tune", "simple-cnn", ...fixed, ...args, "--json"),
      () => trained() >= 3,
      () => trained() >= 12
    )
    process.kill(-command.pid, "SIGINT")
    goOn(command)
    const finished = await command.finished
    expect(finished.code, finished.stderr).toBe(130)
    expect((documentOf(finished) as unknown as TuneDocument).status).toBe("interrupted")
    const done = trained()
    const again = await tune(0, ...args)
    expect(again.status).toBe("done")
    expect(again.nodes.reused).toBeGreaterThanOrEqual(done)
    expect(trained()).toBe(15)
  })

  it("counts what fails among its results, and goes on with the others", async () => {
    const failing = await tune(0, "--optimizer", "sgd", "--over", "learning-rate=0.01,1e30")
    expect(failing.status).toBe("done")
    expect(failing.trials.find(({ error }) => error?.tag === "Diverged")).toMatchObject({
      status: "failed",
      score: null
    })
    expect(failing.best?.params.learningRate).toBe(0.01)
    const none = await tune(1, "--optimizer", "sgd", "--over", "learning-rate=1e29,1e30")
    expect(none).toMatchObject({ status: "failed", best: null, error: { tag: "NoTrialSucceeded" } })
  })

  it.each([
    ["nothing to choose from", [], "The tune is over nothing"],
    ["what trials are measured on", ["--over", "seed=1,2"], "Trials that differ in seed are not comparable"],
    ["what rungs decide", ["--over", "epochs=1,2"], "--over epochs varies what halving itself decides"],
    ["an empty budget", [...over, "--budget", "0m"], "--budget 0m is empty"],
    ["too small a budget", [...over, "--budget", "3epochs"], "expected 9 epochs or more"],
    ["a goal without a direction", [...over, "--goal", "testAccuracy"], "does not say what is best"],
    ["a goal that no result has", [...over, "--goal", "max:beauty"], 'simple-cnn has no number "beauty"'],
    ["the test images", [...over, "--goal", "max:testAccuracy"], "The trials would be chosen on the test set"],
    ["the test images as validation", [...over, "--validation", "test"], "say it a second time, by --choose-on-test"],
    ["no trial at a time", [...over, "--jobs", "0"], "--jobs is 0; expected a whole number from 1"],
    ["another strategy", [...over, "--strategy", "luck"], 'There is no strategy "luck"'],
    ["a grid of a range", [...over, "--strategy", "grid"], "does not say how many values it has"]
  ])("refuses %s before anything is computed", async (_, args, what) => {
    const before = tracesOf(at, "train-network").length
    // a parameter has one value, or several to choose from
    const others = args.includes("epochs=1,2") ? fixed.slice(2) : fixed
    const { stderr, stdout, code } = await pipeline(at, "tune", "simple-cnn", ...others, ...args)
    expect([code, stdout]).toEqual([2, ""])
    expect(stderr).toContain(what)
    expect(tracesOf(at, "train-network")).toHaveLength(before)
  })

  it("chooses on the test images where that is said twice", async () => {
    const args = ["--strategy", "random", "--trials", "2", "--goal", "max:testAccuracy"]
    const told = await tune(0, ...over, ...args, "--choose-on-test")
    expect(told.best?.score).toBe(told.best?.metrics.testAccuracy)
  })
})
