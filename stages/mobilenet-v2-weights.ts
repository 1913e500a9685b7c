import { Effect } from "effect"
import { WeightsFile } from "../artifacts/WeightsFile.ts"
import * as Progress from "../engine/Progress.ts"
import * as Source from "../engine/Source.ts"
import * as Backbone from "../models/Backbone.ts"
import { Datasets } from "../services/Datasets.ts"
import { backboneParams } from "./backbone.ts"

/** ImageNet weights of a backbone without its top, as Keras publishes them. */
export const mobilenetV2Weights = Source.make({
  name: "mobilenet-v2-weights",
  artifact: WeightsFile,
  params: backboneParams,
  resolve: ({ backbone }) =>
    Effect.gen(function* () {
      const datasets = yield* Datasets
      const refresh = yield* Source.Refresh
      return yield* datasets.resolveWeights(Backbone.weightsOf(Backbone.get(backbone)), {
        refresh,
        onProgress: ({ what, done, total }) => Progress.report({ done, total, unit: "bytes", note: what })
      })
    })
})
