import { Effect, Either, Schema } from "effect"
import { type ArrowTable, Column, Explained, Param, Stage } from "headrace"
import * as ClassNames from "headrace-images/artifacts/ClassNames"
import { Fit } from "headrace-images/artifacts/Fit"
import { History } from "headrace-images/artifacts/History"
import { ImageClassifier } from "headrace-images/artifacts/ImageClassifier"
import { Pixels } from "headrace-images/artifacts/Pixels"
import { TrainingState } from "headrace-images/artifacts/TrainingState"
import * as Evaluation from "headrace-images/models/Evaluation"
import { kindNames } from "headrace-images/models/Layer"
import * as Network from "headrace-images/models/Network"
import * as Training from "headrace-images/models/Training"
import { FittingError, fitting, gather, gatherValidation } from "headrace-images/shared/fitting"
import { fittingParams, stepViewParams } from "headrace-images/shared/fitting-params"
import { tensorflowFactsWith } from "headrace-images/shared/tensorflow-facts"

/** The largest images that there are: a network that does not fit them fits none. The data's own size is checked later. */
const largest = [1024, 1024, 3]

/** The layers before the softmax over the classes, whose number the data decides. */
const Layers = Param.refusing(Network.Network, (layers) =>
  Either.match(Effect.runSync(Effect.either(Network.check(Network.withEnd(layers, 2), largest, 2))), {
    onLeft: Explained.partsOf,
    onRight: () => null
  })
).annotations({ description: `a list of layers, each with its kind: ${kindNames.join(", ")}` })

type Table = ArrowTable.Table<typeof Pixels.columns, Stage.InputFailure>

const rowsOf = ({ columns: { image, label } }: Column.Batch<typeof Pixels.columns>) => ({
  inputs: image.data,
  labels: label
})

const examplesOf = (pixels: Table, validation: ReadonlyArray<Table>) =>
  Effect.gen(function* () {
    const classes = yield* ClassNames.fromMetadata(pixels.header.metadata)
    const shape = pixels.header.shapes.image ?? []
    for (const { header, rows } of validation) {
      yield* Evaluation.sameClasses(classes, yield* ClassNames.fromMetadata(header.metadata))
      const other = header.shapes.image ?? []
      // a table without rows has no shape either
      if (rows > 0 && other.join() !== shape.join()) {
        const what = `the images to validate on are [${other.join(", ")}]`
        return yield* new Training.TrainingDataInvalid({
          what,
          expected: `[${shape.join(", ")}], as those to train on`
        })
      }
    }
    const size = Column.cellSize(shape)
    const held = yield* gatherValidation(validation, size, rowsOf)
    return { ...(yield* gather([pixels], size, rowsOf)), shape, views: 1, classes, validation: held }
  })

/**
 * Trains a network of typed layers on images. Keeps the epoch that does best on the images of `validation`; where there are
 * none, on training images held out.
 */
export const trainNetwork = Stage.iterate({
  name: "train-network",
  inputs: { pixels: Pixels, validation: Stage.many(Pixels) },
  params: {
    network: Param.make(
      Layers,
      [{ kind: "flatten" }, { kind: "dense", units: 128, activation: "relu" }],
      "Layers before the softmax over the classes",
      Network.text
    ),
    ...fittingParams,
    ...stepViewParams
  },
  steps: "epochs",
  state: TrainingState,
  outputs: { model: ImageClassifier, history: History, fit: Fit },
  errors: Schema.Union(FittingError, Evaluation.ClassesDiffer),
  facts: tensorflowFactsWith,
  share: ({ threads }) => (threads === 1 ? "core" : "machine"),
  run: ({ pixels, validation }, params) =>
    Effect.flatMap(examplesOf(pixels, validation), (examples) => fitting(params.network, examples, params, params))
})
