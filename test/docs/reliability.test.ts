import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "vitest"

const checkout = path.resolve(import.meta.dirname, "../..")
const page = fs.readFileSync(path.join(checkout, "docs/reliability.md"), "utf8")

it("every promise names the tests that hold it, which are there", () => {
  const [promises = ""] = page.split("## Counts")
  const rows = promises.split("\n").filter((line) => line.startsWith("| ") && !/^\| (promise|---)/.test(line))
  expect(rows.length).toBeGreaterThan(15)
  for (const row of rows) {
    const named = [...row.matchAll(/`(test\/[\w./-]+)`/g)].map(([, file = ""]) => file)
    expect(named, row).not.toEqual([])
    for (const file of named) expect([file, fs.existsSync(path.join(checkout, file))]).toEqual([file, true])
  }
})
