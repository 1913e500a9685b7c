import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Schema } from "effect"
import type * as Artifact from "../../artifacts/Artifact.ts"
import * as BoundedFile from "../../artifacts/BoundedFile.ts"
import * as BoundedJson from "../../artifacts/BoundedJson.ts"
import * as CanonicalJson from "../../artifacts/CanonicalJson.ts"
import * as Checkpoint from "../../artifacts/Checkpoint.ts"
import * as Digest from "../../artifacts/Digest.ts"
import * as Document from "../../artifacts/Document.ts"
import * as ClassNames from "../../images/artifacts/ClassNames.ts"
import { folder } from "../rig/folder.ts"
import { deepJson, deepValue, strangers } from "../rig/strangers.ts"
import { verified } from "../rig/verified.ts"

// Whatever is read whole is a regular file of a length that has a limit; whatever is parsed nests no deeper than recursion can go.

const file = (bytes: number): string => {
  const at = path.join(folder(), "file")
  fs.writeFileSync(at, Buffer.alloc(bytes, "x"))
  return at
}

describe("a file that is read whole", () => {
  it("is read to its end, at once and not, up to its limit", async () => {
    for (const bytes of [0, 1, 4096, 100_000]) {
      const at = file(bytes)
      expect(BoundedFile.read(at, bytes)).toEqual(Buffer.alloc(bytes, "x"))
      expect(await BoundedFile.readLarge(at, bytes)).toEqual(Buffer.alloc(bytes, "x"))
      expect(BoundedFile.readStart(at, 10)).toEqual(Buffer.alloc(Math.min(10, bytes), "x"))
    }
    expect(BoundedFile.readSmall(file(10), 10)).toHaveLength(10)
    expect(BoundedFile.readSmall(file(11), 10)).toBeNull()
  })

  it("is refused beyond its limit, by its size", async () => {
    const at = file(11)
    expect(() => BoundedFile.read(at, 10)).toThrow("has 11 bytes, where 10 is the most")
    await expect(BoundedFile.readLarge(at, 10)).rejects.toThrow("has 11 bytes, where 10 is the most")
  })

  it("is refused where its system tells of fewer bytes than it gives", async () => {
    // the kernel's own files have a size of 0
    expect(() => BoundedFile.read("/proc/self/stat", 1e6)).toThrow("has more bytes than its system says")
    await expect(BoundedFile.readLarge("/proc/self/stat", 1e6)).rejects.toThrow("has more bytes than its system says")
  })

  for (const [what, lay] of Object.entries(strangers)) {
    it(`is not ${what}: refused without waiting`, async () => {
      const at = path.join(folder(), "file")
      lay(at)
      expect(() => BoundedFile.read(at, 1e6)).toThrow(BoundedFile.Unbounded)
      await expect(BoundedFile.readLarge(at, 1e6)).rejects.toThrow(BoundedFile.Unbounded)
      if (what !== "a file of 4 GB") expect(() => BoundedFile.readStart(at, 10)).toThrow(BoundedFile.Unbounded)
    })
  }

  it("is none where there is nothing: the system says so", () => {
    expect(() => BoundedFile.read(path.join(folder(), "none"), 1)).toThrow("ENOENT")
  })
})

