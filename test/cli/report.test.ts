import * as fs from "node:fs"
import * as path from "node:path"
import { beforeAll, expect, it } from "vitest"
import { browser, expectSound, textOf } from "../rig/browser.ts"
import {
  documentOf,
  filesIn,
  finishedChunks,
  giveCifar10,
  goOn,
  imageFolder,
  layRecord,
  nodeOf,
  pipeline,
  type Rig,
  type RunDocument,
  ran,
  recordOf,
  rig,
  start,
  stoppedWhere,
  tracesOf
} from "../rig/cli.ts"
import { command } from "../rig/command.ts"
import { folder } from "../rig/folder.ts"
import { describeWith } from "../rig/needs.ts"

type Reported = RunDocument & { readonly report: string }

const SMALL = ["--epochs", "3", "--units", "8", "--batch-size", "4"]
const { openFile } = browser()
const reported = (finished: Parameters<typeof documentOf>[0]) => documentOf(finished) as Reported
const read = (file: string) => fs.readFileSync(file, "utf8")

describeWith(["chromium"], "the report of a run", () => {
  let at: Rig
  let first: Reported
  const runAgain = async (...args: ReadonlyArray<string>) =>
    reported(await pipeline(at, "run", "transfer", ...SMALL, ...args, "--json"))

  beforeAll(async () => {
    at = rig()
    await giveCifar10(at)
    first = await runAgain()
  })
  const results = () => path.join(at.results, "transfer", "report.html")

  it("lies beside the results, and shows what the run's document says", async () => {
    expect(first.report).toBe(results())
    const opened = await openFile(results())
    const { page } = opened
    await expectSound(opened)
    expect(await textOf(page.locator(".facts").first())).toContain(first.run)
    expect(await textOf(page.locator(".tiles"))).toContain(`${(first.results.metrics.testAccuracy * 100).toFixed(1)} %`)
    for (const node of first.nodes)
      expect(await page.locator(`[data-node="${node.node}"] .status`).textContent()).toMatch(
        new RegExp(`^${node.status}(, .* m?s)?$`)
      )
    expect(await page.locator('[data-node="dataset"], [data-node="mobilenet-v2-weights"]').count()).toBe(2)
    // the curves and the gallery are drawn by the page itself; their figures are files
    const figures = page.locator("figure img")
    expect(await figures.evaluateAll((all) => all.map((each) => each.getAttribute("alt")))).toEqual(["confusion"])
    expect(
      await figures.evaluateAll((all) =>
        all.map((each) => (each as unknown as { naturalWidth: number }).naturalWidth > 100)
      )
    ).toEqual([true])
    expect(await page.locator("[data-chart] svg.chart").count()).toBe(2)
    expect(await page.locator("h2", { hasText: "Most confident mistakes" }).count()).toBe(1)
    for (const name of ["confusion", "curves", "gallery"])
      for (const end of ["png", "svg"])
        expect(fs.existsSync(path.join(at.results, "transfer", `${name}.${end}`)), name).toBe(true)
    // three epochs of two measures, of training and validation
    await page.locator("svg.chart").first().focus()
    await page.keyboard.press("End")
    expect(await textOf(page.locator(".panel .tip").first())).toMatch(/^epoch 3\n(training|validation): \d+\.\d %\n/)
  })

  it("names a command that makes the same: run by a shell, it has nothing to do", async () => {
    const { page } = await openFile(results())
    const shown = await textOf(page.locator("#command"))
    expect(shown).toBe("npx pipeline run transfer --units 8 --batch-size 4 --epochs 3")
    const { stdout } = await command(
      "sh",
      ["-c", `${shown.replace("npx pipeline", '"$0" bin/pipeline.mjs')} --json`, process.execPath],
      {
        cwd: at.root,
        env: { ...process.env, PIPELINE_HOME: at.home, PIPELINE_RESULTS: at.results, PIPELINE_MIRROR: at.mirror }
      }
    )
    expect(ran(JSON.parse(stdout))).toEqual([])
  })

  it("is left as it is by a run that had nothing to do, whose own is made when it is asked for", async () => {
    const before = read(results())
    const again = await runAgain()
    expect([ran(again), again.report]).toEqual([[], results()])
    expect(read(results())).toBe(before)
    expect((await pipeline(at, "report", again.run)).code).toBe(0)
    expect(read(results())).toContain(again.run)
    const { page } = await openFile(results())
    expect(await textOf(page.locator(".facts").first())).toContain("everything was reused")
    // the curves of a run that computed nothing are those of the results it reused
    expect(await page.locator("svg.chart .line").count()).toBe(4)
  })

  it("is another where what it shows is, also of a run that had nothing to do", async () => {
    const other = await runAgain("--seed", "1")
    expect(read(results())).toContain(other.run)
    const back = await runAgain()
    expect(ran(back)).toEqual([])
    expect(read(results())).toContain(back.run)
  })

  it("of a sweep shows its points, the best first, the graph of all, its own command and one for each; compare takes the points as runs", async () => {
    const args = ["--over", "units=4,8", "--seeds", "2", "--batch-size", "4", "--epochs", "3"]
    const swept = reported(await pipeline(at, "sweep", "transfer", ...args, "--json")) as Reported & {
      readonly points: ReadonlyArray<{ readonly metrics: Readonly<Record<string, number>> }>
    }
    expect(swept.report).toBe(path.join(at.results, "sweep", "transfer.html"))
    const opened = await openFile(swept.report)
    await expectSound(opened)
    const { page } = opened
    const table = page.locator("section", { hasText: "Points, the best validation accuracy first" })
    const accuracies = (await table.locator("tbody tr td:nth-child(5)").allInnerTexts()).map((text) =>
      Number(text.replace(" %", ""))
    )
    const known = swept.points.map(({ metrics }) => Number(((metrics.validationAccuracy ?? 0) * 100).toFixed(1)))
    expect(accuracies).toEqual([...known].sort((a, b) => b - a))
    expect(await page.locator('[data-node^="train["]').count()).toBe(4)
    expect(await page.locator('[data-node="normalize"]').count()).toBe(1)
    // four curves each of training and validation, in two panels
    expect(await page.locator("svg.chart .line").count()).toBe(16)
    const command = await page.locator("#command").textContent()
    expect(command).toMatch(/^npx pipeline sweep transfer .*--epochs 3 .*--over units=4,8 --seeds 2$/)
    expect(await table.locator("code").textContent()).toMatch(/^(npx pipeline run transfer .*--units [48].*\n?){4}$/)
    const compared = JSON.parse((await pipeline(at, "compare", swept.run, "--json")).stdout)
    expect(compared.rows.map(({ params, seeds }: Record<string, unknown>) => [params, seeds])).toEqual([
      [{ units: 4 }, [0, 1]],
      [{ units: 8 }, [0, 1]]
    ])
    const two = await pipeline(at, "compare", `${swept.run}#1`, `${swept.run}#4`, "--json")
    expect(JSON.parse(two.stdout).runs.map(({ run }: { readonly run: string }) => run)).toEqual([
      `${swept.run}#1`,
      `${swept.run}#4`
    ])
  })

  it("of a sweep is left alone while it says all there is to say, and made anew for other points, or when it was touched", async () => {
    const file = path.join(at.results, "sweep", "transfer.html")
    const swept = async (units: string) => {
      const args = ["--over", `units=${units}`, "--seeds", "2", "--batch-size", "4", "--epochs", "3"]
      await pipeline(at, "sweep", "transfer", ...args)
      return fs.statSync(file).ino
    }
    const first = await swept("4,8")
    expect(await swept("4,8")).toBe(first)
    const fewer = await swept("8")
    expect(fewer).not.toBe(first)
    fs.appendFileSync(file, "<p>")
    expect(await swept("8")).not.toBe(fewer)
    expect(fs.readFileSync(file, "utf8").endsWith("<p>")).toBe(false)
  })

  it("leaves nothing unfinished behind", () => {
    expect(filesIn(at.results).filter((file) => /\.tmp$|^\./.test(file))).toEqual([])
  })

  it("is made again of any run that is kept: beside its record where the results are another's by now, or where one says", async () => {
    const other = await runAgain("--seed", "1")
    expect(read(results())).toContain(other.run)
    const made = reported(await pipeline(at, "report", first.run, "--json"))
    expect(made).toMatchObject({
      status: "done",
      run: first.run,
      report: path.join(at.home, "runs", `${first.run}.html`)
    })
    expect(read(made.report)).toContain(`Run ${first.run}`)
    expect(read(results())).toContain(other.run)
    const to = path.join(folder(), "new", "there.html")
    expect((await pipeline(at, "report", "transfer", "--to", to)).stdout).toBe(
      `report of run ${other.run} of transfer, done: ${to}\n`
    )
    expect(read(to)).toBe(read(results()))
  })

  it("says what is gone from the cache, and shows the rest", async () => {
    const removed = documentOf(await pipeline(at, "inspect", `${first.run}/confusion`, "--json")) as unknown as {
      readonly parts: ReadonlyArray<{ readonly object: string }>
    }
    for (const { object } of removed.parts) fs.rmSync(path.join(at.home, "objects", object.slice(0, 2), object))
    const { report } = reported(await pipeline(at, "report", first.run, "--json"))
    const { page } = await openFile(report)
    expect(await page.locator('figure img[alt="confusion"]').count()).toBe(0)
    expect(await page.locator("[data-chart]").count()).toBe(1)
    expect(await textOf(page.locator("footer"))).toContain("Gone from the cache, and not shown: confusion.")
  })

  it("draws the graph of a pipeline that has changed since as far as the traces tell", async () => {
    const record = recordOf(at, first.run)
    const nodes = record.nodes.filter(({ node }: { readonly node: string }) => node !== "normalize")
    layRecord(at, { ...record, nodes })
    const { page } = await openFile(reported(await pipeline(at, "report", first.run, "--json")).report)
    expect(await textOf(page.locator("footer"))).toContain("The pipeline transfer has changed since")
    expect(await page.locator(".edge").count()).toBeGreaterThanOrEqual(5)
    expect(await page.locator('[data-node="normalize"]').count()).toBe(0)
  })

  it("of a run that failed lies beside its record, says what failed, and leaves the results' alone", async () => {
    const before = read(results())
    const broken = path.join(folder("headrace-broken"), "images")
    for (const file of ["train/a/1.png", "train/b/1.png", "test/a/1.png"]) {
      fs.mkdirSync(path.dirname(path.join(broken, file)), { recursive: true })
      fs.writeFileSync(path.join(broken, file), "no image at all")
    }
    const failed = await runAgain("--dataset", broken)
    expect(failed.report).toBe(path.join(at.home, "runs", `${failed.run}.html`))
    expect(read(results())).toBe(before)
    const told = await pipeline(at, "run", "transfer", ...SMALL, "--dataset", broken)
    expect(told.stdout).toMatch(new RegExp(`^report: ${at.home}/runs/.*\\.html$`, "m"))
    const opened = await openFile(failed.report)
    await expectSound(opened)
    const text = await textOf(opened.page.locator("section").first())
    const { error } = nodeOf(failed, "ingest")
    for (const part of [error?.tag, error?.what, error?.expected, error?.fix, "Node ingest failed"])
      expect(text).toContain(part ?? "nothing")
    expect(text).toMatch(/Not reached: .*train, .*plot/)
    expect(await textOf(opened.page.locator("#command"))).toContain(`--dataset ${broken}`)
  })
})

describeWith(["chromium"], "the report of a run that is interrupted", () => {
  it("says so, and how to go on", async () => {
    const images = await imageFolder({ train: 150 })
    let at = rig()
    const command = await stoppedWhere(
      () => {
        at = rig({ root: at.root })
        return start(at, "run", "transfer", "--dataset", images, "--json")
      },
      () => finishedChunks(at).length >= 1,
      () => tracesOf(at, "evaluate").length > 0
    )
    command.child.kill("SIGINT")
    goOn(command)
    const finished = await command.finished
    expect(finished.code).toBe(130)
    const { report, run } = reported(finished)
    expect(report).toBe(path.join(at.home, "runs", `${run}.html`))
    const { page } = await openFile(report)
    expect(await textOf(page.locator("section").first())).toMatch(/^Interrupted\n[\s\S]*Run it again to go on/)
    expect(fs.existsSync(path.join(at.results, "transfer"))).toBe(false)
  })
})
