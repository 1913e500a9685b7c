import { randomBytes } from "node:crypto"
import fs from "node:fs"
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Stream } from "effect"
import { create } from "tar"
import * as Digest from "../../../artifacts/Digest.ts"
import { limits } from "../../../images/services/ArchiveRules.ts"
import { type Entry, type FileTree, joined } from "../../../images/services/FileTree.ts"
import { onDisk, opened, type Packed, tar, zip } from "../../rig/archives.ts"

// larger than a piece, and not to be guessed from one
const large = randomBytes(3_000_000)
const entries: ReadonlyArray<Packed> = [
  { path: "b/2.txt", bytes: "two" },
  { path: "b/large.bin", bytes: large },
  { path: "a/empty.txt", bytes: "" },
  { path: "a/1.txt", bytes: "one" }
]

const read = (tree: FileTree, wanted: ReadonlyArray<Entry> = tree.entries) =>
  Stream.runCollect(joined(tree.read(wanted))).pipe(
    Effect.map((found) => [...found].map(({ path, bytes }) => [path, Digest.ofBytes(bytes)] as const))
  )

const expectedOf = (of: ReadonlyArray<Packed>) =>
  of.map(({ path, bytes = "" }) => [path, Digest.ofBytes(bytes)] as const)

/** What reading all of an archive fails with; what it gives, if it doesn't. */
const refusal = (name: string, bytes: Uint8Array, within = limits) =>
  opened(onDisk(name, bytes), within).pipe(
    Effect.flatMap((tree) => read(tree)),
    Effect.either,
    Effect.map((result) => (Either.isLeft(result) ? result.left.message : "not refused"))
  )

describe("archives as trees", () => {
  for (const [name, bytes] of [
    ["plain.tar", tar(entries)],
    ["packed.tar.gz", gzipSync(tar(entries))],
    ["packed.zip", zip(entries)]
  ] as const) {
    it.effect(`${name} gives its entries and their bytes, as often as asked`, () =>
      Effect.gen(function* () {
        const tree = yield* opened(onDisk(name, bytes))
        expect(tree.entries).toEqual(entries.map(({ path, bytes = "" }) => ({ path, size: bytes.length })))
        expect(yield* read(tree)).toEqual(expectedOf(entries))
        expect(yield* read(tree)).toEqual(expectedOf(entries))
      })
    )

    it.effect(`${name} is read in any order, and in part`, () =>
      Effect.gen(function* () {
        const tree = yield* opened(onDisk(name, bytes))
        const backwards = [...tree.entries].reverse()
        expect(yield* read(tree, backwards)).toEqual(expectedOf([...entries].reverse()))
        const [, second] = tree.entries
        expect(yield* read(tree, second === undefined ? [] : [second])).toEqual([
          ["b/large.bin", Digest.ofBytes(large)]
        ])
        expect(yield* read(tree, [])).toEqual([])
      })
    )

    it.effect(`${name} replaced after it was opened is noticed`, () =>
      Effect.gen(function* () {
        const at = onDisk(name, bytes)
        const tree = yield* opened(at)
        fs.writeFileSync(at, bytes)
        const error = yield* Effect.flip(read(tree))
        expect(error._tag).toBe("SourceChanged")
        expect(error.message).toMatch(/changed while being read; expected the bytes .* Run again; /)
      })
    )
  }

  it.effect("an archive of a folder, made by a real packer, has relative paths and no hidden files", () =>
    Effect.gen(function* () {
      const long = `${"long-".repeat(30)}name.txt`
      const at = onDisk("folder", [...entries, { path: `a/${long}`, bytes: "long" }, { path: "a/.DS_Store" }])
      yield* Effect.promise(() => create({ file: `${at}.tgz`, cwd: at, gzip: true }, ["."]))
      const tree = yield* opened(`${at}.tgz`)
      const paths = tree.entries.map((entry) => entry.path).sort()
      expect(paths).toEqual(["a/1.txt", "a/empty.txt", `a/${long}`, "b/2.txt", "b/large.bin"])
    })
  )
})

