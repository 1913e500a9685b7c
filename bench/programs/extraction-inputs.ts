/**
 * Writes what runtimes are compared on: pixels of CIFAR records [n, 224, 224, 3], float32 in [0, 1], and the network as
 * ONNX with batches of 16 and of 1. Arguments: a CIFAR batch file, how many records, the Keras weights, the folder to
 * write pixels.f32, network-16.onnx and network-1.onnx into.
 */
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import * as Backbone from "../../images/models/Backbone.ts"
import { onnxModel } from "../../images/models/backbone-onnx.ts"
import { folded } from "../../images/models/folded-layers.ts"
import * as KerasWeights from "../../images/models/KerasWeights.ts"
import { resizeBilinear } from "../../images/models/resize-bilinear.ts"
import { onnxFile } from "../../images/services/onnx-model.ts"
import { Tensorflow } from "../../images/services/Tensorflow.ts"

const [records = "", count = "1", weightsFile = "", folder = ""] = process.argv.slice(2)
const backbone = Backbone.get("mobilenet_v2_1.0_224")
const plane = 32 * 32
const recordBytes = 1 + 3 * plane

/** One label byte, then the red, the green and the blue plane. */
const image = (file: Buffer, record: number): Float32Array =>
  Float32Array.from(
    { length: 3 * plane },
    (_, index) => (file[record * recordBytes + 1 + (index % 3) * plane + Math.floor(index / 3)] ?? 0) / 255
  )

const program = Effect.gen(function* () {
  const network = yield* folded(
    backbone.blocks(),
    yield* KerasWeights.read({
      path: weightsFile,
      digest: Digest.ofBytes(readFileSync(weightsFile)),
      label: weightsFile,
      notice: null
    })
  )
  for (const rows of [16, 1])
    writeFileSync(join(folder, `network-${rows}.onnx`), onnxFile(onnxModel(backbone, network, rows)))
  const { tf } = yield* Tensorflow
  const file = readFileSync(records)
  const pixels = openSync(join(folder, "pixels.f32"), "w")
  for (let record = 0; record < Number(count); record++)
    writeSync(pixels, new Uint8Array(resizeBilinear(tf, image(file, record), 1, [32, 32], 224).buffer))
  closeSync(pixels)
})

Effect.runPromise(program.pipe(Effect.provide(Tensorflow.live)))
