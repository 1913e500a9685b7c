import { readFileSync } from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Random from "../../../api/random.ts"
import * as Affine from "../../../images/models/Affine.ts"
import * as Augmentation from "../../../images/models/Augmentation.ts"
import { resizeBilinear } from "../../../images/models/resize-bilinear.ts"
import { Tensorflow } from "../../../images/services/Tensorflow.ts"

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url))

interface Image {
  readonly size: Affine.Size
  readonly pixels: Float32Array
}

/** The corner of an image of uint8, in [0, 1]. */
const corner = (bytes: Uint8Array, width: number, [top, left]: Affine.Size, size: Affine.Size): Image => {
  const [height, wide] = size
  const pixels = Float32Array.from({ length: height * wide * 3 }, (_, at) => {
    const [y, x] = [Math.floor(at / 3 / wide), Math.floor(at / 3) % wide]
    return (bytes[((top + y) * width + left + x) * 3 + (at % 3)] ?? Number.NaN) / 255
  })
  return { size, pixels }
}

/** As test/fixtures/augmentation/keras-augmentation.py cuts them. */
const images: Readonly<Record<string, Image>> = {
  square: corner(fixture("mobilenet-v2/images.u8"), 32, [8, 8], [16, 16]),
  wide: corner(fixture("mobilenet-v2/wide.u8"), 40, [4, 8], [12, 20])
}
const square = images.square as Image

interface Case {
  readonly image: string
  readonly change: Augmentation.Change
  readonly size: Affine.Size
}

const viewOf = ({ pixels, size: from }: Image, change: Augmentation.Change, size: Affine.Size): Float32Array => {
  const view = new Float32Array(size[0] * size[1] * 3)
  Affine.resample(pixels, from, Augmentation.mapOf(change, from, size), size, view)
  return view
}

const largestDifference = (one: Float32Array, other: Float32Array): number => {
  expect(one.length).toBe(other.length)
  return one.reduce((largest, value, at) => Math.max(largest, Math.abs(value - (other[at] ?? Number.NaN))), 0)
}

const nothing: Augmentation.Change = { flip: false, translation: [0, 0], rotation: 0, zoom: 0 }

describe("a view", () => {
  // written by test/fixtures/augmentation/keras-augmentation.py
  const cases: ReadonlyArray<Case> = JSON.parse(fixture("augmentation/cases.json").toString())
  const bytes = fixture("augmentation/views.u16")
  let offset = 0
  const golden = cases.map(({ size: [height, width] }) => {
    const length = height * width * 3
    offset += length * 2
    return Float32Array.from({ length }, (_, at) => bytes.readUInt16LE(offset - (length - at) * 2) / 65535)
  })
  // what Keras is given is float32, what it makes is kept in 16 bits
  const close = 5e-5

  it.each(cases.map((each, at) => [each, golden[at]] as const))(
    "is Keras' own: $0.image $0.change",
    (each, expected) => {
      const image = images[each.image] as Image
      expect(largestDifference(viewOf(image, each.change, each.size), expected ?? new Float32Array())).toBeLessThan(
        close
      )
    }
  )

  it("is no longer Keras' own with another centre, or mirrored about the outermost pixels", () => {
    const at = cases.findIndex(({ change, image }) => change.rotation === 0.11 && image === "wide")
    const { size, pixels } = images.wide as Image
    const view = new Float32Array(pixels.length)
    const elsewhere = Affine.compose(
      Affine.translation(size, [0.5 / size[0], 0.5 / size[1]]),
      Affine.rotation(size, 0.11),
      Affine.translation(size, [-0.5 / size[0], -0.5 / size[1]])
    )
    Affine.resample(pixels, size, elsewhere, size, view)
    expect(largestDifference(view, golden[at] ?? view)).toBeGreaterThan(100 * close)
    const down = cases.findIndex(({ change, image }) => change.translation[0] === 0.2 && image === "square")
    const moved = viewOf(square, cases[down]?.change ?? nothing, square.size)
    // 3.2 of 16 pixels down: the third row is made of the first, mirrored at its upper edge, and of the second
    const mixed = [0, 1, 2].map((channel) => {
      const [first, second] = [0, 1].map((y) => square.pixels[(y * 16 + 5) * 3 + channel] ?? 0) as [number, number]
      return 0.8 * first + 0.2 * second
    })
    const straight = viewOf(square, { ...nothing, translation: [0.2, 0] }, square.size)
    expect(straight.subarray((2 * 16 + 5) * 3, (2 * 16 + 5) * 3 + 3)).toEqual(Float32Array.from(mixed))
    expect(moved).not.toEqual(straight)
  })

  it("without any change is the image, to the bit, and flipped twice it is as well", () => {
    expect(viewOf(square, nothing, square.size)).toEqual(square.pixels)
    const flipped = viewOf(square, { ...nothing, flip: true }, square.size)
    expect(flipped).not.toEqual(square.pixels)
    expect(viewOf({ ...square, pixels: flipped }, { ...nothing, flip: true }, square.size)).toEqual(square.pixels)
  })

  it("stays within the image's values, however far it reaches beyond the edges", () => {
    const [least, most] = [Math.min(...square.pixels), Math.max(...square.pixels)]
    for (const change of [
      { flip: true, translation: [1, -1], rotation: 0.37, zoom: 0.99 },
      { flip: false, translation: [-1, 1], rotation: -1, zoom: -0.99 }
    ] as const) {
      const view = viewOf(square, change, [37, 53])
      expect(Math.min(...view)).toBeGreaterThanOrEqual(least - 1e-6)
      expect(Math.max(...view)).toBeLessThanOrEqual(most + 1e-6)
    }
  })
})

