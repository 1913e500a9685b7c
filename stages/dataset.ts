import { Effect, Schema } from "effect"
import { Param, Progress, Source } from "headrace"
import { DatasetFiles } from "headrace-images/artifacts/DatasetFiles"
import { Datasets } from "headrace-images/services/Datasets"

/** Finds labelled images by a name of the catalogue, or by the path of a folder or archive. */
export const dataset = Source.make({
  name: "dataset",
  artifact: DatasetFiles,
  params: {
    dataset: Param.incomparable(
      Param.make(
        Schema.NonEmptyString.annotations({ description: "a dataset's name, or a path" }),
        "cifar10",
        "cifar10, cifar10-5k, sample (drawn, needs no network), or the path of an image folder, an archive of one, or a CIFAR binary archive"
      ),
      "each dataset has images of its own"
    )
  },
  resolve: ({ dataset: name }) =>
    Effect.gen(function* () {
      const datasets = yield* Datasets
      const refresh = yield* Source.Refresh
      return yield* datasets.resolve(name, {
        refresh,
        // what is kept of a published dataset serves without it
        lazily: true,
        onProgress: ({ what, done, total }) => Progress.report({ done, total, unit: "bytes", note: what })
      })
    })
})
