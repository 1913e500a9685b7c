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

interface SweepDocument {
  readonly run: string
  readonly status: string
  readonly until: ReadonlyArray<string> | null
  readonly report: string
  readonly varied: ReadonlyArray<string>
  readonly params: Readonly<Record<string, unknown>>
  readonly points: ReadonlyArray<{
    readonly params: Readonly<Record<string, unknown>>
    readonly status: string
    readonly ran: boolean | null
    readonly metrics: Readonly<Record<string, number>>
    readonly error: { readonly tag: string; readonly what: string } | null
  }>
  readonly nodes: { readonly ran: number; readonly reused: number; readonly failed: number }
  readonly error?: { readonly tag: string; readonly what: string; readonly expected: string; readonly fix: string }
}

const network = JSON.stringify([{ kind: "flatten" }, { kind: "dense", units: 4, activation: "relu" }])

describe("a sweep", () => {
  let at: Rig

  const sweep = async (code: number, ...args: ReadonlyArray<string>): Promise<SweepDocument> => {
    const finished = await pipeline(at, "sweep", "simple-cnn", "--epochs", "1", "--network", network, ...args, "--json")
    expect(finished.code, finished.stderr + finished.stdout).toBe(code)
    return documentOf(finished) as unknown as SweepDocument
  }
  const statuses = ({ points }: SweepDocument) => points.map(({ status, ran }) => (ran ? `${status}, ran` : status))

  beforeAll(async () => {
    at = rig()
    await giveCifar10(at)
  })

  it("computes every combination once, shares what is shared, and then only what was added", async () => {
    const first = await sweep(0, "--over", "learning-rate=0.001,0.01", "--over", "l2=0,0.5")
    expect(first.varied).toEqual(["learningRate", "l2"])
    expect(first.points.map(({ params }) => params)).toEqual([
      { learningRate: 0.001, l2: 0 },
      { learningRate: 0.001, l2: 0.5 },
      { learningRate: 0.01, l2: 0 },
      { learningRate: 0.01, l2: 0.5 }
    ])
    expect(statuses(first)).toEqual(Array.from({ length: 4 }, () => "done, ran"))
    // ingest, and a training and an evaluation a point; no figures
    expect(first.nodes).toEqual({ ran: 9, reused: 0, failed: 0 })
    const metrics = first.points[0]?.metrics
    expect(metrics).toMatchObject({ epochs: 1, bestEpoch: 1, validationAccuracy: expect.any(Number) })
    const again = await sweep(0, "--over", "learning-rate=0.001,0.01", "--over", "l2=0,0.5")
    expect(again.nodes).toEqual({ ran: 0, reused: 9, failed: 0 })
    expect(again.points.map(({ metrics }) => metrics)).toEqual(first.points.map(({ metrics }) => metrics))
    const more = await sweep(0, "--over", "learning-rate=0.001,0.003,0.01", "--over", "l2=0.5,0")
    expect(statuses(more)).toEqual(["done", "done", "done, ran", "done, ran", "done", "done"])
    const alone = ["--epochs", "1", "--network", network, "--learning-rate", "0.003"]
    expect(ran(documentOf(await pipeline(at, "run", "simple-cnn", ...alone, "--json")))).not.toContain("train-network")
  })

  it("ranks its points by validation accuracy, seeds together as mean and deviation", async () => {
    const args = ["--epochs", "2", "--network", network, "--over", "learningRate=0.002,0.02", "--seeds", "3"]
    const { stdout, stderr, code } = await pipeline(at, "sweep", "simple-cnn", ...args)
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/^point 6 of 6: learning rate 0\.02, seed 2: .*validation accuracy [\d.]+ %/m)
    const [header, ...rows] = stdout.trim().split("\n")
    expect(header).toMatch(/^learning rate +validation accuracy +test accuracy .*best epoch/)
    expect(rows).toHaveLength(4)
    const shares = rows.slice(0, 2).map((row) => Number(/([\d.]+) ± [\d.]+ %/.exec(row)?.[1]))
    expect(shares[0]).toBeGreaterThanOrEqual(shares[1] ?? 100)
    expect(rows[0]).toMatch(/3 seeds, 3 ran$/)
    expect(rows[2]).toBe(`report: ${path.join(at.results, "sweep", "simple-cnn.html")}`)
    expect(rows[3]).toMatch(/^simple-cnn \S+ done in .*: 6 of 6 points; \d+ nodes ran/)
  })

  it("draws points at random from ranges, the same ones again and then more", async () => {
    const over = ["--over", "learning-rate=log(1e-4,1e-1)", "--over", "batch-size=int(2,9)"]
    const three = await sweep(0, ...over, "--random", "3")
    const five = await sweep(0, ...over, "--random", "5")
    expect(five.points.slice(0, 3).map(({ params }) => params)).toEqual(three.points.map(({ params }) => params))
    expect(statuses(five)).toEqual(["done", "done", "done", "done, ran", "done, ran"])
    for (const { params } of five.points) {
      expect(Number(params.learningRate)).toBeGreaterThanOrEqual(1e-4)
      expect(Number(params.learningRate)).toBeLessThanOrEqual(1e-1)
      expect([2, 3, 4, 5, 6, 7, 8, 9]).toContain(params.batchSize)
    }
  })

  it("carries out each point until a node, and nodes again, as its report says how to", async () => {
    const seeds = ["--over", "seed=7,8"]
    const part = await sweep(0, ...seeds, "--until", "train-network")
    expect(part).toMatchObject({ until: ["train-network"], nodes: { ran: 2, reused: 1, failed: 0 } })
    expect(part.points.map(({ metrics }) => Object.keys(metrics))).not.toContain("testAccuracy")
    // it is not the sweep's page, which tells what points came to
    expect(part.report).toContain(`${part.run}.html`)
    expect(fs.readFileSync(part.report, "utf8")).toMatch(
      /pipeline sweep simple-cnn .*--over seed=7,8 --until train-network/
    )

    expect((await sweep(0, ...seeds)).nodes).toEqual({ ran: 2, reused: 3, failed: 0 })
    const again = await sweep(0, ...seeds, "--again", "evaluate-network")
    expect(again).toMatchObject({ until: null, nodes: { ran: 2, reused: 3, failed: 0 } })
    expect(statuses(again)).toEqual(["done, ran", "done, ran"])
    const { error } = await sweep(2, ...seeds, "--again", "evaluate-network", "--until", "train-network")
    expect(error?.what).toBe("--again evaluate-network asks for a node that --until train-network leaves out")
  })

  it("lets a failed point take no other with it, and tells why", async () => {
    const failed = await sweep(1, "--optimizer", "sgd", "--batch-size", "2", "--over", "learning-rate=0.001,1e30,0.01")
    expect(failed.status).toBe("failed")
    expect(failed.points.map(({ status }) => status)).toEqual(["done", "failed", "done"])
    expect(failed.points[1]?.error).toMatchObject({ tag: "Diverged", what: expect.stringContaining("diverged") })
    expect(failed.nodes.failed).toBe(1)
  })

  it("keeps what is done when it is interrupted, and goes on from there", async () => {
    let before = 0
    let over: ReadonlyArray<string> = []
    const trained = () => tracesOf(at, "train-network").length - before
    const command = await stoppedWhere(
      () => {
        before = tracesOf(at, "train-network").length
        // seeds that no try has had before
        const seeds = Array.from({ length: 8 }, (_, seed) => 1000 + 8 * before + seed)
        over = ["--over", `seed=${seeds.join(",")}`]
        return start(at, "sweep", "simple-cnn", "--epochs", "40", "--network", network, ...over, "--json")
      },
      () => trained() >= 2,
      () => trained() >= 7
    )
    process.kill(-command.pid, "SIGINT")
    goOn(command)
    const finished = await command.finished
    expect(finished.code, finished.stderr).toBe(130)
    const interrupted = documentOf(finished) as unknown as SweepDocument
    expect(interrupted.status).toBe("interrupted")
    const done = trained()
    const again = documentOf(
      await pipeline(at, "sweep", "simple-cnn", "--epochs", "40", "--network", network, ...over, "--json")
    ) as unknown as SweepDocument
    expect(again.status).toBe("done")
    expect(trained()).toBe(8)
    // ingest and the trainings that were done
    expect(again.nodes.reused).toBeGreaterThanOrEqual(1 + done)
  })

  it.each([
    ["an unknown parameter", ["--over", "learnin-rate=1"], "Did you mean learning-rate?"],
    ["no values", ["--over", "epochs="], "gives epochs no values; expected one value or more after ="],
    ["an empty range", ["--over", "batch-size=int(9,2,3)"], "The range int(9,2,3) is empty"],
    ["a range that is none", ["--over", "l2=log(a,b,c)"], "is no range; expected log(FROM, TO, COUNT), such as"],
    ["a logarithm from zero", ["--over", "l2=log(0,1,3)"], "begins at 0; expected a number above 0"],
    ["no count", ["--over", "l2=linear(0,1)"], "does not say how many values it has"],
    ["a value that is refused", ["--over", "batch-size=8,-1"], 'Param "batchSize" is -1; expected a whole number'],
    ["text for a number", ["--over", "batch-size=many"], 'Param "batchSize" is "many"'],
    ["nothing to vary", [], "The sweep varies nothing"],
    ["a parameter twice", ["--over", "l2=0", "--over", "l2=1"], "l2 is given twice"],
    ["a parameter that is also given", ["--l2", "1", "--over", "l2=0"], "l2 is given twice"],
    ["no seeds", ["--seeds", "0"], "--seeds is 0; expected a whole number from 1"],
    ["no jobs", ["--jobs", "0", "--over", "l2=0"], "--jobs is 0; expected a whole number from 1"],
    ["too many points", ["--over", "l2=linear(0,1,99999)", "--over", "seed=int(0,9,9)"], "expected 100000 at most"],
    ["seeds twice", ["--seeds", "2", "--over", "seed=1"], "--seeds and --over seed both say which seeds"],
    ["one seed and several", ["--seeds", "2", "--seed", "5"], "--seeds and --seed both say which seeds"],
    ["nothing to draw from", ["--random", "5", "--seeds", "2"], "--random has nothing to draw from"],
    ["ends that are not whole", ["--over", "batch-size=int(0.5,4,2)"], "has ends that are not whole"]
  ])("refuses %s in three parts", async (_, args, what) => {
    const { code, stderr, stdout } = await pipeline(at, "sweep", "simple-cnn", ...args)
    expect(stdout).toBe("")
    expect(stderr).toContain(what)
    expect(code).toBe(2)
  })
})