it.layer(Tensorflow.live)("a view without any change", (it) => {
  it.effect("is what resizing makes of the image, within 1e-5", () =>
    Effect.gen(function* () {
      const { tf } = yield* Tensorflow
      for (const image of Object.values(images)) {
        for (const size of [224, 96]) {
          const resized = resizeBilinear(tf, image.pixels, 1, image.size, size)
          expect(largestDifference(viewOf(image, nothing, [size, size]), resized)).toBeLessThan(1e-5)
        }
      }
    })
  )
})

describe("the change of an image", () => {
  const strengths = { flip: true, translation: 0.2, rotation: 0.3, zoom: 0.1 }
  const noise = (seed: number) => Random.uniform({ seed, purpose: "weights", epoch: 0, step: 0 }, 48, 1)
  const drawn = (seed: number, view: number, image = square.pixels) =>
    JSON.stringify(Augmentation.draw(image, { seed, view }, strengths))

  it("is another in another view, by another seed and of another image, and the same of the same", () => {
    const changed = square.pixels.slice()
    changed[0] = Math.fround((changed[0] ?? 0) + 2 ** -20)
    const all = [drawn(0, 1), drawn(0, 2), drawn(1, 1), drawn(0, 1, changed)]
    expect(new Set(all).size).toBe(4)
    expect(drawn(0, 1, square.pixels.slice())).toBe(all[0])
  })

  it("is spread over all that the strengths allow, evenly", () => {
    const changes = Array.from({ length: 2000 }, (_, seed) =>
      Augmentation.draw(noise(seed), { seed: 0, view: 1 }, strengths)
    )
    expect(Math.abs(changes.filter(({ flip }) => flip).length / 2000 - 0.5)).toBeLessThan(0.05)
    for (const [most, values] of [
      [0.2, changes.map(({ translation: [down] }) => down)],
      [0.2, changes.map(({ translation: [, right] }) => right)],
      [0.3, changes.map(({ rotation }) => rotation)],
      [0.1, changes.map(({ zoom }) => zoom)]
    ] as const) {
      expect(Math.max(...values)).toBeLessThanOrEqual(most)
      expect(Math.min(...values)).toBeGreaterThanOrEqual(-most)
      // in each tenth of the range about a tenth of them
      for (let tenth = 0; tenth < 10; tenth++) {
        const within = values.filter((value) => Math.floor((value / most + 1) * 5) === tenth).length
        expect(Math.abs(within - 200)).toBeLessThan(60)
      }
    }
  })

  it("is none where every strength is", () => {
    const none = { flip: false, translation: 0, rotation: 0, zoom: 0 }
    for (let view = 1; view <= 20; view++) {
      const change = Augmentation.draw(square.pixels, { seed: 0, view }, none)
      expect(viewOf(square, change, square.size)).toEqual(square.pixels)
    }
  })
})
