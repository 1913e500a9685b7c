import { inflateRawSync } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Stream } from "effect"
import fc from "fast-check"
import sharp from "sharp"
import type { Decoded } from "../../../images/services/Decoded.ts"
import { joined } from "../../../images/services/FileTree.ts"
import * as ImageFrames from "../../../images/services/ImageFrames.ts"
import { Images } from "../../../images/services/Images.ts"
import * as TiffHeader from "../../../images/services/TiffHeader.ts"
import { onDisk, opened, picture, tar, zip } from "../../rig/archives.ts"
import { tiff } from "../../rig/tiff.ts"

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

/** What a reader makes of a file, or the words of its refusal. */
type Reader<A> = (bytes: Buffer) => Effect.Effect<Either.Either<A, string>>

/** The places whose change has a reader give what it must not: of a sound one none, and some of a broken one. */
const wrong = <A>(
  read: Reader<A>,
  bytes: Buffer,
  within: number,
  isRight: (found: Either.Either<A, string>) => boolean
) =>
  Effect.map(
    Effect.forEach(mutations(bytes, within), ({ at, changed }) =>
      Effect.map(read(changed), (found) => (isRight(found) ? [] : [at]))
    ),
    (places) => places.flat()
  )

const orRefused =
  <A>(isRight: (value: A) => boolean) =>
  (found: Either.Either<A, string>): boolean =>
    Either.isRight(found) ? isRight(found.right) : /^x .+; expected .+\. .+/s.test(found.left)

const decode: Reader<Decoded> = (bytes) =>
  Effect.flatMap(Images, (images) => images.decode([{ file: "x", bytes }], null)).pipe(
    Effect.flatMap(([image]) => Effect.fromNullable(image)),
    Effect.mapError((error) => error.message),
    Effect.either,
    Effect.provide(Images.live)
  )

/** The contents of an archive's entries by their paths. */
type Contents = ReadonlyArray<readonly [path: string, text: string]>

const contents =
  (name: string): Reader<Contents> =>
  (bytes) =>
    opened(onDisk(name, bytes)).pipe(
      Effect.flatMap((tree) => Stream.runCollect(joined(tree.read(tree.entries)))),
      Effect.map((files) => [...files].map((file) => [file.path, Buffer.from(file.bytes).toString()] as const)),
      // the archive's path is another each time
      Effect.mapError((error) => error.message.replace(/^\S+/, "x")),
      Effect.either
    )

/** A reader without effects; what it throws is its refusal. */
const plain =
  <A>(read: (bytes: Buffer) => A): Reader<A> =>
  (bytes) =>
    Effect.either(Effect.try({ try: () => read(bytes), catch: () => "x is refused; expected another. Pack it again." }))

/** Believes every header, whatever the sum of its bytes says. */
const tarWithoutSums = (bytes: Buffer): Contents => {
  const text = (from: number, to: number) => bytes.toString("latin1", from, to).replace(/\0.*$/s, "")
  const found: Array<readonly [string, string]> = []
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, at + 136), 8)
    found.push([text(at, at + 100), bytes.toString("utf8", at + 512, at + 512 + size)])
    at += 512 * (1 + Math.ceil(size / 512))
  }
  return found
}

/** Unpacks entry by entry, whatever the checksums say. */
const zipWithoutSums = (bytes: Buffer): Contents => {
  const found: Array<readonly [string, string]> = []
  for (let at = 0; bytes.toString("latin1", at, at + 4) === "PK\x03\x04"; ) {
    const name = at + 30
    const from = name + bytes.readUInt16LE(at + 26)
    const to = from + bytes.readUInt32LE(at + 18)
    found.push([bytes.toString("utf8", name, from), inflateRawSync(bytes.subarray(from, to)).toString()])
    at = to
  }
  return found
}