describe("hostile archives", () => {
  for (const path of ["../evil.txt", "a/../../evil.txt", "/etc/evil.txt", "C:\\evil.txt", "..\\evil.txt"]) {
    it.effect(`an entry ${path} is refused, in a tar and in a zip`, () =>
      Effect.gen(function* () {
        const hostile = [
          { path: "a/1.txt", bytes: "one" },
          { path, bytes: "evil" }
        ]
        expect(yield* refusal("hostile.tar", tar(hostile))).toMatch(/has an entry ".*"; expected relative paths/)
        expect(yield* refusal("hostile.zip", zip(hostile))).toMatch(/; expected .*\. /)
      })
    )
  }

  const kinds = {
    SymbolicLink: "a symbolic link",
    Link: "a hard link",
    CharacterDevice: "a device",
    FIFO: "a pipe"
  } as const
  for (const [type, words] of Object.entries(kinds)) {
    it.effect(`${words} is refused`, () =>
      Effect.gen(function* () {
        const message = yield* refusal(
          "hostile.tar.gz",
          gzipSync(tar([{ path: "a/1.txt", type: type as keyof typeof kinds }]))
        )
        expect(message).toMatch(new RegExp(`has ${words}, "a/1.txt"; expected only regular files`))
      })
    )
  }

  it.effect("a link in a zip is refused", () =>
    Effect.gen(function* () {
      const message = yield* refusal("hostile.zip", zip([{ path: "a/1", bytes: "/etc/passwd", type: "SymbolicLink" }]))
      expect(message).toContain('has a symbolic link, "a/1"')
    })
  )

  it.effect("two entries of one path are refused", () =>
    Effect.gen(function* () {
      const twice = [{ path: "a/1.txt" }, { path: "./a//1.txt" }]
      expect(yield* refusal("twice.tar", tar(twice))).toMatch(/has a second entry of one path, ".*a\/+1\.txt"/)
      expect(yield* refusal("twice.zip", zip(twice))).toMatch(/has a second entry of one path, ".*a\/+1\.txt"/)
    })
  )

  it.effect("an entry beyond the limit is refused before it is unpacked", () =>
    Effect.gen(function* () {
      const zeros = [{ path: "a/zeros", bytes: Buffer.alloc(100_000) }]
      const small = { ...limits, entryBytes: 99_999 }
      expect(yield* refusal("large.tar.gz", gzipSync(tar(zeros)), small)).toMatch(
        /has an entry of more than 99999 bytes, "a\/zeros"; expected at most 99999/
      )
      expect(yield* refusal("large.zip", zip(zeros), small)).toMatch(
        /has an entry of more than 99999 bytes, "a\/zeros"; expected at most 99999/
      )
    })
  )

  it.effect("what unpacks to far more than its size is refused as a bomb", () =>
    Effect.gen(function* () {
      const zeros = Array.from({ length: 20 }, (_, index) => ({ path: `a/${index}`, bytes: Buffer.alloc(100_000) }))
      const small = { ...limits, freeBytes: 1_000_000 }
      expect(yield* refusal("bomb.tgz", gzipSync(tar(zeros)), small)).toMatch(
        /unpacks to more than 100 times its size; /
      )
      expect(yield* refusal("bomb.zip", zip(zeros), small)).toContain("decompression bomb")
    })
  )

  it.effect("more entries than the limit are refused, whatever they are: folders, hidden files, links", () =>
    Effect.gen(function* () {
      const few = { ...limits, entries: 6 }
      const kinds: Readonly<Record<string, (index: number) => Packed>> = {
        files: (index) => ({ path: `a/${index}` }),
        folders: (index) => ({ path: `a/${index}/`, type: "Directory" }),
        hidden: (index) => ({ path: `a/.${index}` }),
        links: (index) => ({ path: `a/${index}`, bytes: "b", type: "SymbolicLink" })
      }
      for (const [kind, one] of Object.entries(kinds)) {
        const many = (count: number) => Array.from({ length: count }, (_, index) => one(index))
        for (const pack of [tar, zip]) {
          const over = yield* refusal(`${kind}.${pack.name}`, pack(many(7)), few)
          // what was noted says more
          if (kind === "links") expect(over).toContain("6 symbolic links")
          else
            expect(over).toMatch(
              /has more than 6 files and folders; expected at most that many in one archive\. .*unpack it and give the folder/
            )
        }
      }
      for (const pack of [tar, zip]) {
        const six = Array.from({ length: 6 }, (_, index) => ({ path: `a/${index}` }))
        const at = onDisk(`six.${pack.name}`, pack(six))
        expect((yield* opened(at, few)).entries).toHaveLength(6)
      }
      expect(limits.entries).toBe(4_000_000)
    })
  )

  it.effect("gzip within gzip is refused", () =>
    Effect.gen(function* () {
      expect(yield* refusal("twice.tar.gz", gzipSync(gzipSync(tar(entries))))).toContain("gzip in gzip")
    })
  )
})