describe("JSON that is read", () => {
  it("nests as deep as the limit and no deeper; brackets in texts do not count", () => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"]
    ] as const) {
      const nested = (depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`
      for (const depth of [1, 64, BoundedJson.MOST_DEPTH])
        expect(BoundedJson.parse(nested(depth))).toEqual(JSON.parse(nested(depth)))
      for (const depth of [BoundedJson.MOST_DEPTH + 1, 100_000])
        expect(() => BoundedJson.parse(nested(depth))).toThrow(`nests ${depth} deep, where 256 is the most`)
    }
    for (const text of [deepJson(), `\\${deepJson()}`, `\\"${deepJson()}`, `${deepJson()}\\`, `"${deepJson()}"\\\\"`])
      for (const value of [text, [text], { [text]: text }, [text, 1, { a: [text] }]])
        expect(BoundedJson.parse(JSON.stringify(value))).toEqual(value)
  })

  it("that is wide, long or wrong is what JSON.parse says of it", () => {
    const wide = JSON.stringify(Array.from({ length: 10_000 }, (_, n) => ({ n, a: [[n]] })))
    expect(BoundedJson.parse(wide)).toEqual(JSON.parse(wide))
    for (const wrong of ["", "{", `${"]".repeat(600)}`, `"${"[".repeat(600)}`, `${"\\".repeat(1000)}"`])
      expect(() => BoundedJson.parse(wrong)).toThrow(SyntaxError)
  })

  it("is refused by its schema in words, whatever the schema is", () => {
    interface Tree extends ReadonlyArray<Tree> {}
    const Tree: Schema.Schema<Tree> = Schema.suspend(() => Schema.Array(Tree))
    const schemas: ReadonlyArray<Schema.Schema.AnyNoContext> = [Schema.Unknown, Tree]
    for (const schema of schemas) {
      const decoded = Schema.decodeUnknownEither(BoundedJson.schema(schema))(deepJson())
      expect(Either.isLeft(decoded) && decoded.left.message).toContain("JSON that nests 100000 deep")
    }
    expect(Schema.decodeUnknownSync(BoundedJson.schema(Tree))("[[],[[]]]")).toEqual([[], [[]]])
    expect(Schema.encodeSync(BoundedJson.schema(Tree))([[], [[]]])).toBe("[[],[[]]]")
  })
})

describe("values and artifacts that nest too deep are refused by name", () => {
  it("as canonical JSON, also where a value holds itself", () => {
    const limit = CanonicalJson.MOST_DEPTH
    expect(Either.isRight(CanonicalJson.encode(deepValue(limit)))).toBe(true)
    const round: Array<unknown> = []
    round.push(round, round)
    for (const value of [deepValue(limit + 1), deepValue(), round]) {
      const encoded = CanonicalJson.encode(value, "params.network")
      expect(Either.isLeft(encoded) && encoded.left).toMatchObject({
        _tag: "NotEncodable",
        message: expect.stringMatching(/^params\.network is a value that nests more than 128 deep; expected .*\. Give/)
      })
    }
  })

  const stored = (artifact: string, bytes: Uint8Array): Artifact.Stored => {
    const object = Digest.ofBytes(bytes)
    const part = { name: "x.json", object, bytes: bytes.length, rows: null, content: object }
    const rest = { kind: "document", rows: null, bytes: bytes.length, parts: [part], header: null } as const
    return { artifact, content: object, ...rest }
  }

  it.effect("as documents, when they are read and when they are written", () =>
    Effect.gen(function* () {
      interface Tree extends ReadonlyArray<Tree | number | { readonly a: Tree }> {}
      const Tree: Schema.Schema<Tree> = Schema.suspend(() =>
        Schema.Array(Schema.Union(Schema.Number, Tree, Schema.Struct({ a: Tree })))
      )
      const schemas: ReadonlyArray<Schema.Schema.AnyNoContext> = [Schema.Unknown, Tree]
      for (const schema of schemas) {
        const document = Document.make("Deep", 1, schema)
        const bytes = new TextEncoder().encode(deepJson())
        const read = yield* Effect.flip(document.decode(stored("Deep@1", bytes), () => Effect.succeed(verified(bytes))))
        expect(read).toMatchObject({ _tag: "ArtifactUnreadable", what: expect.stringContaining("nests 100000 deep") })
        const written = yield* Effect.flip(document.encode(deepValue(), () => Effect.die("written")))
        expect(written).toMatchObject({ _tag: "ArtifactInvalid", what: expect.stringContaining("more than 128 deep") })
      }
    })
  )

  it.effect("as the header of a checkpoint", () =>
    Effect.gen(function* () {
      const json = Buffer.from(`{"__metadata__":{},"a":${deepJson()}}`)
      const length = Buffer.alloc(8)
      length.writeBigUInt64LE(BigInt(json.length))
      const bytes = Buffer.concat([length, json])
      const checkpoint = Checkpoint.make("State", 1)
      const error = yield* Effect.flip(
        checkpoint.decode(stored("State@1", bytes), () => Effect.succeed(verified(bytes)))
      )
      expect(error).toMatchObject({ _tag: "ArtifactUnreadable", what: expect.stringContaining("nests 100001 deep") })
    })
  )

  it.effect("as the names of classes", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(ClassNames.fromMetadata({ classes: deepJson() }))
      expect(error._tag).toBe("ClassNamesMissing")
      expect(error.message.length).toBeLessThan(1000)
    })
  )
})
