import { readFileSync } from "node:fs"
import * as path from "node:path"
import { expect, it } from "vitest"
import { command } from "./rig/command.ts"

// What is said of a release in several places is one thing; whoever raises a version is told where else it stands.

const root = path.resolve(import.meta.dirname, "..")
const read = (file: string): string => readFileSync(path.join(root, file), "utf8")
const json = (file: string) => JSON.parse(read(file))

/** The headings of releases, the newest first: `## [0.2.0] - 2026-12-01`. */
const releases = read("CHANGELOG.md")
  .split("\n")
  .filter((line) => line.startsWith("## "))
  .map((line) => {
    const [, version = "", date = ""] = /^## \[(\d+\.\d+\.\d+)\] - (unreleased|\d{4}-\d{2}-\d{2})$/.exec(line) ?? []
    return { line, version, date }
  })

it("package.json, its lock, the top of the CHANGELOG and what the command prints are one version", async () => {
  const { version } = json("package.json")
  const lock = json("package-lock.json")
  const printed = await command(process.execPath, [path.join(root, "bin/pipeline.mjs"), "--version"])
  expect({
    lock: [lock.version, lock.packages[""].version],
    top: releases[0]?.version,
    printed: printed.stdout
  }).toEqual({
    lock: [version, version],
    top: version,
    printed: `${version}\n`
  })
})

it("the CHANGELOG names every release by its version and date, the newest first, and only the top one may be unreleased", () => {
  for (const { line, version } of releases) expect(version, line).not.toBe("")
  const numbers = releases.map(({ version }) => version.split(".").map(Number))
  const descending = numbers.toSorted((one, other) => {
    const at = one.findIndex((number, index) => number !== other[index])
    return at < 0 ? 0 : (other[at] ?? 0) - (one[at] ?? 0)
  })
  expect(numbers).toEqual(descending)
  expect(new Set(releases.map(({ version }) => version)).size).toBe(releases.length)
  const dates = releases.slice(releases[0]?.date === "unreleased" ? 1 : 0).map(({ date }) => date)
  expect(dates).not.toContain("unreleased")
  expect(dates).toEqual(dates.toSorted().reverse())
})

it("what stands under a release is in the groups of Keep a Changelog", () => {
  const groups = read("CHANGELOG.md").matchAll(/^### (.*)$/gm)
  for (const [line, group] of groups)
    expect(["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"], line).toContain(group)
})
