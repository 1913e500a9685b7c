import axe from "axe-core"
import { beforeAll, expect, it } from "vitest"
import { browser, DESKTOP, type Opened, PHONE, textOf } from "../../rig/browser.ts"
import { gating, LEARNING } from "../../rig/learning-project.ts"
import { describeWith } from "../../rig/needs.ts"
import { PATIENCE_MILLIS } from "../../rig/patience.ts"
import { type StoringProject, storingProject } from "../../rig/storing-project.ts"
import { type Serving, serving } from "../../rig/ui.ts"

// The page of `pipeline ui` as a reader sees it, in a real browser.

/** What axe finds that keeps people out. */
const faultsOf = async ({ page }: Opened): Promise<ReadonlyArray<string>> => {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<{
    readonly violations: ReadonlyArray<{
      readonly id: string
      readonly impact: string
      readonly nodes: ReadonlyArray<{ readonly html: string }>
    }>
  }>("axe.run()")
  return violations
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
}

const expectSoundAt = async ({ origin }: Serving, opened: Opened) => {
  const { page, said, asked } = opened
  expect(said).toEqual([])
  expect(asked.filter((url) => !url.startsWith(`${origin}/`))).toEqual([])
  const [content, screen] = await page.evaluate<[number, number]>(
    "[document.documentElement.scrollWidth, window.innerWidth]"
  )
  expect(content).toBeLessThanOrEqual(screen)
  expect(await faultsOf(opened)).toEqual([])
}

const SCREENS = [
  { width: DESKTOP, dark: false },
  { width: DESKTOP, dark: true },
  { width: PHONE, dark: false },
  { width: PHONE, dark: true }
]

