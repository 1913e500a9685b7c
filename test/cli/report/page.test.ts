import { expect, it } from "vitest"
import { comparisonPage } from "../../../cli/comparison/comparison-page.ts"
import { summarize } from "../../../cli/comparison/groups.ts"
import type { Report } from "../../../cli/report/Report.ts"
import { runPage } from "../../../cli/report/run-page.ts"
import { browser, DESKTOP, expectSound, type Opened, PHONE, textOf } from "../../rig/browser.ts"
import { describeWith } from "../../rig/needs.ts"
import { chartOf, failed, finished, graph, HOSTILE, history, hostile, tuned } from "../../rig/reports.ts"
import { comparedRun } from "../../rig/rows.ts"

const { open } = browser()
const openRun = (report: Report, screen = {}) => open(runPage(report), screen)

const rows = [0, 1, 2, 3].map((at) =>
  comparedRun({ params: { learningRate: 0.001 * (at + 1), seed: 0 }, metrics: { testAccuracy: 0.7 + at / 100 } })
)
const compared = comparisonPage({
  pipeline: "transfer",
  description: "A dense head on frozen features",
  summary: summarize(rows),
  curves: chartOf(...[0.7, 0.71, 0.72, 0.73].map((best, at) => history(at, `rate ${at + 1}`, best))),
  notes: []
})

const PAGES = {
  "finished run": runPage(finished),
  "failed run": runPage(failed),
  tune: runPage(tuned),
  comparison: compared
}

/** The first panel, of accuracies, and its box of values. */
const accuracy = ({ page }: Opened) => {
  const panel = page.locator(".panel").first()
  const chart = panel.locator("svg.chart")
  /** Points at an epoch of four, by its place in the drawing. */
  const point = async (epoch: number) => {
    await chart.scrollIntoViewIfNeeded()
    const box = await chart.boundingBox()
    if (box === null) throw new Error("the chart is not shown")
    await page.mouse.move(box.x + (box.width * (46 + ((epoch - 1) / 3) * 400)) / 460, box.y + box.height / 2)
  }
  return { chart, point, tip: panel.locator(".tip"), dots: panel.locator(".dot") }
}
const isShown = ({ page }: Opened, kind: string) => page.locator(`.chart .line.${kind}`).first().isVisible()

