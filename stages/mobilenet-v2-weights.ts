import { Effect } from "effect"
import { Progress, Source } from "headrace"
import { WeightsFile } from "headrace-images/artifacts/WeightsFile"
import * as Backbone from "headrace-images/models/Backbone"
import { backboneParams } from "headrace-images/params/backbone"
import { Datasets } from "headrace-images/services/Datasets"

/**
 * Finds the ImageNet weights of a backbone without its top, as Keras publishes them; those of the backbone `random` are
 * drawn.
 */
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
