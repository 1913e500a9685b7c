import { describe, expect, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import sharp, { type Sharp } from "sharp"
import * as ImageSheet from "../../../images/services/ImageSheet.ts"
import { Images } from "../../../images/services/Images.ts"

/** Shades that no coding makes simple, other ones for each seed, the same at each run. */
const noise = (length: number, seed: number): Uint8Array => {
  let state = seed + 1
  return Uint8Array.from({ length }, (_, at) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 25) + (at % 128)
  })
}

const drawn = (width: number, height: number, channels: 1 | 3 | 4, seed: number): Sharp =>
  sharp(noise(width * height * channels, seed), { raw: { width, height, channels } })

const encodings: ReadonlyArray<readonly [name: string, encode: (seed: number) => Sharp]> = [
  ["lossless WebP", (seed) => drawn(32, 32, 3, seed).webp({ lossless: true })],
  ["lossless WebP of an odd size", (seed) => drawn(7, 5, 3, seed).webp({ lossless: true })],
  ["JPEG", (seed) => drawn(32, 32, 3, seed).jpeg({ quality: 75 })],
  ["JPEG of an odd size", (seed) => drawn(33, 17, 3, seed).jpeg({ quality: 90 })],
  ["JPEG of full colours", (seed) => drawn(28, 28, 3, seed).jpeg({ chromaSubsampling: "4:4:4" })],
  ["JPEG with codes of its own", (seed) => drawn(28, 28, 3, seed).jpeg({ optimizeCoding: true, quality: 100 })],
  ["grey JPEG", (seed) => drawn(28, 20, 1, seed).toColourspace("b-w").jpeg()]
]

/** Files of the same encoding that hold other shades. */
const some = (encode: (seed: number) => Sharp, count: number) =>
  Effect.promise(() => Promise.all(Array.from({ length: count }, (_, seed) => encode(seed).toBuffer())))

const decode = (files: ReadonlyArray<Uint8Array>) =>
  Effect.gen(function* () {
    const images = yield* Images
    return yield* images.decode(
      files.map((bytes, at) => ({ file: `${at}.img`, bytes })),
      null
    )
  }).pipe(Effect.provide(Images.live))

const alone = (files: ReadonlyArray<Uint8Array>) =>
  Effect.map(
    Effect.forEach(files, (file) => decode([file])),
    (found) => found.flat()
  )

/** The places of the images of each sheet that these make. */
const placesOf = (files: ReadonlyArray<Uint8Array>) =>
  ImageSheet.gathered(files).map((sheet) => sheet.files.map(({ place }) => place))

/** The file with a byte of its coded data changed. */
const damaged = (file: Uint8Array, at: number, to: number): Uint8Array => {
  const copy = Uint8Array.from(file)
  copy[at] = to
  return copy
}

describe("small images decoded together", () => {
  for (const [name, encode] of encodings) {
    it.effect(`${name}: each has the pixels that it has alone`, () =>
      Effect.gen(function* () {
        const files = yield* some(encode, 5)
        expect(placesOf(files)).toEqual([[0, 1, 2, 3, 4]])
        expect(yield* decode(files)).toEqual(yield* alone(files))
      })
    )
  }

  it.effect("images of several kinds come back in the order in which they were given", () =>
    Effect.gen(function* () {
      const each = yield* Effect.forEach(encodings, ([, encode]) => some(encode, 2))
      const png = yield* some((seed) => drawn(9, 9, 3, seed).png(), 1)
      const files = [...each.map(([first]) => first), ...png, ...each.map(([, second]) => second)] as Array<Buffer>
      expect(placesOf(files)).toEqual(encodings.map((_, at) => [at, at + encodings.length + 1]))
      expect(yield* decode(files)).toEqual(yield* alone(files))
    })
  )

  it.effect("what says more than its pixels, or is coded otherwise, is decoded alone", () =>
    Effect.gen(function* () {
      const base = (seed: number) => drawn(32, 32, 3, seed)
      const others: ReadonlyArray<(seed: number) => Sharp> = [
        (seed) => base(seed).jpeg({ progressive: true }),
        (seed) => base(seed).jpeg().withMetadata({ orientation: 6 }),
        (seed) => base(seed).jpeg().withIccProfile("p3"),
        (seed) => base(seed).toColourspace("cmyk").jpeg(),
        (seed) => base(seed).webp({ lossless: true }).withMetadata({ orientation: 6 }),
        (seed) => drawn(32, 32, 4, seed).webp({ lossless: true }),
        (seed) => base(seed).webp({ quality: 50 }),
        (seed) => drawn(300, 300, 3, seed).jpeg()
      ]
      const files = (yield* Effect.forEach(others, (encode) => some(encode, 2))).flat()
      expect(placesOf(files)).toEqual([])
    })
  )

  it.effect("the first that is damaged is the one that is named, as it is alone", () =>
    Effect.gen(function* () {
      const files: Array<Uint8Array> = yield* some((seed) => drawn(32, 32, 3, seed).webp({ lossless: true }), 6)
      for (const place of [2, 4]) files[place] = (files[place] ?? new Uint8Array()).slice().fill(0xff, 60, 200)
      expect(placesOf(files)).toEqual([[0, 1, 2, 3, 4, 5]])
      const failure = yield* Effect.flip(decode(files))
      const expected = yield* Effect.flip(decode([files[2] ?? new Uint8Array()]))
      expect([failure.file, expected.file]).toEqual(["2.img", "0.img"])
      expect({ ...failure, file: "" }).toEqual({ ...expected, file: "" })
    })
  )

  it.effect(
    "a JPEG that its decoder would warn of is refused beside others as it is alone, and one with a changed shade is not",
    () =>
      Effect.gen(function* () {
        const [first, second, third] = yield* some((seed) => drawn(32, 32, 3, seed).jpeg(), 3)
        if (first === undefined || second === undefined || third === undefined) return expect.unreachable()
        const start = second.indexOf(Buffer.from([0xff, 0xda])) + 14
        const found = { refused: 0, read: 0 }
        for (let at = start; at < second.length - 2; at += 16) {
          const file = damaged(second, at, second[at] === 0x55 ? 0xaa : 0x55)
          const [together, single] = [
            yield* Effect.either(decode([first, file, third])),
            yield* Effect.either(decode([file]))
          ]
          expect(Either.isRight(together), `byte ${at}`).toBe(Either.isRight(single))
          if (Either.isRight(together) && Either.isRight(single)) expect(together.right[1]).toEqual(single.right[0])
          found[Either.isRight(single) ? "read" : "refused"]++
        }
        expect(Math.min(found.refused, found.read)).toBeGreaterThan(0)
      })
  )
})
