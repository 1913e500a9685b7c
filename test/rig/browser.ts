import * as fs from "node:fs"
import * as path from "node:path"
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from "playwright-core"
import { afterAll, beforeAll, expect } from "vitest"
import { folder } from "./folder.ts"
import { browserFile } from "./needs.ts"

const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // a camera of the browser's own, which nobody has to allow
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream"
]

export interface Screen {
  readonly width?: number
  readonly dark?: boolean
  readonly touch?: boolean
}

/** A page that is open, and all that it said and asked for. */
export interface Opened {
  readonly page: Page
  readonly said: ReadonlyArray<string>
  readonly asked: ReadonlyArray<string>
}

export const PHONE = 390
export const DESKTOP = 1440

/** A browser for the tests of a suite that needs Chromium; each page has a context of its own. */
export const browser = () => {
  let running: Browser | undefined
  const contexts: Array<BrowserContext> = []
  beforeAll(async () => {
    const executablePath = browserFile()
    if (executablePath !== null) running = await chromium.launch({ executablePath, args: QUIET, timeout: 0 })
  })
  afterAll(async () => {
    for (const context of contexts) await context.close()
    await running?.close()
  })

  const openAt = async (url: string, { width = DESKTOP, dark = false, touch = false }: Screen = {}) => {
    if (running === undefined)
      throw new Error('No browser runs here: a test of a page stands in a suite that needs "chromium".')
    const context = await running.newContext({
      viewport: { width, height: 900 },
      colorScheme: dark ? "dark" : "light",
      hasTouch: touch
    })
    // what hangs is ended by vitest: a busy machine takes its time
    context.setDefaultTimeout(0)
    contexts.push(context)
    const page = await context.newPage()
    const said: Array<string> = []
    const asked: Array<string> = []
    page.on("console", (message) => said.push(message.text()))
    page.on("pageerror", (error) => said.push(String(error)))
    page.on("request", (request) => {
      if (!request.url().startsWith("data:") && request.url() !== url) asked.push(request.url())
    })
    await page.goto(url)
    const opened: Opened = { page, said, asked }
    return opened
  }
  const openFile = (file: string, screen: Screen = {}) => openAt(`file://${file}`, screen)
  const open = (html: string, screen: Screen = {}) => {
    const file = path.join(folder("headrace-page"), "report.html")
    fs.writeFileSync(file, html)
    return openFile(file, screen)
  }
  return { open, openFile, openAt }
}

/** What every page keeps to: nothing is said or asked for, and nothing is wider than the screen. */
export const expectSound = async ({ page, said, asked }: Opened): Promise<void> => {
  expect(said).toEqual([])
  expect(asked).toEqual([])
  const [content, screen] = await page.evaluate<[number, number]>(
    "[document.documentElement.scrollWidth, window.innerWidth]"
  )
  expect(content).toBeLessThanOrEqual(screen)
}

/** What a reader sees of it: what is hidden has no text. */
export const textOf = async (part: Locator): Promise<string> => (await part.allInnerTexts()).join("\n")
