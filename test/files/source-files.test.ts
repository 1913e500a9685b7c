import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import * as Files from "../../artifacts/Files.ts"
import type { KeyText } from "../../cache/Key.ts"
import { ObjectStore } from "../../cache/ObjectStore.ts"
import { layerMemory } from "../../cache/remote/blobs-memory.ts"
import * as SourceUploads from "../../cache/remote/SourceUploads.ts"
import { share } from "../../cache/remote/share.ts"
import { SourceFiles } from "../../cache/SourceFiles.ts"
import { StoreListener } from "../../cache/StoreListener.ts"
import { bringSources } from "../../cli/remote/bring-sources.ts"
import { FileDigests } from "../../files/FileDigests.ts"
import * as SourceFilesDisk from "../../files/source-files-disk.ts"
import { folder } from "../rig/folder.ts"
import { machine } from "../rig/machines.ts"
import { textOf } from "../rig/store-contract.ts"

// A source is found on one machine and read on another: by its digest, wherever its bytes lie.

const Source = Files.make("Source", 1)

/** A machine whose sources are read from its disk, with a shared store behind its own. */
const place = (blobs: Map<string, Uint8Array>) => {
  const at = machine(layerMemory(blobs), { writer: null })
  const digests = FileDigests.layer({ directory: path.join(at.home, "sources") })
  const layer = Layer.provideMerge(SourceFilesDisk.layerDisk(at.home), Layer.mergeAll(at.cache, digests))
  const found = (file: string) =>
    Effect.map(
      Effect.flatMap(FileDigests, ({ of }) => of(file)),
      ({ digest }) => ({ digest, path: file, label: "the rents", notice: null })
    ).pipe(Effect.provide(layer))
  return {
    home: at.home,
    found,
    locate: (files: Files.Files) =>
      Effect.flatMap(SourceFiles, ({ locate }) => locate(files)).pipe(Effect.provide(layer)),
    share: (files: Files.Files) =>
      Effect.flatMap(
        Source.encode(files, () => Effect.dieMessage("files are never written")),
        (stored) => share([stored])
      ).pipe(Effect.provide(layer)),
    /** What is sent of the sources that a result was made of, asked twice, and what is told of them. */
    uploadSourcesOf: (text: KeyText) =>
      Effect.gen(function* () {
        const told: Array<string> = []
        const hear = (message: string) => Effect.sync(() => void told.push(message))
        const upload = yield* SourceUploads.make
        const sent = yield* Effect.forEach([text, text], upload).pipe(Effect.provideService(StoreListener, hear))
        return { told, sent }
      }).pipe(Effect.provide(layer)),
    pull: (...sources: ReadonlyArray<Files.Files>) => Effect.provide(bringSources(sources), layer),
    put: (text: string) =>
      Effect.flatMap(ObjectStore, ({ put }) => put(new TextEncoder().encode(text))).pipe(Effect.provide(layer))
  }
}

const write = (file: string, text: string) => {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, text)
  return file
}
const reading = (file: string) => fs.readFileSync(file, "utf8")