for (const [name, html] of Object.entries(PAGES))
  describeWith(["chromium"], `the page of a ${name}`, () => {
    it.each([PHONE, DESKTOP])("says nothing, asks for nothing, and fits into %i pixels", async (width) => {
      await expectSound(await open(html, { width }))
    })

    it("is light or dark, as the reader's screen is", async () => {
      const background = ({ page }: Opened) => page.evaluate<string>("getComputedStyle(document.body).backgroundColor")
      expect(await background(await open(html))).toBe("rgb(246, 247, 249)")
      expect(await background(await open(html, { dark: true }))).toBe("rgb(18, 22, 27)")
    })

    it("prints on white, with all that was folded", async () => {
      const { page } = await open(html, { dark: true })
      const pdf = await page.pdf()
      expect(pdf.subarray(0, 5).toString()).toBe("%PDF-")
      expect(await page.locator("details:not([open])").count()).toBe(0)
      await page.emulateMedia({ media: "print" })
      expect(await page.evaluate<string>("getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)")
    })
  })

describeWith(["chromium"], "the page of a tune", () => {
  it("tells the best parameters with the command that repeats them, and draws a line for each trial that came to something", async () => {
    const { page } = await openRun(tuned)
    const best = page.locator("section", { hasText: "The best parameters" })
    expect(await textOf(best)).toMatch(
      /Trial 2 of 3 trials has the largest validation accuracy\..*learning rate\s+0\.01/s
    )
    expect(await textOf(best.locator("code"))).toBe("npx pipeline run transfer --learning-rate 0.01")
    const parallel = page.locator("section", { hasText: "Parameters and what came of them" })
    expect(await parallel.locator("svg.wide .line").count()).toBe(2)
    expect(await parallel.locator("svg.wide .line.chosen title").textContent()).toBe("trial 2, learning rate 0.01")
    expect(await textOf(parallel)).toContain("1 trial failed, and has no line.")
    const search = page.locator("section", { hasText: "How the search went" })
    expect(await search.locator("circle.dot").count()).toBe(3)
    expect(await textOf(page.locator("section", { hasText: "How much each parameter matters" }))).toContain("75 %")
  })

  it("lets nobody's names become markup", async () => {
    const opened = await openRun(hostile(tuned))
    expect(await opened.page.evaluate("window.broken")).toBe(undefined)
    await expectSound(opened)
  })
})

describeWith(["chromium"], "the page of a run", () => {
  it("tells what came out, and on which images the best epoch was chosen", async () => {
    const { page } = await openRun(finished)
    expect(await page.title()).toBe("transfer 20261124-101500-abcdef")
    expect(await textOf(page.locator(".tiles"))).toMatch(/test accuracy\s+77\.8 %\s+test loss\s+0\.6466/)
    expect(await textOf(page.locator(".fit"))).toContain("Epoch 3 of 4 was chosen on 400 held-out training images.")
    const test = finished.fits.map((fit) => ({ ...fit, validation: "test" as const }))
    const told = (await openRun({ ...finished, fits: test })).page.locator(".fit.test")
    expect(await textOf(told)).toContain("Epoch 3 of 4 was chosen on the test set")
    const many = (await openRun({ ...finished, fits: [...finished.fits, ...finished.fits, ...test] })).page.locator(
      ".fit"
    )
    expect(await many.allInnerTexts()).toEqual([
      expect.stringContaining("The best epoch of each of 2 trainings was chosen on held-out training images."),
      expect.stringContaining("Epoch 3 of 4 was chosen on the test set")
    ])
  })

  it("tells above everything what was said of the run as a whole", async () => {
    const { page } = await openRun(finished)
    expect(await textOf(page.locator("header .notice"))).toBe(finished.notices.join())
    const header = await page.locator("header").boundingBox()
    const first = await page.locator("section").first().boundingBox()
    expect((header?.y ?? 0) + (header?.height ?? Infinity)).toBeLessThanOrEqual(first?.y ?? 0)
    expect(await (await openRun({ ...finished, notices: [] })).page.locator(".notice").count()).toBe(0)
  })

  it("repeats what nodes said of their results, such as what of the dataset was passed over", async () => {
    const { page } = await openRun(finished)
    expect(await textOf(page.locator("section", { hasText: "What was read" }))).toMatch(
      /ingest\s+2 classes \(cat, dog\); 4 images to train on\s+1 archive is passed over \(x\.zip\)\./
    )
    const silent = (await openRun({ ...finished, remarks: [] })).page
    expect(await silent.getByText("What was read").count()).toBe(0)
  })

  it("marks parameters that differ from their defaults, and puts them first", async () => {
    const { page } = await openRun(finished)
    const table = page.locator("section", { hasText: "Parameters" }).locator("tbody tr")
    expect(await textOf(table.first())).toMatch(/^epochs\s+changed\s+Passes over the training rows\s+4\s+10$/)
    expect(await textOf(table.nth(1))).not.toContain("changed")
  })

  it("shows the values of the epoch under the pointer, in the chart it points at", async () => {
    const opened = await openRun(finished)
    const { point, tip, dots } = accuracy(opened)
    expect(await tip.isVisible()).toBe(false)
    await point(3)
    expect((await textOf(tip)).split("\n")).toEqual(["epoch 3", "validation: 75.0 %", "training: 70.0 %"])
    expect(await dots.count()).toBe(2)
    const loss = opened.page.locator(".panel").nth(1)
    // its validation has a gap there
    expect(await loss.locator(".dot").count()).toBe(1)
    expect(await loss.locator(".tip").isVisible()).toBe(false)
    await opened.page.mouse.move(1, 1)
    expect(await tip.isVisible()).toBe(false)
    await expectSound(opened)
  })

  it("hides a curve at a click on its name, and tells its values no more", async () => {
    const opened = await openRun(finished)
    const { point, tip } = accuracy(opened)
    const key = opened.page.getByRole("button", { name: "training" })
    expect([await isShown(opened, "training"), await key.getAttribute("aria-pressed")]).toEqual([true, "true"])
    await key.click()
    expect([await isShown(opened, "training"), await key.getAttribute("aria-pressed")]).toEqual([false, "false"])
    expect(await isShown(opened, "validation")).toBe(true)
    await point(3)
    expect((await textOf(tip)).split("\n")).toEqual(["epoch 3", "validation: 75.0 %"])
    await key.click()
    expect(await isShown(opened, "training")).toBe(true)
  })

  it("is read by the keyboard alone: epochs by arrows, nodes by Tab, Escape closes", async () => {
    const opened = await openRun(finished)
    const { chart, tip } = accuracy(opened)
    const { keyboard } = opened.page
    await chart.focus()
    for (const [key, epoch] of [
      ["ArrowRight", 1],
      ["ArrowRight", 2],
      ["End", 4],
      ["ArrowLeft", 3],
      ["Home", 1]
    ] as const) {
      await keyboard.press(key)
      expect(await textOf(tip)).toContain(`epoch ${epoch}`)
    }
    await keyboard.press("Escape")
    expect(await tip.isVisible()).toBe(false)
    const note = opened.page.locator(".stage .tip")
    await opened.page.locator('[data-node="ingest"]').focus()
    expect(await textOf(note)).toBe("ingest\nReused: a result was kept under the same key. 5,000 rows, 15.4 MB.")
    await keyboard.press("Tab")
    await keyboard.press("Tab")
    expect(await textOf(note)).toBe("train[view=2]\nRan in 1.7 s, since learningRate was 0.001, is 0.003.")
    await keyboard.press("Escape")
    expect(await note.isVisible()).toBe(false)
  })

  it("tells at a tap why a node ran, on a phone", async () => {
    const opened = await openRun(finished, { width: PHONE, touch: true })
    await opened.page.locator('[data-node="evaluate"]').tap()
    const note = opened.page.locator(".stage .tip")
    expect(await textOf(note)).toContain("since input model was old, is new")
    const box = await note.boundingBox()
    expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 0) <= PHONE).toBe(true)
    await expectSound(opened)
  })

  it("draws the graph left to right, each node clear of the others", async () => {
    const { page } = await openRun(finished)
    const boxes = await Promise.all(
      graph.nodes.map(({ name }) => page.locator(`[data-node="${name}"] rect`).boundingBox())
    )
    const left = (name: string) => boxes[graph.nodes.findIndex((each) => each.name === name)]?.x ?? 0
    for (const { from, to } of graph.edges) expect(left(from)).toBeLessThan(left(to))
    for (const [at, one] of boxes.entries())
      for (const other of boxes.slice(at + 1))
        expect(
          one !== null &&
            other !== null &&
            one.x < other.x + other.width &&
            other.x < one.x + one.width &&
            one.y < other.y + other.height &&
            other.y < one.y + one.height
        ).toBe(false)
  })

  it("copies the command that makes it again", async () => {
    const { page } = await openRun(finished)
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"])
    await page.getByRole("button", { name: "Copy" }).click()
    await page.getByRole("button", { name: "Copied" }).waitFor()
    expect(await page.evaluate<string>("navigator.clipboard.readText()")).toBe("npx pipeline run transfer --epochs 4")
  })

  it("shows the parts of a section of the project's own: paragraphs, pictures, tables and drawings", async () => {
    const { page } = await openRun(finished)
    expect(await textOf(page.locator(".gallery li").first())).toMatch(/^dog 98\.7 %\s+is cat 0\.4 %$/)
    const sizes = await page
      .locator(".gallery img, figure img")
      .evaluateAll((images) => images.map((image) => (image as unknown as { naturalWidth: number }).naturalWidth))
    expect(sizes).toEqual([40, 1, 1, 30])
    const own = page.locator("section", { hasText: "Most confident mistakes" })
    expect(await textOf(own.locator("p").first())).toBe("222 of 1,000 images are taken for another class.")
    expect(await own.locator("td").allInnerTexts()).toEqual(["1,000"])
  })
})