describe("a file with one other byte ends in what it held, or in a refusal", () => {
  it.effect("a PNG, whose parts have checksums", () =>
    Effect.gen(function* () {
      const bytes = yield* Effect.promise(() => picture("x.png"))
      const whole = Either.getOrThrow(yield* decode(bytes))
      const isWhole = orRefused(({ data }: Pick<Decoded, "data">) => Buffer.compare(data, whole.data) === 0)
      expect(yield* wrong(decode, bytes, bytes.length, isWhole)).toEqual([])
      const refusals = yield* wrong(decode, bytes, bytes.length, Either.isRight)
      expect(refusals.length).toBeGreaterThan(40)
      const undemanding: Reader<Pick<Decoded, "data">> = (changed) =>
        Effect.either(
          Effect.tryPromise({
            try: async () => ({
              data: await sharp(changed, { failOn: "none", limitInputPixels: 10_000 }).removeAlpha().raw().toBuffer()
            }),
            catch: () => "x is refused; expected a PNG. Replace it."
          })
        )
      expect(yield* wrong(undemanding, bytes, bytes.length, isWhole)).not.toEqual([])
    })
  )

  it.effect("a TIFF, which has none: an image of the size that is then said, or a refusal that names the file", () =>
    Effect.gen(function* () {
      const float = tiff(Buffer.from(Float32Array.from([0, 0.5, 1]).buffer), { width: 3, bits: 32, format: 3 })
      const colour = tiff(Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]), { width: 2, bits: 8, samples: 4, extra: [0] })
      const isOfItsSize = orRefused(({ width, height, data }: Decoded) => data.length === 3 * width * height)
      for (const bytes of [float, colour]) {
        expect(yield* wrong(decode, bytes, bytes.length, isOfItsSize)).toEqual([])
        const whole = Either.getOrThrow(yield* decode(bytes))
        // takes the size from the file, and the number of samples for granted
        const granted = plain((changed) => ({
          ...whole,
          width: TiffHeader.of(changed) === null ? 0 : changed.readUInt16LE(widthAt(bytes))
        }))
        expect(yield* wrong(granted, bytes, bytes.length, isOfItsSize)).not.toEqual([])
      }
    })
  )

  const entries = ["cat/1", "cat/2", "dog/1"].map((path) => ({ path, bytes: `the bytes of ${path}` }))

  it.effect("a tar, whose headers have checksums: the same names and bytes", () =>
    Effect.gen(function* () {
      const bytes = tar(entries)
      const whole = entries.map(({ path, bytes }) => [path, bytes])
      const isWhole = orRefused((found: Contents) => JSON.stringify(found) === JSON.stringify(whole))
      for (const read of [contents("x.tar"), plain(tarWithoutSums)]) {
        expect(Either.getOrThrow(yield* read(bytes))).toEqual(whole)
      }
      expect(yield* wrong(contents("x.tar"), bytes, 512, isWhole)).toEqual([])
      expect(yield* wrong(plain(tarWithoutSums), bytes, 512, isWhole)).not.toEqual([])
    })
  )

  it.effect("a zip, whose bytes have checksums and whose names have none: the same bytes", () =>
    Effect.gen(function* () {
      const bytes = zip(entries)
      const texts = new Set(entries.map((entry) => entry.bytes))
      const areKnown = orRefused((found: Contents) => found.every(([, text]) => texts.has(text)))
      for (const read of [contents("x.zip"), plain(zipWithoutSums)]) {
        expect(Either.getOrThrow(yield* read(bytes))).toHaveLength(3)
      }
      expect(yield* wrong(contents("x.zip"), bytes, bytes.length, areKnown)).toEqual([])
      expect(yield* wrong(plain(zipWithoutSums), bytes, bytes.length, areKnown)).not.toEqual([])
    })
  )

  it.effect("an animation, whose frames are counted without a decoder: an answer", () =>
    Effect.gen(function* () {
      const pixels = Buffer.from(Array.from({ length: 3 * 192 }, (_, at) => 80 * Math.floor(at / 192)))
      const frames = sharp(pixels, { raw: { width: 8, height: 24, channels: 3, pageHeight: 8 } })
      const files = yield* Effect.promise(() =>
        Promise.all([frames.clone().gif().toBuffer(), frames.clone().webp().toBuffer()])
      )
      const isAnswer = Either.isRight<boolean, string>
      for (const bytes of files) {
        expect(ImageFrames.hasSeveral(bytes)).toBe(true)
        expect(yield* wrong(plain(ImageFrames.hasSeveral), bytes, bytes.length, isAnswer)).toEqual([])
      }
      expect(yield* wrong(plain(framesBelieved), files[1], files[1].length, isAnswer)).not.toEqual([])
    })
  )
})

/** Goes where the lengths of a WebP's parts lead, beyond its end too. */
const framesBelieved = (bytes: Buffer): boolean => {
  let frames = 0
  for (let at = 12; at !== bytes.length; at += 8 + bytes.readUInt32LE(at + 4) + (bytes.readUInt32LE(at + 4) & 1)) {
    if (bytes.toString("latin1", at, at + 4) === "ANMF") frames++
  }
  return frames > 1
}

/** Where a TIFF of the rig has its width. */
const widthAt = (bytes: Buffer): number => bytes.indexOf(Buffer.from([0, 1, 3, 0, 1, 0, 0, 0])) + 8
