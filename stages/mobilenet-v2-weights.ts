import { Effect } from "effect"
import * as Files from "../artifacts/Files.ts"
import * as Progress from "../engine/Progress.ts"
import * as Source from "../engine/Source.ts"
import { Datasets } from "../services/Datasets.ts"

export const WeightsFile = Files.make("KerasWeights", 1)

/** ImageNet weights of MobileNetV2 1.0/224 without its top, as Keras publishes them. */
export const mobilenetV2Weights = Source.make({
  name: "mobilenet-v2-weights",
  artifact: WeightsFile,
  resolve: () =>
    Effect.gen(function* () {
      const datasets = yield* Datasets
      const refresh = yield* Source.Refresh
      return yield* datasets.resolveWeights("mobilenet_v2_1.0_224_no_top", {
        refresh,
        onProgress: ({ what, done, total }) => Progress.report({ done, total, unit: "bytes", note: what })
      })
    })
})