describeWith(["chromium"], "the page of a run that failed", () => {
  it("says which node, what happened, what was expected, what to do, and what was not reached", async () => {
    const { page } = await openRun(failed)
    const told = await textOf(page.locator("section").first())
    for (const part of [
      "Node train[view=2] failed",
      "Diverged",
      "Epoch 2 has a loss of NaN",
      "a finite loss",
      "Try --learning-rate 0.0001.",
      "Not reached: evaluate."
    ])
      expect(told).toContain(part)
  })
})

describeWith(["chromium"], "the page of a comparison", () => {
  it("shows the curves of all runs, of which one selects: one off, none, one alone, all", async () => {
    const opened = await open(compared)
    const { point, tip } = accuracy(opened)
    const button = (name: string) => opened.page.getByRole("button", { name, exact: true })
    const told = async () => {
      await opened.page.mouse.move(1, 1)
      await point(3)
      return (await tip.isVisible()) ? (await textOf(tip)).split("\n").slice(1) : []
    }
    expect(await told()).toEqual(["rate 4: 73.0 %", "rate 3: 72.0 %", "rate 2: 71.0 %", "rate 1: 70.0 %"])
    await button("rate 3").click()
    expect(await told()).toEqual(["rate 4: 73.0 %", "rate 2: 71.0 %", "rate 1: 70.0 %"])
    await button("None").click()
    expect(await told()).toEqual([])
    await button("rate 2").click({ modifiers: ["Shift"] })
    expect(await told()).toEqual(["rate 2: 71.0 %"])
    await button("training").click()
    expect(await told()).toEqual(["rate 2: 71.0 %", "rate 2, training: 70.0 %"])
    await button("All").click()
    expect(await told()).toHaveLength(8)
    await expectSound(opened)
  })
})

