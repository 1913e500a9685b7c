import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import * as LeaseHolder from "../../../cache/lease-holder.ts"
import { StoreFailed } from "../../../cache/ObjectStore.ts"
import * as Unfinished from "../../../cache/unfinished.ts"
import { INDEX, targetOf } from "../../../cli/artifact/export-folder.ts"
import { buildFolder } from "../../../cli/results/build-folder.ts"
import { eventually, filesIn } from "../../rig/cli.ts"
import { folder } from "../../rig/folder.ts"

const unwritable = (file: string, cause: unknown) =>
  new StoreFailed({ what: `${file}: ${cause}`, expected: "room", fix: "Make some." })
const file = (name: string, ...texts: ReadonlyArray<string>) => ({
  file: name,
  bytes: Stream.fromIterable(texts.map((text) => new TextEncoder().encode(text)))
})
const build = <E>(at: string, ...files: Parameters<typeof buildFolder<E>>[2]) =>
  buildFolder(path.join(at, "built"), ".index.json", files, unwritable)
const read = (at: string, name: string) => fs.readFileSync(path.join(at, "built", name), "utf8")

describe("a folder that is built", () => {
  it.effect("holds the pieces of every file in order, and an index of their digests", () =>
    Effect.gen(function* () {
      const at = folder()
      const built = yield* build(at, file("a/one.txt", "in ", "three ", "pieces"), file("empty"))
      expect(filesIn(at)).toEqual(["built/.index.json", "built/a/one.txt", "built/empty"])
      expect(read(at, "a/one.txt")).toBe("in three pieces")
      expect(built.map(({ bytes }) => bytes)).toEqual([15, 0])
      expect(JSON.parse(read(at, ".index.json"))).toEqual(built.map(({ file, digest }) => [file, digest]))
    })
  )

  it.live("that is interrupted half-way, or fails, is the one before, with nothing beside it", () =>
    Effect.gen(function* () {
      const at = folder()
      yield* build(at, file("old.txt", "old"))
      const endless = { file: "new.txt", bytes: Stream.concat(file("", "new").bytes, Stream.never) }
      const fiber = yield* Effect.fork(build(at, file("first.txt", "first"), endless))
      yield* Effect.promise(() => eventually(() => expect(filesIn(at).join()).toContain("/new.txt")))
      expect(read(at, "old.txt")).toBe("old")
      yield* Fiber.interrupt(fiber)
      expect(filesIn(at)).toEqual(["built/.index.json", "built/old.txt"])
      const broken = { file: "new.txt", bytes: Stream.concat(file("", "new").bytes, Stream.fail("no more")) }
      expect(yield* Effect.flip(build(at, broken))).toBe("no more")
      expect(filesIn(at)).toEqual(["built/.index.json", "built/old.txt"])
    })
  )

  it.effect("replaces nothing that somebody put in its place while it was built", () =>
    Effect.gen(function* () {
      const at = folder()
      const target = path.join(at, "built")
      yield* build(at, file("old.txt", "old"))
      fs.renameSync(path.join(target, ".index.json"), path.join(target, INDEX))
      const saving = Stream.fromEffect(
        Effect.sync(() => {
          fs.writeFileSync(path.join(target, "notes.txt"), "mine")
          return new Uint8Array()
        })
      )
      const refused = yield* Effect.flip(
        buildFolder(target, INDEX, [{ file: "new.txt", bytes: saving }], unwritable, targetOf(target))
      )
      expect(refused.what).toMatch(/: notes\.txt$/)
      expect(filesIn(at)).toEqual([`built/${INDEX}`, "built/notes.txt", "built/old.txt"])
    })
  )

  it.effect("clears away at once what one left that was killed on this machine, and not what another is building", () =>
    Effect.gen(function* () {
      const at = folder()
      const here = LeaseHolder.here
      const killed = Unfinished.mark({ ...here, self: () => ({ ...here.self(), pid: 2 ** 22 + 1 }) })
      const living = `.built-${Unfinished.mark()}`
      for (const name of [`.built-${killed}`, `.built-${killed}.old`, living]) fs.mkdirSync(path.join(at, name))
      yield* build(at, file("new.txt", "new"))
      expect(fs.readdirSync(at).sort()).toEqual([living, "built"])
    })
  )

  it.effect("clears away what a killed one left a day ago, and nobody else's folders", () =>
    Effect.gen(function* () {
      const at = folder()
      const names = [
        ".built-12-0123abcd",
        ".built-13-0123abcd.old",
        ".built-14-4567cdef",
        ".other-12-0123abcd",
        ".built"
      ]
      for (const name of names) {
        fs.mkdirSync(path.join(at, name))
        const old = new Date(Date.now() - 3 * 24 * 3600 * 1000)
        if (name !== ".built-14-4567cdef") fs.utimesSync(path.join(at, name), old, old)
      }
      yield* build(at, file("new.txt", "new"))
      expect(fs.readdirSync(at).sort()).toEqual([".built", ".built-14-4567cdef", ".other-12-0123abcd", "built"])
    })
  )
})
