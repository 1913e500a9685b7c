import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import h5wasm from "h5wasm/node"
import { afterAll, beforeAll } from "vitest"
import * as KerasWeights from "../../../images/models/KerasWeights.ts"
import * as KerasWeightFile from "../../../images/models/keras-weight-file.ts"
import { localFile } from "../../rig/local-file.ts"
import { SLIM } from "../../rig/mirror.ts"
import { weightFile } from "../../rig/weight-file.ts"

const whole = weightFile(SLIM)

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keras-weights-"))
})
afterAll(() => rm(folder, { recursive: true }))

const small = (name: string, data: Float32Array | Float64Array): string => {
  const path = join(folder, name)
  const file = new h5wasm.File(path, "w")
  file
    .create_group("dense")
    .create_group("dense")
    .create_dataset({ name: "kernel:0", data, shape: [2, 3] })
  file.close()
  return path
}
const unreadable = (path: string) =>
  Effect.map(Effect.flip(KerasWeights.read(localFile(path))), (error) => error.message)

describe("KerasWeights", () => {
  it.effect("reads every array of a MobileNetV2 as Keras writes it, under its layer", () =>
    Effect.gen(function* () {
      const weights = yield* KerasWeights.read(localFile(whole))
      expect(weights.size).toBe(260)
      expect(weights.get("Conv1/kernel")?.shape).toEqual([3, 3, 3, 16])
      const gamma = yield* KerasWeights.find(weights, "bn_Conv1", "gamma", [16])
      expect(gamma.length).toBe(16)
    })
  )

  it.effect("gives the values that were written, row-major", () =>
    Effect.gen(function* () {
      const weights = yield* KerasWeights.read(localFile(small("small.h5", Float32Array.of(1, 2, 3, 4, 5, 6))))
      expect(weights.get("dense/kernel")).toEqual({ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) })
    })
  )

  it.effect("refuses a small file whose arrays would fill the memory, before it reads them", () =>
    Effect.gen(function* () {
      const shape = [2 ** 27, 3]
      const zeros = new Map(["a", "b"].map((layer) => [`${layer}/kernel`, { shape, data: new Float32Array(8) }]))
      const bytes = Buffer.from(KerasWeightFile.encode(zeros))
      // contiguous layout, version 3: an array without an address was never written, and is all zeros
      const size = Buffer.from(BigUint64Array.of(32n).buffer)
      for (let at = bytes.indexOf(size); at !== -1; at = bytes.indexOf(size, at + 1)) {
        if (bytes[at - 10] !== 3 || bytes[at - 9] !== 1) continue
        bytes.writeBigUInt64LE(2n ** 64n - 1n, at - 8)
        bytes.writeBigUInt64LE(3n * 2n ** 29n, at)
      }
      const path = join(folder, "zeros.h5")
      yield* Effect.promise(() => writeFile(path, bytes))
      expect(yield* unreadable(path)).toMatch(/its arrays have more than \d+ bytes/)
    })
  )

  it.effect("refuses a file that is missing, is not HDF5, or holds other numbers, saying which", () =>
    Effect.gen(function* () {
      expect(yield* unreadable(join(folder, "none.h5"))).toMatch(
        /none\.h5 cannot be read: ENOENT.*; expected .*\. Replace it/
      )
      const text = join(folder, "text.h5")
      yield* Effect.promise(() => writeFile(text, "<html>404</html>"))
      expect(yield* unreadable(text)).toContain("file signature not found; expected")
      expect(yield* unreadable(small("double.h5", new Float64Array(6)))).toContain('"dense/dense/kernel:0" holds "<d"')
    })
  )

  it.effect("refuses a truncated file, and reads a whole one after it", () =>
    Effect.gen(function* () {
      const bytes = yield* Effect.promise(() => readFile(whole))
      const cut = join(folder, "cut.h5")
      yield* Effect.promise(() => writeFile(cut, bytes.subarray(0, bytes.length - 1)))
      expect(yield* unreadable(cut)).toMatch(/truncated file/)
      yield* Effect.promise(() => writeFile(cut, ""))
      expect(yield* unreadable(cut)).toMatch(/file signature not found/)
      expect((yield* KerasWeights.read(localFile(whole))).size).toBe(260)
    })
  )

  it.effect("names the layer and weight that is missing, and the shape that differs", () =>
    Effect.gen(function* () {
      const weights = yield* KerasWeights.read(localFile(small("small.h5", new Float32Array(6))))
      const missing = yield* Effect.flip(KerasWeights.find(weights, "dense", "bias", [3]))
      expect(missing).toEqual(new KerasWeights.WeightMissing({ layer: "dense", weight: "bias" }))
      expect(missing.message).toMatch(/no "bias" of layer "dense"; expected .*\. Use /)
      const misshapen = yield* Effect.flip(KerasWeights.find(weights, "dense", "kernel", [3, 2]))
      expect(misshapen.message).toMatch(/"kernel" of layer "dense" has the shape \[2, 3\]; expected \[3, 2\]\. Use /)
    })
  )
})
