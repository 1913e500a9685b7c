import { crc32 } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Stream } from "effect"
import { limits } from "../../../images/services/ArchiveRules.ts"
import { onDisk, opened, type Packed, tar, zip } from "../../rig/archives.ts"

const named = (...paths: ReadonlyArray<string>): ReadonlyArray<Packed> => paths.map((path) => ({ path, bytes: path }))

const pathsOf = (name: string, bytes: Uint8Array, within = limits) =>
  Effect.map(opened(onDisk(name, bytes), within), (tree) => tree.entries.map(({ path }) => path))

const refusal = (name: string, bytes: Uint8Array, within = limits) =>
  Effect.map(Effect.either(pathsOf(name, bytes, within)), (result) =>
    Either.isLeft(result) ? result.left.message : `not refused: ${result.right.join(" ")}`
  )

const latin = (path: string) => Buffer.from(path, "latin1")

/** A tar whose names are these bytes. */
const tarOf = (...names: ReadonlyArray<Buffer>): Buffer => {
  const bytes = tar(named(...names.map((_, index) => `${index}`)))
  for (const [index, name] of names.entries()) {
    const header = bytes.subarray(index * 1024, index * 1024 + 512)
    header.fill(0, 0, 100)
    name.copy(header)
    header.write("        ", 148, "latin1")
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1")
  }
  return bytes
}

describe("names of entries are what their user wrote", () => {
  it.effect("a backslash in a tar, or in a zip made on a Unix, is a letter of a name: AC\\DC and AC\\US stay two", () =>
    Effect.gen(function* () {
      const paths = ["AC\\DC/1.png", "AC\\US/1.png", "\\alpha/1.png"]
      const below = named(...paths.map((path) => `./${path}`))
      expect(yield* pathsOf("back.tar", tar(below))).toEqual(paths)
      expect(yield* pathsOf("back.zip", zip(below))).toEqual(paths)
    })
  )

  it.effect("a backslash in a zip made on Windows parts folders, and leads out of none", () =>
    Effect.gen(function* () {
      const windows = { system: 0 }
      const entries = named("train\\cat\\1.png", "train\\dog\\")
      expect(yield* pathsOf("back.zip", zip(entries, windows))).toEqual(["train/cat/1.png"])
      for (const path of ["..\\evil.png", "cat\\..\\..\\evil.png", "\\evil.png", "C:\\evil.png"]) {
        expect(yield* refusal("evil.zip", zip(named(path), windows)), path).toMatch(/; expected relative paths/)
      }
    })
  )

  it.effect("a zip's UTF-8 name is one with and without its mark; what is no UTF-8 is code page 437", () =>
    Effect.gen(function* () {
      const paths = ["café/große.png", "猫/1.png"]
      for (const flags of [0, 0x800]) expect(yield* pathsOf("utf8.zip", zip(named(...paths), { flags }))).toEqual(paths)
      // é is 0x82 there
      const dos = { flags: 0, system: 0, name: (path: string) => Buffer.from(path.replace("é", "\x82"), "latin1") }
      expect(yield* pathsOf("dos.zip", zip(named("café/1.png", "cafe/1.png"), dos))).toEqual([
        "café/1.png",
        "cafe/1.png"
      ])
    })
  )

  it.effect("names of a zip in an encoding that nobody can tell are refused: two could become one", () =>
    Effect.gen(function* () {
      // 予測 and 予選 in Shift-JIS, where half of 予 is a backslash
      const shiftJis = (path: string) =>
        Buffer.concat([Buffer.from([0x97, 0x5c]), Buffer.from(path.replace("yo", ""), "latin1")])
      const written = [
        zip(named("yo\x91\xaa/1.png", "yo\x91I/1.png"), { flags: 0, system: 0, name: shiftJis }),
        zip(named("café/1.png", "cafè/1.png"), { flags: 0, system: 0, name: latin }),
        // a Unix writes the bytes of its user's locale, whatever they look like in code page 437
        zip(named("caf\x82/1.png", "caf\x8a/1.png"), { flags: 0, name: latin })
      ]
      for (const [at, bytes] of written.entries())
        expect(yield* refusal(`odd${at}.zip`, bytes)).toMatch(
          /has 2 names that are not UTF-8, such as .*; expected names/
        )
    })
  )

  it.effect("Info-ZIP's name in UTF-8 beside a header's own counts, unless it stands for another", () =>
    Effect.gen(function* () {
      const beside = (path: string, of: Buffer) => {
        const start = Buffer.alloc(9)
        start.writeUInt16LE(0x7075, 0)
        start.writeUInt16LE(5 + Buffer.byteLength(path), 2)
        start[4] = 1
        start.writeUInt32LE(crc32(of), 5)
        return Buffer.concat([start, Buffer.from(path)])
      }
      const own = (path: string) => Buffer.from(path.replace("猫", "?"))
      const entries = named("猫/1.png")
      const right = { flags: 0, name: own, extra: (path: string) => beside(path, own(path)) }
      expect(yield* pathsOf("beside.zip", zip(entries, right))).toEqual(["猫/1.png"])
      const stale = { ...right, extra: (path: string) => beside(path, Buffer.from("another")) }
      expect(yield* pathsOf("stale.zip", zip(entries, stale))).toEqual(["?/1.png"])
    })
  )

  it.effect("two names of a tar that are not UTF-8 don't become one: they are refused, with their count", () =>
    Effect.gen(function* () {
      const message = yield* refusal(
        "latin.tar",
        tarOf(latin("caf\xe9/1.png"), latin("caf\xe8/1.png"), latin("b/1.png"))
      )
      expect(message).toMatch(
        /latin\.tar has 2 names that are not UTF-8, such as "caf.\/1\.png"; expected names in UTF-8.* Rename .*convmv/
      )
      expect(yield* pathsOf("utf8.tar", tarOf(Buffer.from("café/1.png")))).toEqual(["café/1.png"])
    })
  )

  it.effect("bytes of an extended attribute that are not UTF-8 say nothing of a name", () =>
    Effect.gen(function* () {
      const value = Buffer.from([0xff, 0xfe, 0x80])
      const record = Buffer.concat([Buffer.from("41 SCHILY.xattr.com.apple.provenance="), value, Buffer.from("\n")])
      expect(record.length).toBe(41)
      const bytes = Buffer.concat([typed("x", { path: "PaxHeader", bytes: record }), tar(named("cat/1.png"))])
      expect(yield* pathsOf("mac.tar", bytes)).toEqual(["cat/1.png"])
    })
  )

  it.effect("a tar whose first name begins with PK is no zip", () =>
    Effect.gen(function* () {
      expect(yield* pathsOf("pku.tar", tar(named("PKU/1.png", "cat/1.png")))).toEqual(["PKU/1.png", "cat/1.png"])
    })
  )
})

