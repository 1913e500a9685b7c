import * as fs from "node:fs"
import * as path from "node:path"
import sharp, { type Region } from "sharp"
import { beforeAll, describe, expect, it } from "vitest"
import { refused } from "../rig/bad-input.ts"
import { browser, expectSound, textOf } from "../rig/browser.ts"
import { documentOf, filesIn, giveCifar10, pipeline, type Rig, type RunDocument, rig } from "../rig/cli.ts"
import { folder } from "../rig/folder.ts"
import { describeWith } from "../rig/needs.ts"

const SMALL = ["--units", "8", "--batch-size", "4"]
const { openFile } = browser()

interface Compared {
  readonly params: ReadonlyArray<string>
  readonly metrics: ReadonlyArray<string>
  readonly rows: ReadonlyArray<{
    readonly params: Readonly<Record<string, unknown>>
    readonly seeds: ReadonlyArray<number>
    readonly runs: ReadonlyArray<string>
    readonly repeats: ReadonlyArray<string>
    readonly metrics: Readonly<
      Record<string, { readonly n: number; readonly mean: number; readonly deviation: number | null }>
    >
  }>
  readonly runs: ReadonlyArray<{
    readonly run: string
    readonly row: number
    readonly ran: ReadonlyArray<string>
    readonly reused: ReadonlyArray<string>
  }>
  readonly notes: ReadonlyArray<string>
  readonly files: Readonly<Record<string, string>>
}

