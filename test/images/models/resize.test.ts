import { readFile } from "node:fs/promises"
import { gunzipSync } from "node:zlib"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { resizeBilinear } from "../../../images/models/resize-bilinear.ts"
import { Tensorflow } from "../../../images/services/Tensorflow.ts"
import { program } from "../../rig/program.ts"

const fixture = (name: string) =>
  Effect.promise(() => readFile(new URL(`../../fixtures/mobilenet-v2/${name}`, import.meta.url)))

/** Written by bench/peers/opencv-resize.py. */
const golden = (name: string) =>
  Effect.map(fixture(name), (packed) => {
    const bytes = gunzipSync(packed)
    return Float32Array.from(
      new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2),
      (value) => value / 65535
    )
  })
const inUnit = (bytes: Uint8Array) => Float32Array.from(bytes, (value) => value / 255)

const largestDifference = (one: Float32Array, other: Float32Array): number => {
  expect(one.length).toBe(other.length)
  return one.reduce((largest, value, index) => Math.max(largest, Math.abs(value - (other[index] ?? Number.NaN))), 0)
}

it.layer(Tensorflow.live)("resizeBilinear", (it) => {
  it.effect("equals OpenCV's INTER_LINEAR within 1/255 on every pixel of a 32x32 and of a 24x40 image", () =>
    Effect.gen(function* () {
      const { tf } = yield* Tensorflow
      const square = resizeBilinear(tf, inUnit((yield* fixture("images.u8")).subarray(0, 3072)), 1, [32, 32], 224)
      expect(largestDifference(square, yield* golden("resized.u16.gz"))).toBeLessThan(0.01 / 255)
      const wide = resizeBilinear(tf, inUnit(yield* fixture("wide.u8")), 1, [24, 40], 224)
      expect(largestDifference(wide, yield* golden("wide-resized.u16.gz"))).toBeLessThan(0.01 / 255)
    })
  )

  it.effect("gives an image the same bytes alone and among others, and leaves no tensor", () =>
    Effect.gen(function* () {
      const { tf } = yield* Tensorflow
      const tensors = tf.memory().numTensors
      const images = inUnit(yield* fixture("images.u8"))
      const all = resizeBilinear(tf, images, 4, [32, 32], 224)
      const last = resizeBilinear(tf, images.subarray(3 * 3072), 1, [32, 32], 224)
      expect(Buffer.from(all.slice(3 * last.length).buffer).equals(Buffer.from(last.slice().buffer))).toBe(true)
      expect(tf.memory().numTensors).toBe(tensors)
    })
  )

  it.scoped("gives the same bytes by one thread, two and five: their number is no fact", () =>
    Effect.gen(function* () {
      const run = yield* program("resize-once-worker")
      const texts = yield* Effect.forEach(["1", "2", "5"], (threads) => run({ TF_NUM_INTRAOP_THREADS: threads }))
      const digests = texts.map((text) => /digest (\w{64})/.exec(text)?.[1])
      expect(digests[0]).toBeDefined()
      expect(new Set(digests).size).toBe(1)
    })
  )
})
