import * as fs from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { afterAll } from "vitest"

const made: Array<string> = []

/** An empty folder that is removed when the test file is done. */
export const folder = (name = "headrace-test"): string => {
  const created = fs.mkdtempSync(path.join(tmpdir(), `${name}-`))
  made.push(created)
  return created
}

afterAll(() => {
  for (const each of made.splice(0)) fs.rmSync(each, { recursive: true, force: true })
})