/** An entry of a type that tar's rig knows nothing of. */
const typed = (letter: string, entry: Packed): Buffer => {
  const bytes = tar([entry], Buffer.alloc(0))
  bytes[156] = letter.charCodeAt(0)
  bytes.write("        ", 148, "latin1")
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1")
  return bytes
}

describe("what an archive holds and a dataset can't use is refused with its count", () => {
  const good = { path: "cat/1.png", bytes: "one" }
  const end = Buffer.alloc(1024)

  it.effect("links, and how to pack without them: tar -h keeps hard links", () =>
    Effect.gen(function* () {
      const links = (type: "Link" | "SymbolicLink") =>
        tar([good, ...["2", "3", "4"].map((name) => ({ path: `cat/${name}.png`, type }))])
      expect(yield* refusal("hard.tar", links("Link"))).toMatch(
        /has 3 hard links, such as "cat\/2\.png"; expected only regular files and folders\. .*--hard-dereference/
      )
      expect(yield* refusal("soft.tar", links("SymbolicLink"))).toMatch(/has 3 symbolic links, .*tar -h/)
    })
  )

  it.effect("sparse files in GNU's and in the POSIX format", () =>
    Effect.gen(function* () {
      const record = "22 GNU.sparse.major=1\n"
      const posix = Buffer.concat([
        ...[1, 2].flatMap((name) => [
          typed("x", { path: "PaxHeader", bytes: record }),
          tar([{ path: `cat/GNUSparseFile.7/${name}.png`, bytes: "1\n0\n3\none" }], Buffer.alloc(0))
        ]),
        tar([good])
      ])
      expect(yield* refusal("posix.tar", posix)).toMatch(/has 2 sparse files, such as .* again without --sparse/)
      const gnu = Buffer.concat([typed("S", { path: "cat/2.png", bytes: "two" }), tar([good])])
      expect(yield* refusal("gnu.tar", gnu)).toMatch(/has a sparse file, "cat\/2\.png"; .* again without --sparse/)
    })
  )

  it.effect("the label of a tape is no entry; a file that goes on from another tape is refused", () =>
    Effect.gen(function* () {
      const label = typed("V", { path: "my backup" })
      expect(yield* pathsOf("label.tar", Buffer.concat([label, tar([good])]))).toEqual(["cat/1.png"])
      const rest = typed("M", { path: "cat/2.png", bytes: "rest" })
      expect(yield* refusal("volume.tar", Buffer.concat([rest, end]))).toMatch(/began in another volume, .*all volumes/)
    })
  )

  it.effect("encrypted entries, and those packed by another method than deflate", () =>
    Effect.gen(function* () {
      const entries = named("a/1", "a/2")
      expect(yield* refusal("secret.zip", zip(entries, { flags: 1 }))).toMatch(
        /has 2 encrypted entries, such as "a\/1"/
      )
      const stored = { flags: 1, method: 0 }
      expect(yield* refusal("secret.zip", zip(entries, stored))).toMatch(/has 2 encrypted entries, such as "a\/1"/)
      expect(yield* refusal("d64.zip", zip(entries, { method: 9 }))).toMatch(
        /has 2 entries packed by Deflate64, .*; expected entries stored, or packed by deflate\. Unpack it/
      )
      expect(yield* refusal("odd.zip", zip(entries, { method: 77 }))).toContain("packed by a method numbered 77")
    })
  )

  it.effect("second entries of a path, entries over a limit, and names that no file system holds", () =>
    Effect.gen(function* () {
      const twice = named("a/1", "a/2", "a/1", "a/2")
      for (const [name, bytes] of [
        ["twice.tar", tar(twice)],
        ["twice.zip", zip(twice)]
      ] as const) {
        expect(yield* refusal(name, bytes)).toMatch(/has 2 second entries of one path, such as "a\/1"/)
        const small = { ...limits, entryBytes: 2 }
        expect(yield* refusal(name, bytes, small)).toMatch(
          /has 4 entries of more than 2 bytes, .*; expected at most 2\./
        )
      }
      const message = yield* refusal("long.zip", zip(named(`cat/${"x".repeat(5_000)}`)))
      expect(message).toMatch(/has a path of more than 4096 bytes, "cat\/x+…"/)
      expect(message.length).toBeLessThan(600)
    })
  )

  it.effect("an entry whose bytes are more or fewer than its size says", () =>
    Effect.gen(function* () {
      for (const [size, words] of [
        [2, "larger"],
        [4, "smaller"]
      ] as const) {
        const bytes = zip(named("cat"))
        // the size stands 22 bytes into a local header and 24 into one of the directory
        bytes.writeUInt32LE(size, 22)
        bytes.writeUInt32LE(size, bytes.indexOf("PK\x01\x02", 0, "latin1") + 24)
        const tree = yield* opened(onDisk("size.zip", bytes))
        const error = yield* Effect.flip(Stream.runDrain(tree.read(tree.entries)))
        expect(error.message).toMatch(new RegExp(`cat is ${words} than its size says`))
      }
    })
  )

  it.effect("archives of other kinds, by their first bytes, whatever they are called", () =>
    Effect.gen(function* () {
      const starts = {
        "packed by xz": "fd377a585a00",
        "packed by bzip2": "425a6839",
        "packed by zstd": "28b52ffd",
        "a 7z archive": "377abcaf271c",
        "a RAR archive": "526172211a07"
      }
      for (const [words, start] of Object.entries(starts)) {
        const bytes = Buffer.concat([Buffer.from(start, "hex"), Buffer.alloc(600, 7)])
        expect(yield* refusal("renamed.tar.gz", bytes)).toMatch(
          new RegExp(`is ${words}, which is not read here; expected a \\.tar.*\\. Unpack it and give the folder\\.`)
        )
      }
    })
  )
})
