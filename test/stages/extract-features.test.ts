import { join } from "node:path"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Batch } from "../../artifacts/Column.ts"
import type { Features } from "../../images/artifacts/Features.ts"
import type { Pixels } from "../../images/artifacts/Pixels.ts"
import * as Backbone from "../../images/models/Backbone.ts"
import { Onnxruntime } from "../../images/services/Onnxruntime.ts"
import { TensorflowLoader } from "../../images/services/Tensorflow.ts"
import { extractFeatures, ImageSizeDiffers } from "../../stages/extract-features.ts"
import { folder } from "../rig/folder.ts"
import { localFile } from "../rig/local-file.ts"
import { randomWeights } from "../rig/random-weights.ts"
import { writeWeights } from "../rig/weight-file.ts"

type Extract = (rows: Batch<typeof Pixels.columns>) => Effect.Effect<Batch<typeof Features.columns>, ImageSizeDiffers>

const black = (height: number, width: number): Batch<typeof Pixels.columns> => ({
  rows: 1,
  columns: {
    image: { shape: [height, width, 3], data: new Float32Array(height * width * 3) },
    label: Int32Array.of(0)
  }
})

it.layer(Layer.mergeAll(Onnxruntime.live, TensorflowLoader.live, NodeFileSystem.layer))("extract-features", (it) => {
  it.scoped("refuses images of another size than the backbone's, naming both, before it computes anything", () =>
    Effect.gen(function* () {
      const backbone = Backbone.get("mobilenet_v2_0.35_96")
      const file = join(folder("weights"), "weights.h5")
      writeWeights(file, randomWeights(backbone))
      const extract = (yield* extractFeatures.definition.run(
        { weights: localFile(file) },
        { backbone: backbone.name, runtime: "auto" }
      )) as Extract
      const refusal = yield* Effect.flip(extract(black(32, 96)))
      expect(refusal).toEqual(new ImageSizeDiffers({ backbone: backbone.name, found: [32, 96], expected: 96 }))
      expect(refusal.message).toBe(
        "The images for mobilenet_v2_0.35_96 are 32x96; expected 96x96. Resize them to 96 first, in the pipeline's build."
      )
      expect((yield* extract(black(96, 96))).columns.feature.shape).toEqual([1280])
    })
  )
})