describeWith(["chromium"], "the page of all runs", () => {
  const chrome = browser()
  let at: StoringProject
  let ui: Serving
  const idOf = async (filter: string) => {
    const { rows } = (await ui.ask(`/api/runs?filter=${encodeURIComponent(filter)}`)).json()
    return rows[0].run as string
  }
  beforeAll(async () => {
    at = storingProject(LEARNING)
    for (const rate of [0.1, 0.5, 2]) await at.asked(["run", "learning", "--rate", `${rate}`])
    await at.asked(["sweep", "learning", "--over", "rate=1,3"])
    await at.pipeline(["run", "storing", "--rows", "9999999999"])
    ui = await serving(at)
    const marks = { tags: ["<script>alert(1)</script>"], note: '"><img src=x onerror=alert(1)>', hidden: false }
    await ui.ask(`/api/runs/${await idOf("rate=0.5")}/marks`, { method: "PUT", body: JSON.stringify(marks) })
  })

  it.each(SCREENS)("is sound and open to all, $width wide, dark: $dark", async (screen) => {
    const list = await chrome.openAt(`${ui.origin}/`, screen)
    await list.page
      .getByRole("link", { name: /ago|now/ })
      .first()
      .waitFor()
    await expectSoundAt(ui, list)
    const run = await chrome.openAt(`${ui.origin}/runs/${await idOf("rate=2")}`, screen)
    await run.page.getByRole("heading", { name: "Said of it" }).waitFor()
    await expectSoundAt(ui, run)
    const store = await chrome.openAt(`${ui.origin}/store`, screen)
    await store.page.getByRole("heading", { name: "By what made it" }).waitFor()
    await expectSoundAt(ui, store)
  })

  it("shows those that a filter leaves, in the order that is asked for", async () => {
    const { page } = await chrome.openAt(`${ui.origin}/`)
    const rows = page.locator(".runs tbody tr:not(.gap)")
    await rows.nth(4).waitFor()
    expect(await textOf(rows.nth(0))).toContain("failed")
    await page.getByRole("searchbox").fill("kind=run done")
    await page.getByText("3 of 5 runs").waitFor()
    await page.getByRole("button", { name: "accuracy", exact: true }).click()
    await page.locator("th[aria-sort=descending]", { hasText: "accuracy" }).waitFor()
    await expect.poll(() => textOf(rows.nth(0)), { timeout: PATIENCE_MILLIS }).toContain("85.7 %")
    await page.getByRole("button", { name: "accuracy", exact: true }).click()
    await expect.poll(() => textOf(rows.nth(0)), { timeout: PATIENCE_MILLIS }).toContain("23.1 %")
    // what a person wrote is text
    expect(await textOf(rows)).toContain("<script>alert(1)</script>")
    await page.getByRole("searchbox").fill("nothing like it")
    await page.getByText("0 of 5 runs").waitFor()
  })

  it("shows runs that are chosen beside each other", async () => {
    const list = await chrome.openAt(`${ui.origin}/`)
    const { page } = list
    for (const rate of [0.1, 2]) await page.getByLabel(`Choose run ${await idOf(`rate=${rate}`)}`).check()
    await page.getByRole("link", { name: "Compare 2" }).click()
    await page.getByRole("heading", { name: "What differs" }).waitFor()
    const text = await textOf(page.locator("main"))
    for (const part of ["learning: 2 runs compared", "85.7 %", "23.1 %"]) expect(text).toContain(part)
    await expectSoundAt(ui, list)
  })

  it("shows an artifact of a run, and goes on to what it was made of", async () => {
    const { run } = await at.asked(["run", "storing", "--rows", "50"])
    const opened = await chrome.openAt(`${ui.origin}/runs/${run}`)
    const { page } = opened
    await page.getByRole("link", { name: "score.metrics" }).click()
    await page.getByRole("heading", { name: "What is in it" }).waitFor()
    await expectSoundAt(ui, opened)
    await page.getByRole("link", { name: /read\.numbers/ }).click()
    await page.getByRole("heading", { name: "read.numbers" }).waitFor()
    expect(await textOf(page.locator("main"))).toContain("50 rows")
    await expectSoundAt(ui, opened)
  })

  it("keeps what is said of a run, and forgets one whose record is deleted", async () => {
    await at.asked(["run", "learning", "--rate", "9"])
    const run = await idOf("rate=9")
    const { page } = await chrome.openAt(`${ui.origin}/runs/${run}`)
    await page.getByLabel("Tags").fill("baseline, old")
    await page.getByLabel("Note").fill("to be done again")
    await page.getByLabel("Note").blur()
    await expect
      .poll(async () => (await ui.ask(`/api/runs/${run}`)).json().row.marks, { timeout: PATIENCE_MILLIS })
      .toEqual({ tags: ["baseline", "old"], note: "to be done again", hidden: false })
    await page.getByRole("button", { name: "Delete…" }).click()
    await page.getByRole("button", { name: "Delete the record" }).click()
    await page.getByRole("heading", { name: "Runs" }).waitFor()
    expect((await ui.ask(`/api/runs/${run}`)).status).toBe(404)
  })

  it("shows a run that goes on as it learns, and what becomes of it when it is killed", async () => {
    const gate = await gating()
    gate.allow(2)
    const list = await chrome.openAt(`${ui.origin}/`)
    const command = at.start(["run", "learning", "--epochs", "5", "--rate", "0.7", "--gate", gate.url])
    await list.page.getByText("2 of 5 epochs").waitFor()
    await expectSoundAt(ui, list)
    await list.page.locator(".going a").click()
    const { page } = list
    await page.getByRole("heading", { name: "Learning curves" }).waitFor()
    gate.allow(4)
    await page.getByText("4 of 5 epochs").waitFor()
    await page.locator(".chart").first().focus()
    await page.keyboard.press("End")
    await page.getByText("epoch 4", { exact: true }).waitFor()
    await expectSoundAt(ui, list)
    process.kill(-(command.pid ?? 0), "SIGKILL")
    await page.getByText("It is over: interrupted.").waitFor()
    expect(await textOf(page.locator("main"))).toContain("ended without a word")
    await expectSoundAt(ui, list)
    await page.getByRole("link", { name: "What its record says" }).click()
    await page.getByRole("heading", { name: "Said of it" }).waitFor()
  })

  it("says that its server is gone", async () => {
    const other = await serving(at)
    const { page } = await chrome.openAt(`${other.origin}/`)
    await page.getByRole("heading", { name: "Runs" }).waitFor()
    await other.end()
    await page.getByText("The server does not answer").waitFor()
  })
})