describeWith(["chromium"], "text that comes from data", () => {
  it.each([
    ["finished", finished],
    ["failed", failed]
  ])("is text wherever it stands on the page of a %s run, and does nothing", async (_, report) => {
    const opened = await openRun(hostile(report), { width: PHONE })
    const { page } = opened
    const { point, tip } = accuracy(opened)
    if (report.curves !== null) {
      await point(3)
      expect(await textOf(tip)).toContain("<script>window.broken = 1</script>")
    }
    for (const node of await page.locator("[data-node]").all()) await node.focus()
    expect(await textOf(page.locator(".stage .tip"))).toContain("<script>window.broken = 1</script>")
    expect(await page.evaluate("window.broken")).toBeUndefined()
    const ours = await page.evaluate<ReadonlyArray<number>>(
      "[document.scripts.length, document.querySelectorAll('img[src=x], [onerror], [onload], body script script').length]"
    )
    // the page's own, and the data of its chart
    expect(ours).toEqual([report.curves === null ? 1 : 2, 0])
    expect(await textOf(page.locator("h1"))).toContain("</script></style></title><script>")
    expect(await textOf(page.locator("body"))).not.toContain("&lt;script")
    expect(opened.asked).toEqual([])
    // pictures that are none are not drawn
    expect(opened.said.filter((text) => !text.includes("ERR_INVALID_URL"))).toEqual([])
    const widths = await page.evaluate<[number, number]>("[document.documentElement.scrollWidth, window.innerWidth]")
    expect(widths[0]).toBeLessThanOrEqual(widths[1])
  })

  it("could not act if it were HTML: the page's policy lets no other script run, and nothing out", async () => {
    const text = runPage(finished).replace("</main>", `${HOSTILE}</main>`)
    const { page, said } = await open(text)
    expect(await page.locator("img[src=x]").count()).toBe(1)
    expect(await page.evaluate("window.broken")).toBeUndefined()
    expect(said.join("\n")).toMatch(/violates the following Content Security Policy/)
    const sent = await page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', (error) => error.message)")
    expect(sent).toBe("Failed to fetch")
    expect(said.join("\n")).toMatch(/127\.0\.0\.1:9.*default-src 'none'|connect-src/)
  })
})
