import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import fs from "node:fs"
import os from "node:os"
import path from "node:path"
import { createInterface } from "node:readline"
import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { FileDigests } from "../../files/FileDigests.ts"
import { racyMillis } from "../../files/RacyInterval.ts"
import { describeWith } from "../rig/needs.ts"
import { environmentOf } from "../rig/python.ts"
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
  yield* TestClock.setTime(Date.now() + racyMillis + 60_000)
  const memory = path.join(root, "sources")
  const layer = FileDigests.layer({ directory: memory })
  const digest = (at: string = data) =>
    Effect.flatMap(FileDigests, (digests) => digests.of(at)).pipe(Effect.provide(layer))
  const listing = Effect.flatMap(FileDigests, (digests) => digests.listing(data)).pipe(Effect.provide(layer))
  return { data, memory, digest, listing }
})

describe("digests of local files", () => {
  it.scoped("a name that is no UTF-8 is refused as that, with the way out", () =>
    Effect.gen(function* () {
      const { data, digest } = yield* setting
      fs.writeFileSync(Buffer.concat([Buffer.from(`${data}/cat/caf`), Buffer.from([0xe9])]), "four")
      const { message } = yield* Effect.flip(digest())
      expect(message).toMatch(/cat\/caf\ufffd has a name that is not UTF-8; expected names in UTF-8\. Rename .*convmv/)
      // the sign itself is a name's letter like any
      fs.rmSync(Buffer.concat([Buffer.from(`${data}/cat/caf`), Buffer.from([0xe9])]))
      fs.writeFileSync(`${data}/cat/caf\ufffd`, "four")
      yield* digest()
    })
  )

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

  it.scoped("a file changed within the racy interval before it was hashed is hashed again, the others are not", () =>
    Effect.gen(function* () {
      const { data, digest } = yield* setting
      const first = yield* digest()
      fs.writeFileSync(path.join(data, "cat/1.jpg"), "one")
      yield* TestClock.setTime(fs.statSync(path.join(data, "cat/1.jpg")).ctimeMs + racyMillis - 1_000)
      expect((yield* digest()).hashed).toBe(1)
      expect((yield* digest()).hashed).toBe(1)
      yield* TestClock.setTime(Date.now() + racyMillis + 60_000)
      expect((yield* digest()).hashed).toBe(1)
      expect(yield* digest()).toMatchObject({ digest: first.digest, hashed: 0 })
    })
  )

  it.scoped(
    "a file whose time was set back after it was changed is noticed, by the change time that nobody can set",
    () =>
      Effect.gen(function* () {
        const { data, digest } = yield* setting
        const file = path.join(data, "cat/1.jpg")
        fs.utimesSync(file, 1_000_000_000, 1_000_000_000)
        const first = yield* digest(file)
        fs.writeFileSync(file, "eno")
        fs.utimesSync(file, 1_000_000_000, 1_000_000_000)
        expect(fs.statSync(file).mtimeMs).toBe(1_000_000_000_000)
        expect(yield* digest(file)).toMatchObject({ digest: sha256("eno"), hashed: 1 })
        expect(first.digest).toBe(sha256("one"))
      })
  )

  it.scoped("a file that another of the same size and times replaced is noticed, by its inode", () =>
    Effect.gen(function* () {
      const { data, digest } = yield* setting
      const file = path.join(data, "cat/1.jpg")
      yield* digest(file)
      fs.writeFileSync(path.join(data, "other"), "eno")
      fs.renameSync(path.join(data, "other"), file)
      expect(yield* digest(file)).toMatchObject({ digest: sha256("eno"), hashed: 1 })
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

// maps the file and writes each line that it is sent to its beginning, through the map
const MAPS = `
import mmap, sys
with open(sys.argv[1], "r+b") as file, mmap.mmap(file.fileno(), 0) as bytes:
    for line in sys.stdin:
        bytes[0 : len(line) - 1] = line[:-1].encode()
        print("written", flush=True)
`

describeWith(["readers"], "a file that is written through a memory map", () => {
  it.scoped("is hashed again as long as its pages may be written without moving its times", () =>
    Effect.gen(function* () {
      const { data, digest } = yield* setting
      const file = path.join(data, "cat/1.jpg")
      const writer = spawn(path.join(environmentOf("readers"), "bin/python"), ["-c", MAPS, file])
      yield* Effect.addFinalizer(() => Effect.sync(() => void writer.kill()))
      // a line may come in two pieces
      const answers = createInterface({ input: writer.stdout })[Symbol.asyncIterator]()
      const write = (text: string) =>
        Effect.promise(() => {
          writer.stdin.write(`${text}\n`)
          return answers.next()
        })
      yield* write("ONE")
      // as old as a file system's clock needs, and not as old as the kernel may take to write the page
      yield* TestClock.setTime(fs.statSync(file).ctimeMs + racyMillis / 2)
      expect((yield* digest(file)).digest).toBe(sha256("ONE"))
      yield* write("TWO")
      expect((yield* digest(file)).digest).toBe(sha256("TWO"))
      yield* write("SIX")
      expect(yield* digest(file)).toMatchObject({ digest: sha256("SIX"), hashed: 1 })
    })
  )
})