describe("a source", () => {
  it.live("is read where it was found, as long as its bytes are the same there", () =>
    Effect.gen(function* () {
      const blobs = new Map<string, Uint8Array>()
      const here = place(blobs)
      const file = write(path.join(folder("headrace-data"), "rents.csv"), "area,rent")
      const files = yield* here.found(file)
      expect(yield* here.locate(files)).toBe(file)
      yield* here.share(files)
      write(file, "something else")
      const laid = yield* here.locate(files)
      expect([laid.startsWith(here.home), path.basename(laid), reading(laid)]).toEqual([true, "rents.csv", "area,rent"])
    })
  )

  it.live("that another machine found is fetched once, and lies under its name", () =>
    Effect.gen(function* () {
      const blobs = new Map<string, Uint8Array>()
      const here = place(blobs)
      const file = write(path.join(folder("headrace-data"), "rents.csv"), "area,rent")
      const files = yield* here.found(file)
      yield* here.share(files)
      const there = place(blobs)
      const elsewhere = { ...files, path: "/another/machine's/rents.csv" }
      const laid = yield* there.locate(elsewhere)
      expect([path.basename(laid), reading(laid)]).toEqual(["rents.csv", "area,rent"])
      blobs.clear()
      expect(yield* there.locate(elsewhere)).toBe(laid)
    })
  )

  it.live("is brought by a pull where the shared store has it, and told of where it has not, or not all", () =>
    Effect.gen(function* () {
      const blobs = new Map<string, Uint8Array>()
      const here = place(blobs)
      const data = folder("headrace-data")
      const [rents, images] = [path.join(data, "rents.csv"), path.join(data, "images")]
      write(rents, "area,rent")
      for (const name of ["cat", "dog"]) write(path.join(images, name, "1.jpg"), `a ${name}`)
      const shared = yield* here.found(rents)
      const incomplete = yield* here.found(images)
      const alone = { ...shared, digest: Digest.ofBytes("nobody's"), label: "nobody's" }
      for (const files of [shared, incomplete]) yield* here.share(files)
      const lacking = [...blobs.keys()].find((name) => name.includes(Digest.ofBytes("a dog")))
      blobs.delete(lacking ?? "")
      const there = place(blobs)
      const elsewhere = (files: Files.Files) => ({ ...files, path: "/another/machine's/file" })
      const brought = yield* there.pull(...[shared, alone, incomplete].map(elsewhere))
      expect(brought.map(({ here, why }) => [here, why])).toEqual([
        [true, null],
        [false, "the shared store does not have it"],
        [false, expect.stringContaining("a store has the list of its files, and not dog/1.jpg")]
      ])
      // it is read without the shared store by then
      blobs.clear()
      expect(reading(yield* there.locate(elsewhere(shared)))).toBe("area,rent")
    })
  )

  it.live("that is a folder travels as its files and the list of them", () =>
    Effect.gen(function* () {
      const blobs = new Map<string, Uint8Array>()
      const here = place(blobs)
      const images = path.join(folder("headrace-data"), "images")
      write(path.join(images, "cat/1.jpg"), "a cat")
      write(path.join(images, "dog/1.jpg"), "a dog")
      const files = yield* here.found(images)
      yield* here.share(files)
      // who finds the list finds its files: it is the last that is sent
      expect([...blobs.keys()].filter((name) => name.includes("/objects/")).at(-1)).toContain(files.digest)
      const there = place(blobs)
      const laid = yield* there.locate({ ...files, path: "C:\\data\\images" })
      expect(path.basename(laid)).toBe("images")
      expect(fs.readdirSync(laid, { recursive: true }).sort()).toEqual(["cat", "cat/1.jpg", "dog", "dog/1.jpg"])
      expect(reading(path.join(laid, "dog/1.jpg"))).toBe("a dog")
      expect((yield* there.found(laid)).digest).toBe(files.digest)
    })
  )

  it.live("of which no machine that can be asked has the bytes is told of by its name", () =>
    Effect.gen(function* () {
      const here = place(new Map())
      const files = { digest: Digest.ofBytes("gone"), path: "/nowhere/rents.csv", label: "the rents", notice: null }
      for (const work of [here.locate(files), here.share(files)]) {
        const gone = yield* Effect.flip(Effect.asVoid(work))
        expect(gone).toMatchObject({ _tag: "SourceGone" })
        expect(gone.message).toContain("The bytes of the rents")
        expect(gone.message).toContain("nothing lies at /nowhere/rents.csv")
      }
    })
  )

  it.live("whose list leads out of its folder is no folder", () =>
    Effect.gen(function* () {
      const here = place(new Map())
      const victim = yield* here.put("somebody's")
      const list = JSON.stringify([["../../escaped", victim]])
      const files = { digest: yield* here.put(list), path: "/other/images", label: "images", notice: null }
      const laid = yield* here.locate(files)
      expect(reading(laid)).toBe(list)
      expect(fs.readdirSync(here.home, { recursive: true }).some((name) => String(name).includes("escaped"))).toBe(
        false
      )
    })
  )

  it.live("that knows its files by a digest of its own is read where it says, and does not travel", () =>
    Effect.gen(function* () {
      const here = place(new Map())
      const file = write(path.join(folder("headrace-data"), "own.bin"), "bytes")
      const files = { digest: Digest.ofBytes("version 7"), path: file, label: "own", notice: null }
      expect(yield* here.locate(files)).toBe(file)
      expect((yield* Effect.flip(here.share(files))).message).toContain("has another sha256")
    })
  )

  it.live("goes along with what is made of it, and one that is too large is told of", () =>
    Effect.gen(function* () {
      const blobs = new Map<string, Uint8Array>()
      const here = place(blobs)
      const small = yield* here.found(write(path.join(folder("headrace-data"), "rents.csv"), "area,rent"))
      const many = path.join(folder("headrace-data"), "images")
      for (let at = 0; at <= 2_000; at++) write(path.join(many, `${at}.txt`), `${at}`)
      const large = yield* here.found(many)
      const inputs = { rents: small.digest, images: [large.digest], other: Digest.ofBytes("no source") }
      const { told, sent } = yield* here.uploadSourcesOf({ ...textOf("s", 1), inputs })
      expect(sent).toEqual(["area,rent".length, 0])
      expect(told).toEqual([
        "images is too large to go along into the shared store s3://team: a machine that is to read it needs a copy of its own."
      ])
      expect([...blobs.keys()].filter((name) => name.includes("/objects/"))).toEqual([
        expect.stringContaining(small.digest)
      ])
    })
  )
})
