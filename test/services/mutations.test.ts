import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Stream } from "effect"
import fc from "fast-check"
import { joined } from "../../services/FileTree.ts"
import { Images } from "../../services/Images.ts"
import { onDisk, opened, picture, tar, zip } from "../rig/archives.ts"
import { tiff } from "../rig/tiff.ts"

/** One byte of the first `within` bytes is another. A defect, such as a range error, fails the test by itself. */
const mutations = (bytes: Buffer, within: number) =>
  fc
    .sample(
      fc.record({ at: fc.nat({ max: Math.min(within, bytes.length) - 1 }), by: fc.integer({ min: 1, max: 255 }) }),
      { numRuns: 80, seed: 12 }
    )
    .map(({ at, by }) => {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ by
      return { at, changed }
    })

const decode = (bytes: Uint8Array) =>
  Effect.either(Effect.flatMap(Images, (images) => images.decode([{ file: "x", bytes }], null)))

describe("a file with one other byte ends in what it held, or in a refusal", () => {
  it.effect("a PNG, whose parts have checksums", () =>
    Effect.gen(function* () {
      const bytes = yield* Effect.promise(() => picture("x.png"))
      const whole = yield* decode(bytes)
      let refused = 0
      for (const { at, changed } of mutations(bytes, bytes.length)) {
        const found = yield* decode(changed)
        if (Either.isRight(found)) expect(found, `byte ${at}`).toEqual(whole)
        else refused++
      }
      expect(refused).toBeGreaterThan(40)
    }).pipe(Effect.provide(Images.live))
  )

  it.effect("a TIFF, which has none: an image of the size that is then said, or a refusal that names the file", () =>
    Effect.gen(function* () {
      const float = tiff(Buffer.from(Float32Array.from([0, 0.5, 1]).buffer), { width: 3, bits: 32, format: 3 })
      const colour = tiff(Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]), { width: 2, bits: 8, samples: 4, extra: [0] })
      for (const bytes of [float, colour]) {
        for (const { at, changed } of mutations(bytes, bytes.length)) {
          const found = yield* decode(changed)
          if (Either.isLeft(found)) expect(found.left.message).toMatch(/^x .+; expected .+\. .+/)
          else
            for (const { width, height, data } of found.right)
              expect(data.length, `byte ${at}`).toBe(3 * width * height)
        }
      }
    }).pipe(Effect.provide(Images.live))
  )

  const entries = ["cat/1", "cat/2", "dog/1"].map((path) => ({ path, bytes: `the bytes of ${path}` }))
  const contents = (name: string, bytes: Uint8Array) =>
    opened(onDisk(name, bytes)).pipe(
      Effect.flatMap((tree) => Stream.runCollect(joined(tree.read(tree.entries)))),
      Effect.map((files) => [...files].map((file) => [file.path, Buffer.from(file.bytes).toString()])),
      Effect.either
    )

  it.effect("a tar, whose headers have checksums: the same names and bytes", () =>
    Effect.gen(function* () {
      const bytes = tar(entries)
      const whole = yield* contents("whole.tar", bytes)
      expect(Either.isRight(whole)).toBe(true)
      for (const { at, changed } of mutations(bytes, 512)) {
        const found = yield* contents("changed.tar", changed)
        if (Either.isRight(found)) expect(found, `byte ${at}`).toEqual(whole)
      }
    })
  )

  it.effect("a zip, whose bytes have checksums and whose names have none: the same bytes", () =>
    Effect.gen(function* () {
      const bytes = zip(entries)
      const texts = new Set(entries.map((entry) => entry.bytes))
      for (const { at, changed } of mutations(bytes, bytes.length)) {
        const found = yield* contents("changed.zip", changed)
        if (Either.isRight(found))
          for (const [, text = ""] of found.right) expect(texts.has(text), `byte ${at}`).toBe(true)
      }
    })
  )
})
