import { readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as DenseHead from "../../../images/models/DenseHead.ts"
import { Hdf5, wholeToHdf5 } from "../../../images/models/keras-model.ts"
import type * as Network from "../../../images/models/Network.ts"
import * as Whole from "../../../images/models/Whole.ts"
import { wholeOnnx } from "../../../images/models/whole-onnx.ts"
import { onnxFile } from "../../../images/services/onnx-model.ts"
import { Tensorflow } from "../../../images/services/Tensorflow.ts"
import { deepCnn } from "../../../pipelines/deep-cnn.ts"
import { simpleCnn } from "../../../pipelines/simple-cnn.ts"
import { browser } from "../../rig/browser.ts"
import { folder } from "../../rig/folder.ts"
import { SLIM } from "../../rig/mirror.ts"
import { describeWith } from "../../rig/needs.ts"
import { python } from "../../rig/python.ts"
import { behindBackbone, onImages, photos } from "../../rig/whole-models.ts"

const HEAD = DenseHead.layers({ units: 64, dropout: 0.5 })

/** Every kind of layer, over images whose sides are odd. */
const EVERY: Network.Network = [
  { kind: "conv2d", filters: 4, kernelSize: 4, padding: "same", activation: "relu" },
  { kind: "max-pool", size: 2 },
  { kind: "conv2d", filters: 3, kernelSize: 2, padding: "valid", activation: "linear" },
  { kind: "flatten" },
  { kind: "dropout", rate: 0.5 },
  { kind: "dense", units: 9, activation: "linear" }
]
const AVERAGED: Network.Network = [
  { kind: "conv2d", filters: 16, kernelSize: 3, padding: "same", activation: "relu" },
  { kind: "global-average-pooling" }
]

/** A hundred photos that are enlarged, a few of others. */
const cases = {
  resized: { rows: 100, image: [24, 40], of: behindBackbone(SLIM, [24, 40], HEAD) },
  exact: { rows: 3, image: [96, 96], of: behindBackbone(SLIM, [96, 96], HEAD) },
  simple: { rows: 100, image: [32, 32], of: onImages([32, 32], simpleCnn.params.network.default) },
  deep: { rows: 3, image: [32, 32], of: onImages([32, 32], deepCnn.params.network.default) },
  every: { rows: 3, image: [13, 9], of: onImages([13, 9], EVERY) },
  averaged: { rows: 3, image: [13, 9], of: onImages([13, 9], AVERAGED) }
} as const

type Found = Readonly<Record<string, ReadonlyArray<number>>>

/** The models and photos as files, and what the stages make of the photos. */
const written = (encode: (whole: Whole.Whole) => Effect.Effect<Readonly<Record<string, Uint8Array>>, unknown, Hdf5>) =>
  Effect.gen(function* () {
    const at = folder("headrace-whole")
    const expected: Record<string, Float32Array> = {}
    for (const [name, { rows, image, of }] of Object.entries(cases)) {
      const model = yield* of
      const images = photos(rows, image)
      writeFileSync(join(at, `${name}.u8`), images)
      for (const [ending, bytes] of Object.entries(yield* encode(model.whole)))
        writeFileSync(join(at, `${name}.${ending}`), bytes)
      expected[name] = yield* model.expected(images)
    }
    return { at, expected }
  }).pipe(Effect.provide(Hdf5.live))

/** Equal within 1e-4, and probabilities that tell photos apart: rows that all look alike would agree for any weights. */
const expectEqual = (found: Found, expected: Readonly<Record<string, Float32Array>>) => {
  expect(Object.keys(found).sort()).toEqual(Object.keys(cases).sort())
  for (const [name, ours] of Object.entries(expected)) {
    const theirs = found[name] ?? []
    expect([name, theirs.length]).toEqual([name, ours.length])
    const apart = theirs.map((value, at) => Math.abs(value - (ours[at] ?? 2)))
    expect(Math.max(...apart), name).toBeLessThan(1e-4)
    expect(new Set(theirs.map((value) => value.toFixed(2))).size, name).toBeGreaterThan(Math.sqrt(theirs.length))
  }
}

const KERAS = `
import sys, json, pathlib, warnings
warnings.simplefilter("error")
import numpy, keras
found = {}
for file in sorted(pathlib.Path(sys.argv[1]).glob("*.h5")):
    model = keras.models.load_model(file, compile=False)
    images = numpy.fromfile(file.with_suffix(".u8"), "uint8").reshape([-1, *model.input_shape[1:]])
    found[file.stem] = numpy.asarray(model(images.astype("float32"), training=False)).ravel().tolist()
print(json.dumps(found))
`

/** Each layer is compiled for one call: how well matters less than how soon. */
const QUICK = { KERAS_BACKEND: "jax", XLA_FLAGS: "--xla_backend_optimization_level=0" }

const ONNX = `
import sys, json, pathlib
import numpy, onnx, onnxruntime
found = {}
for file in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
    onnx.checker.check_model(str(file), full_check=True)
    session = onnxruntime.InferenceSession(file)
    images = numpy.fromfile(file.with_suffix(".u8"), "uint8").reshape([-1, *session.get_inputs()[0].shape[1:]])
    found[file.stem] = session.run(["probabilities"], {"images": images.astype("float32")})[0].ravel().tolist()
print(json.dumps(found))
`

/** What a page does with the files of a model that a user chose, and with a photo's pixels. */
const TFJS = `async ([json, weights, images]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))
  const files = [new File([bytes(json)], "model.json"), new File([bytes(weights)], "weights.bin")]
  const model = await tf.loadLayersModel(tf.io.browserFiles(files))
  const [, ...shape] = model.inputs[0].shape
  const pixels = Float32Array.from(bytes(images))
  const probabilities = model.predict(tf.tensor(pixels, [pixels.length / (shape[0] * shape[1] * 3), ...shape]))
  return [...(await probabilities.data())]
}`

describeWith(["keras"], "to Keras", () => {
  it.layer(Tensorflow.live)("a whole model written as HDF5", (it) => {
    it.scoped("is opened by Keras, and makes of pixels what the stages make of them", () =>
      Effect.gen(function* () {
        const { at, expected } = yield* written((whole) => Effect.map(wholeToHdf5(whole), (h5) => ({ h5 })))
        const found = yield* Effect.promise(() => python("keras", KERAS, [at], QUICK))
        expectEqual(found as Found, expected)
      })
    )
  })
})

describeWith(["onnx"], "to ONNX", () => {
  it.layer(Tensorflow.live)("a whole model written as ONNX", (it) => {
    it.scoped("is sound, is opened by the ONNX runtime, and makes of pixels what the stages make of them", () =>
      Effect.gen(function* () {
        const { at, expected } = yield* written((whole) => Effect.succeed({ onnx: onnxFile(wholeOnnx(whole)) }))
        expectEqual((yield* Effect.promise(() => python("onnx", ONNX, [at]))) as Found, expected)
      })
    )
  })
})

describeWith(["chromium"], "to TensorFlow.js", () => {
  const { open } = browser()
  it.layer(Tensorflow.live)("a whole model as it is stored", (it) => {
    it.scoped("is opened by TensorFlow.js in Chromium, and makes of pixels what the stages make of them", () =>
      Effect.gen(function* () {
        const { at, expected } = yield* written((whole) => {
          const files = Whole.toFiles(whole)
          return Effect.succeed({ json: files["model.json"], bin: files["weights.bin"] })
        })
        const found = yield* Effect.promise(async () => {
          const { page } = await open("<!doctype html><title>A page</title>")
          await page.addScriptTag({ path: createRequire(import.meta.url).resolve("@tensorflow/tfjs/dist/tf.min.js") })
          const given = (name: string, ending: string) => readFileSync(join(at, `${name}.${ending}`)).toString("base64")
          const all: Record<string, ReadonlyArray<number>> = {}
          for (const name of Object.keys(cases)) {
            const files = JSON.stringify(["json", "bin", "u8"].map((ending) => given(name, ending)))
            all[name] = await page.evaluate<ReadonlyArray<number>>(`(${TFJS})(${files})`)
          }
          return all
        })
        expectEqual(found, expected)
      })
    )
  })
})

it.layer(Tensorflow.live)("a whole model", (it) => {
  it.scoped("comes back from its files to the bit, and is refused where they were changed", () =>
    Effect.gen(function* () {
      const { whole } = yield* behindBackbone(SLIM, [32, 48], HEAD)
      const files = Whole.toFiles(whole)
      const read = yield* Whole.fromFiles(files)
      expect({ ...read, weights: null }).toEqual({ ...whole, weights: null })
      expect(Buffer.compare(Whole.toFiles(read)["weights.bin"], files["weights.bin"])).toBe(0)
      const refused = (changed: Partial<typeof files>) =>
        Effect.map(Effect.flip(Whole.fromFiles({ ...files, ...changed })), ({ message }) => message)
      const json = new TextDecoder().decode(files["model.json"])
      const withJson = (from: string, to: string) => ({
        "model.json": new TextEncoder().encode(json.replace(from, to))
      })
      expect(yield* refused(withJson('"max_value":6', '"max_value":5'))).toMatch(/describes another network/)
      expect(yield* refused(withJson('"units":5', '"units":6'))).toMatch(/model\.json/)
      expect(yield* refused({ "weights.bin": files["weights.bin"].subarray(4) })).toMatch(/weights\.bin has \d+ bytes/)
      const damaged = files["weights.bin"].slice()
      damaged.fill(255, 0, 4)
      expect(yield* refused({ "weights.bin": damaged })).toMatch(/weight 0 is NaN; expected finite weights/)
    })
  )
})

describe("a whole model", () => {
  it.scoped("is not made of parts that do not fit", () =>
    Effect.gen(function* () {
      const { whole } = yield* onImages([13, 9], EVERY)
      const differ = yield* Effect.flip(Whole.make(whole, [9, 13], null))
      expect(differ.message).toBe(
        "The parts do not make one model: the classifier takes [13, 9, 3]; expected [9, 13, 3]. Give it the backbone, the images and the classifier of one run."
      )
      const headless = yield* Effect.flip(Whole.make(whole, [13, 9], { name: SLIM, network: [] }))
      expect(headless.message).toContain(`${SLIM} gives 1280 features, the classifier takes [13, 9, 3]`)
    }).pipe(Effect.provide(Tensorflow.live))
  )
})
