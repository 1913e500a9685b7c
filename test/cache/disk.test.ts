import * as fs from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { makeDirectory, storeFailed } from "../../cache/disk.ts"

describe("a directory that is made", () => {
  const root = fs.mkdtempSync(path.join(tmpdir(), "headrace-test-"))
  afterAll(() => fs.rmSync(root, { recursive: true }))

  it("is there with those above it, however many make it at once, and stays as it is", async () => {
    const deep = path.join(root, "a/b/c")
    await Promise.all(Array.from({ length: 20 }, () => makeDirectory(deep)))
    fs.writeFileSync(path.join(deep, "file"), "")
    await makeDirectory(deep)
    expect(fs.readdirSync(deep)).toEqual(["file"])
  })

  it("may be a link to one", async () => {
    fs.symlinkSync(root, path.join(root, "link"))
    await makeDirectory(path.join(root, "link"))
    await makeDirectory(path.join(root, "link/below"))
    expect(fs.statSync(path.join(root, "below")).isDirectory()).toBe(true)
  })

  it("fails by the reason that stops it: a file in its place or above it, a file system that takes none", async () => {
    const file = path.join(root, "file")
    fs.writeFileSync(file, "")
    await expect(makeDirectory(file)).rejects.toMatchObject({ code: "EEXIST" })
    await expect(makeDirectory(path.join(file, "below"))).rejects.toMatchObject({ code: "ENOTDIR" })
    // Node's own recursion never ends here
    await expect(makeDirectory("/proc/none/below")).rejects.toMatchObject({ code: "ENOENT", path: "/proc/none" })
  })
})

it("what the system forbids is told as what it is, reading or writing", () => {
  const told = (doing: string) => storeFailed(doing, "/cache/x", { code: "EACCES" }).message
  expect(told("Reading")).toContain(
    "The cache cannot be read: Reading /cache/x failed (EACCES); expected a directory that you may read."
  )
  expect(told("Naming")).toContain(
    "The cache cannot be written: Naming /cache/x failed (EACCES); expected a directory that you may write to."
  )
})