describe("what lies behind a tar's end mark", () => {
  const [first, second] = [tar([{ path: "a/1", bytes: "one" }]), tar([{ path: "b/2", bytes: "two" }])]

  it.effect("is another archive, which is refused, packed or not, however much padding parts them", () =>
    Effect.gen(function* () {
      for (const gap of [0, 512, 10_240, 300_000]) {
        const both = Buffer.concat([first, Buffer.alloc(gap - (gap % 512)), second])
        expect(yield* refusal("both.tar", both)).toMatch(
          /both\.tar goes on with another archive behind its end; .*ignore-zeros/
        )
        expect(yield* refusal("both.tar.gz", gzipSync(both))).toContain("goes on with another archive")
        const members = Buffer.concat([gzipSync(first), gzipSync(Buffer.alloc(gap)), gzipSync(second)])
        if (gap % 512 === 0) expect(yield* refusal("members.tgz", members)).toContain("goes on with another archive")
      }
    })
  )

  it.effect("is padding of whatever bytes, which is left alone, as are blocks of zeros inside of a file", () =>
    Effect.gen(function* () {
      const hollow = Buffer.concat([randomBytes(700), Buffer.alloc(5_000), randomBytes(300_000), Buffer.alloc(2_048)])
      const packed = tar([
        { path: "a/hollow", bytes: hollow },
        { path: "a/zeros", bytes: Buffer.alloc(1_024) }
      ])
      for (const padding of [Buffer.alloc(0), randomBytes(7_000), Buffer.alloc(20_000)]) {
        const tree = yield* opened(onDisk("padded.tar", Buffer.concat([packed, padding])))
        expect(yield* read(tree)).toEqual([
          ["a/hollow", Digest.ofBytes(hollow)],
          ["a/zeros", Digest.ofBytes(Buffer.alloc(1_024))]
        ])
      }
    })
  )
})

describe("damaged archives", () => {
  const plain = tar([
    { path: "a/1.txt", bytes: "one" },
    { path: "a/2.bin", bytes: randomBytes(2_000) }
  ])

  for (const cut of [600, 1024, 2_000, 512 + 512 + 512 + 2048]) {
    it.effect(`a tar cut after ${cut} bytes is truncated`, () =>
      Effect.gen(function* () {
        expect(yield* refusal("cut.tar", plain.subarray(0, cut))).toMatch(
          /is truncated; expected a whole archive\. Copy/
        )
      })
    )
  }

  it.effect("a gzip cut anywhere is truncated", () =>
    Effect.gen(function* () {
      const packed = gzipSync(plain)
      for (const cut of [packed.length >> 1, packed.length - 9, packed.length - 1]) {
        expect(yield* refusal("cut.tar.gz", packed.subarray(0, cut))).toContain("is truncated")
      }
    })
  )

  it.effect("a zip cut anywhere is truncated", () =>
    Effect.gen(function* () {
      const packed = zip([{ path: "a/1.txt", bytes: "one" }])
      for (const cut of [30, packed.length - 1]) {
        expect(yield* refusal("cut.zip", packed.subarray(0, cut))).toContain("is truncated")
      }
    })
  )

  it.effect("flipped bits are refused", () =>
    Effect.gen(function* () {
      const packed = gzipSync(plain)
      packed[packed.length >> 1] = (packed[packed.length >> 1] ?? 0) ^ 255
      expect(yield* refusal("flipped.tar.gz", packed)).toContain("is damaged")
      const header = Buffer.from(plain)
      header[0] = 0
      expect(yield* refusal("flipped.tar", header)).toContain("damaged from its start")
      expect(yield* refusal("sum.zip", zip([{ path: "a/1", bytes: "one" }], { crc: 1 }))).toContain("another checksum")
    })
  )

  it.effect("an encrypted zip is refused", () =>
    Effect.gen(function* () {
      const message = yield* refusal("secret.zip", zip([{ path: "a/1", bytes: "one" }], { flags: 0x801 }))
      expect(message).toMatch(/has an encrypted entry, "a\/1"; expected entries that need no password\. Unpack it/)
    })
  )

  it.effect("what is no archive at all, or empty, is refused", () =>
    Effect.gen(function* () {
      expect(yield* refusal("text.tar.gz", Buffer.from("hello ".repeat(500)))).toContain("is no archive")
      expect(yield* refusal("empty.tar", Buffer.alloc(0))).toContain("is no archive")
    })
  )
})
