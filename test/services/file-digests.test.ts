import { createHash } from "node:crypto"
import fs from "node:fs"
import os from "node:os"
import path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { FileDigests } from "../../services/FileDigests.ts"
import { strangers } from "../rig/strangers.ts"

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "digests-"))),
  (root) => Effect.sync(() => fs.rmSync(root, { recursive: true, force: true }))
)

/** A data folder of three files, its memory, and a clock at which what lies there is old enough to be believed. */
const setting = Effect.gen(function* () {
  const root = yield* folder
  const data = path.join(root, "data")
  fs.mkdirSync(path.join(data, "cat"), { recursive: true })
  fs.writeFileSync(path.join(data, "cat/1.jpg"), "one")
  fs.writeFileSync(path.join(data, "cat/2.jpg"), "two")
  fs.writeFileSync(path.join(data, "cat-3.jpg"), "three")
  yield* TestClock.setTime(Date.now() + 60_000)
  const memory = path.join(root, "sources")
  const layer = FileDigests.layer({ directory: memory })
  const digest = (at: string = data) =>
    Effect.flatMap(FileDigests, (digests) => digests.of(at)).pipe(Effect.provide(layer))
  const listing = Effect.flatMap(FileDigests, (digests) => digests.listing(data)).pipe(Effect.provide(layer))
  return { data, memory, digest, listing }
})

describe("digests of local files", () => {
  it.scoped("a folder's digest is that of its sorted list of paths and digests", () =>
    Effect.gen(function* () {
      const { digest } = yield* setting
      const expected = [
        ["cat-3.jpg", sha256("three")],
        ["cat/1.jpg", sha256("one")],
        ["cat/2.jpg", sha256("two")]
      ]
      expect((yield* digest()).digest).toBe(sha256(JSON.stringify(expected)))
    })
  )

  it.scoped("a file's digest is its sha256, and is remembered", () =>
    Effect.gen(function* () {
      const { data, digest } = yield* setting
      const file = path.join(data, "cat/1.jpg")
      expect(yield* digest(file)).toMatchObject({ digest: sha256("one"), hashed: 1 })
      expect(yield* digest(file)).toMatchObject({ digest: sha256("one"), hashed: 0 })
    })
  )

  it.scoped("nothing is hashed again when nothing changed, and one file when one did", () =>
    Effect.gen(function* () {
      const { data, digest } = yield* setting
      const first = yield* digest()
      expect(first.hashed).toBe(3)
      expect(yield* digest()).toMatchObject({ digest: first.digest, hashed: 0 })
      fs.writeFileSync(path.join(data, "cat/2.jpg"), "TWO!")
      const second = yield* digest()
      expect(second.hashed).toBe(1)
      expect(second.digest).not.toBe(first.digest)
    })
  )

  it.scoped("a file changed in place, its size and time stamp kept, is noticed", () =>
    Effect.gen(function* () {
      const { data, digest } = yield* setting
      const file = path.join(data, "cat/1.jpg")
      const first = yield* digest()
      const { atime, mtime } = fs.statSync(file)
      fs.writeFileSync(file, "ONE")
      fs.utimesSync(file, atime, mtime)
      const second = yield* digest()
      expect(second.hashed).toBe(1)
      expect(second.digest).not.toBe(first.digest)
    })
  )

  it.scoped("a file changed within the last two seconds is hashed again, the others are not", () =>
    Effect.gen(function* () {
      const { data, digest } = yield* setting
      const first = yield* digest()
      fs.writeFileSync(path.join(data, "cat/1.jpg"), "one")
      yield* TestClock.setTime(fs.statSync(path.join(data, "cat/1.jpg")).ctimeMs + 1_000)
      expect((yield* digest()).hashed).toBe(1)
      expect((yield* digest()).hashed).toBe(1)
      yield* TestClock.setTime(Date.now() + 60_000)
      expect((yield* digest()).hashed).toBe(1)
      expect(yield* digest()).toMatchObject({ digest: first.digest, hashed: 0 })
    })
  )

  it.scoped("files that come, go or are renamed change the digest", () =>
    Effect.gen(function* () {
      const { data, digest } = yield* setting
      const first = yield* digest()
      fs.renameSync(path.join(data, "cat/1.jpg"), path.join(data, "cat/9.jpg"))
      const renamed = yield* digest()
      fs.rmSync(path.join(data, "cat/9.jpg"))
      const removed = yield* digest()
      expect(new Set([first.digest, renamed.digest, removed.digest]).size).toBe(3)
    })
  )

  it.scoped("hidden and system files count for nothing", () =>
    Effect.gen(function* () {
      const { data, digest } = yield* setting
      const first = yield* digest()
      for (const name of [".DS_Store", "Thumbs.db", ".hidden"]) fs.writeFileSync(path.join(data, "cat", name), name)
      expect(yield* digest()).toMatchObject({ digest: first.digest, hashed: 0 })
    })
  )

  it.scoped("a damaged memory is forgotten", () =>
    Effect.gen(function* () {
      const { memory, digest, listing } = yield* setting
      const first = yield* digest()
      const [name] = fs.readdirSync(memory)
      const file = path.join(memory, name ?? "")
      const whole = fs.readFileSync(file, "utf8")
      for (const damaged of ["", "nonsense", whole.slice(0, 100), whole.replace(first.digest, "0".repeat(64))]) {
        fs.writeFileSync(file, damaged)
        expect(yield* digest()).toMatchObject({ digest: first.digest, hashed: 3 })
      }
      fs.writeFileSync(file, whole.replace(sha256("one"), sha256("two")))
      expect((yield* listing).files.map((entry) => entry.digest)).toEqual(["three", "one", "two"].map(sha256))
    })
  )

  for (const [what, lay] of Object.entries(strangers))
    it.scoped(`${what} in the place of a memory is forgotten, and nobody waits for it`, () =>
      Effect.gen(function* () {
        const { memory, digest, listing } = yield* setting
        const first = yield* digest()
        lay(path.join(memory, fs.readdirSync(memory)[0] ?? ""))
        expect(yield* digest()).toMatchObject({ digest: first.digest, hashed: 3 })
        expect((yield* listing).digest).toBe(first.digest)
      })
    )

  it.scoped("every file's digest comes from memory too", () =>
    Effect.gen(function* () {
      const { digest, listing } = yield* setting
      yield* digest()
      const { files, hashed } = yield* listing
      expect(hashed).toBe(0)
      expect(files.map((file) => [file.path, file.size, file.digest])).toEqual([
        ["cat-3.jpg", 5, sha256("three")],
        ["cat/1.jpg", 3, sha256("one")],
        ["cat/2.jpg", 3, sha256("two")]
      ])
    })
  )

  it.scoped("a link inside a folder is refused by name, and never followed", () =>
    Effect.gen(function* () {
      const { data, digest } = yield* setting
      fs.symlinkSync("/etc", path.join(data, "cat/etc"))
      const error = yield* Effect.flip(digest())
      expect(error._tag).toBe("SourceRefused")
      expect(error.message).toMatch(/cat\/etc is a symbolic link; expected .* Replace it/)
    })
  )

  it.scoped("a missing path is an error that names it", () =>
    Effect.gen(function* () {
      const { data, digest } = yield* setting
      const error = yield* Effect.flip(digest(path.join(data, "dog")))
      expect(error._tag).toBe("SourceUnreadable")
      expect(error.message).toContain("dog")
    })
  )
})