describe("pipeline compare", () => {
  let at: Rig
  const made: Array<RunDocument> = []
  const run = async (...args: ReadonlyArray<string>) => {
    const finished = await pipeline(at, "run", "transfer", ...SMALL, ...args, "--json")
    expect(finished.code, finished.stderr).toBe(0)
    const document = documentOf(finished)
    made.push(document)
    return document
  }
  const compare = async (...args: ReadonlyArray<string>) =>
    documentOf(await pipeline(at, "compare", ...args, "--json")) as unknown as Compared
  const ids = () => made.map((each) => each.run)

  beforeAll(async () => {
    at = rig()
    await giveCifar10(at, { train: 12, test: 9 })
    for (const seed of [0, 1, 2]) await run("--epochs", "3", "--seed", String(seed))
    await run("--epochs", "5")
  })

  it("tells what differs and nothing else, seeds as one row with mean and sample standard deviation", async () => {
    const { params, rows } = await compare(...ids())
    expect(params).toEqual(["epochs"])
    expect(rows.map((row) => [row.params, row.seeds, row.runs])).toEqual([
      [{ epochs: 3 }, [0, 1, 2], ids().slice(0, 3)],
      [{ epochs: 5 }, [0], ids().slice(3)]
    ])
    const values = made.slice(0, 3).map(({ results }) => results.metrics.testAccuracy)
    const mean = values.reduce((sum, value) => sum + value, 0) / 3
    const { testAccuracy } = rows[0]?.metrics ?? {}
    expect(testAccuracy?.n).toBe(3)
    expect(testAccuracy?.mean).toBeCloseTo(mean, 12)
    expect(testAccuracy?.deviation).toBeCloseTo(
      Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2),
      12
    )
    expect(rows[1]?.metrics.testAccuracy).toEqual({
      n: 1,
      mean: made[3]?.results.metrics.testAccuracy,
      deviation: null
    })
  })

  it("tells what each run computed and reused", async () => {
    const { runs } = await compare(...ids())
    expect(runs.map(({ row }) => row)).toEqual([1, 1, 1, 2])
    expect(runs[0]).toMatchObject({ reused: [], ran: expect.arrayContaining(["ingest", "extract-features", "train"]) })
    const { ran, reused } = runs[3] ?? { ran: [], reused: [] }
    expect(ran).toContain("train")
    expect(reused).toEqual(expect.arrayContaining(["ingest", "extract-features", "extract-features[test]"]))
    for (const [status, nodes] of Object.entries({ ran, reused }))
      expect(nodes).toEqual(made[3]?.nodes.filter((node) => node.status === status).map(({ node }) => node))
  })

  it("draws the curves of all in one figure, with its names as text, also on a machine without fonts", async () => {
    const { files } = await compare(...ids())
    expect(Object.keys(files)).toEqual(["report.html", "curves.svg", "curves.png"])
    expect(filesIn(at.results).filter((file) => file.startsWith("compare/"))).toEqual([
      "compare/.results.json",
      "compare/curves.png",
      "compare/curves.svg",
      "compare/report.html"
    ])
    const svg = fs.readFileSync(files["curves.svg"] ?? "", "utf8")
    for (const name of ["epochs 3 (3 seeds)", "epochs 5", "Accuracy, validation", "Loss, validation"])
      expect(svg).toContain(`>${name}</text>`)
    // four validation curves in each of two panels, and the legend
    expect(svg.match(/class="line [^"]*validation"/g)).toHaveLength(8)
    const image = sharp(files["curves.png"])
    const { width = 0, height = 0 } = await image.metadata()
    expect([width, height]).toEqual(
      /width="(\d+)" height="(\d+)"/
        .exec(svg)
        ?.slice(1)
        .map((side) => 2 * Number(side))
    )
    const ink = async (region: Region) => {
      const pixels = await sharp(files["curves.png"]).extract(region).greyscale().raw().toBuffer()
      return pixels.filter((grey) => grey < 140).length
    }
    // the last line of the legend, right of its stroke
    expect(await ink({ left: 2 * (20 + 46 + 34), top: height - 92, width: 160, height: 44 })).toBeGreaterThan(80)
    expect(await ink({ left: width - 30, top: 0, width: 30, height })).toBe(0)
  })

  describeWith(["chromium"], "in a browser", () => {
    it("writes a page that shows the same, with curves to choose from", async () => {
      const { files, rows } = await compare(...ids())
      const opened = await openFile(files["report.html"] ?? "")
      await expectSound(opened)
      const { page } = opened
      const { mean = 0, deviation } = rows[0]?.metrics.testAccuracy ?? {}
      expect(await textOf(page.locator("tbody").first())).toContain(
        `${(mean * 100).toFixed(1)} ± ${((deviation ?? 0) * 100).toFixed(1)} %`
      )
      expect(await page.locator(".chart .line:not(.off)").count()).toBe(8)
      await page.getByRole("button", { name: "epochs 3 (3 seeds)" }).click()
      expect(await page.locator(".chart .line:not(.off)").count()).toBe(2)
    })
  })

  it("prints a table for people: names, values, and where the figure lies", async () => {
    const { stdout, code } = await pipeline(at, "compare", ...ids())
    expect(code).toBe(0)
    const [header = "", first = "", second = ""] = stdout.split("\n")
    expect(header).toMatch(/^row {2}epochs {2}seeds {4}test accuracy/)
    expect(first).toMatch(/^1 {4}3 {7}0, 1, 2 +\d+\.\d ± \d+\.\d % /)
    expect(second).toMatch(/^2 {4}5 {7}0 +\d+\.\d % /)
    expect(stdout).toContain(`${ids()[3]} (row 2): ran train, `)
    expect(stdout).toContain(path.join(at.results, "compare", "curves.png"))
  })

  it("takes the last finished runs of a pipeline; one that repeats another counts once", async () => {
    const again = await run("--epochs", "5")
    const { runs, rows, notes } = await compare("transfer", "--last", "3")
    expect(runs.map((each) => each.run).sort()).toEqual([...ids().slice(2)].sort())
    expect(rows.map(({ runs: own, repeats }) => [own.length, repeats.length])).toEqual([
      [1, 0],
      [1, 1]
    ])
    expect(notes).toEqual([`Row 2: ${again.run} repeats a run with the same seed and result, and counts once.`])
  })

  it("takes a run and a sweep's points of other seeds as one experiment, and a point of the same seed as its repeat", async () => {
    const args = ["sweep", "transfer", ...SMALL, "--epochs", "3", "--over", "seed=2,3,4", "--json"]
    const swept = documentOf(await pipeline(at, ...args))
    const [, one = "", two = ""] = ids()
    const { rows, notes } = await compare(one, two, swept.run)
    expect(rows.map(({ seeds, repeats }) => [seeds, repeats.length])).toEqual([[[1, 2, 3, 4], 1]])
    expect(notes).toEqual([expect.stringMatching(/^Row 1: \S+ repeats a run with the same seed/)])
  })

  it("keeps runs of other code apart, and says what changed", async () => {
    const file = path.join(at.root, "stages/train.ts")
    fs.writeFileSync(file, `${fs.readFileSync(file, "utf8")}\nexport const more = 1\n`)
    const changed = await run("--epochs", "5", "--seed", "1")
    const { rows, notes } = await compare(ids()[3] ?? "", changed.run)
    expect(rows.map(({ runs }) => runs)).toEqual([[ids()[3]], [changed.run]])
    expect(notes).toEqual([
      "Rows 1 and 2 have the same parameters, and differ in train: code changed in stages/train.ts."
    ])
  })

  const refusal = async (...args: ReadonlyArray<string>) => {
    const finished = await pipeline(at, "compare", ...args, "--json")
    expect(finished.code, finished.stdout).toBe(2)
    const { error } = documentOf(finished)
    for (const part of [error?.what, error?.expected, error?.fix]) expect(part).toMatch(/\S/)
    return error
  }

  it("refuses what cannot be compared, and says why", async () => {
    const [one = ""] = ids()
    expect(await refusal(one)).toMatchObject({ what: `pipeline compare names one run, ${one}` })
    expect(await refusal(one, one)).toMatchObject({ what: `pipeline compare names one run, ${one}` })
    expect(await refusal("transfer")).toMatchObject({ fix: "Try pipeline compare transfer --last 5." })
    const near = `${one.slice(0, -1)}${one.endsWith("0") ? "1" : "0"}`
    expect(await refusal(one, near)).toMatchObject({ what: `No run "${near}" is kept` })
    expect(await refusal(one.slice(0, 8), one)).toMatchObject({
      what: expect.stringMatching(/begins the ids of \d+ runs/)
    })
    for (const last of ["0", "1", "-3", "2.5", "many"])
      expect(await refusal("transfer", "--last", last)).toMatchObject({
        what: `--last is "${last}"`,
        expected: "a whole number from 2: that many runs are compared"
      })
    expect(await refusal(one, "--last", "3")).toMatchObject({ expected: expect.stringContaining("transfer") })
    expect(await refusal("simple-cnn", "--last", "3")).toMatchObject({ fix: "Run it first: pipeline run simple-cnn." })
  })

  it("refuses runs of two pipelines, and runs without metrics", async () => {
    const images = path.join(folder("headrace-broken"), "images")
    for (const file of ["train/a/1.png", "train/b/1.png", "test/a/1.png"]) {
      fs.mkdirSync(path.dirname(path.join(images, file)), { recursive: true })
      fs.writeFileSync(path.join(images, file), "no image at all")
    }
    const [one = ""] = ids()
    const failed = documentOf(await pipeline(at, "run", "transfer", "--dataset", images, "--json"))
    expect(await refusal(one, failed.run)).toMatchObject({
      what: `${failed.run} has no metrics: it was failed`,
      expected: "runs with a number to compare"
    })
    const other = documentOf(await pipeline(at, "run", "simple-cnn", "--dataset", images, "--json"))
    expect(await refusal(one, other.run)).toMatchObject({
      what: `${one} is a run of transfer, ${other.run} one of simple-cnn`
    })
  })
})

it("compare and report without a word more say what they take, and which of the options is wrong", async () => {
  expect(await refused(["compare"], 2)).toMatchObject({
    expected: "two runs or more, or a pipeline's name and --last N"
  })
  expect(await refused(["compare", "transfer", "--last"], 2)).toMatchObject({ what: "--last has no value" })
  expect(await refused(["compare", "--lst", "3", "transfer"], 2)).toMatchObject({ fix: "Did you mean --last?" })
  expect(await refused(["report"], 2)).toMatchObject({
    expected: "the id of a run or sweep, or a pipeline's name for the newest of either"
  })
  expect(await refused(["report", "transfer"], 2)).toMatchObject({ fix: "Run it first: pipeline run transfer." })
  expect(await refused(["report", "nobody"], 2)).toMatchObject({ what: 'No run "nobody" is kept' })
  expect(await refused(["report", "transfer", "again"], 2)).toMatchObject({
    what: 'pipeline report takes no argument "again"'
  })
})
