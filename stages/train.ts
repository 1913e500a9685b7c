import { Effect, Schema, Stream } from "effect"
import * as ArrowTable from "../artifacts/ArrowTable.ts"
import { Classifier } from "../artifacts/Classifier.ts"
import * as ClassNames from "../artifacts/ClassNames.ts"
import { Features } from "../artifacts/Features.ts"
import { History } from "../artifacts/History.ts"
import * as Param from "../engine/Param.ts"
import * as Progress from "../engine/Progress.ts"
import * as Stage from "../engine/Stage.ts"
import * as TrainedClassifier from "../models/Classifier.ts"
import * as DenseHead from "../models/DenseHead.ts"
import { NetworkInvalid } from "../models/Network.ts"
import * as Training from "../models/Training.ts"
import { GraphUnloadable, TensorflowUnloadable, withTensorflow } from "../services/Tensorflow.ts"
import { tensorflowFacts } from "./tensorflow-facts.ts"

const count = (most: number) =>
  Schema.Int.pipe(Schema.between(1, most)).annotations({ description: `a whole number from 1 to ${most}` })

/** The tables are no views of the same images: their rows or their classes differ. */
export class ViewsDiffer extends Schema.TaggedError<ViewsDiffer>()("ViewsDiffer", { what: Schema.String }) {
  override get message() {
    return `The tables to train on differ: ${this.what}; expected views of the same images. Make them from one ingest.`
  }
}

/** All rows of all views, one view after the other. */
const gather = (views: ReadonlyArray<ArrowTable.Table<typeof Features.columns, Stage.InputFailure>>) =>
  Effect.gen(function* () {
    const images = views[0]?.rows ?? 0
    if (views.some(({ rows }) => rows !== images)) {
      return yield* new ViewsDiffer({ what: `they have ${views.map(({ rows }) => rows).join(", ")} rows` })
    }
    const classes = yield* Effect.forEach(views, ({ header }) => ClassNames.fromMetadata(header.metadata))
    const [first = [], ...others] = classes
    const other = others.find((names) => names.join("\n") !== first.join("\n"))
    if (other !== undefined) {
      return yield* new ViewsDiffer({ what: `their classes are ${first.join(", ")} and ${other.join(", ")}` })
    }
    const features = new Float32Array(images * views.length * DenseHead.inputs)
    const labels = new Int32Array(images * views.length)
    let row = 0
    for (const view of views) {
      yield* Stream.runForEach(view.batches, ({ rows, columns: { feature, label } }) =>
        Effect.sync(() => {
          features.set(feature.data, row * DenseHead.inputs)
          labels.set(label, row)
          row += rows
        })
      )
    }
    if (labels.some((label, at) => label !== labels[at % images])) {
      return yield* new ViewsDiffer({ what: "their labels are not the same" })
    }
    return { images, features, labels, classes: first }
  })

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

/** Trains a dense head on features, Adam on cross-entropy; keeps the epoch that does best on held-out training rows. */
export const train = Stage.make({
  name: "train",
  inputs: { features: Stage.many(Features) },
  params: {
    units: Param.make(count(65_536), 2048, "Width of the hidden dense layer"),
    learningRate: Param.make(Schema.Positive.annotations({ description: "a number above 0" }), 1e-3, "Adam step size"),
    batchSize: Param.make(count(65_536), 64, "Rows in a training step"),
    epochs: Param.make(count(100_000), 10, "Passes over the training rows"),
    dropout: Param.make(
      Schema.Number.pipe(Schema.greaterThanOrEqualTo(0), Schema.lessThan(1)).annotations({
        description: "a number from 0 to below 1"
      }),
      0.5,
      "Share of hidden activations dropped in a step"
    ),
    l2: Param.make(Schema.NonNegative.annotations({ description: "a number from 0" }), 0, "L2 penalty of the kernels"),
    validationSplit: Param.make(
      Schema.Number.pipe(Schema.between(0.001, 0.9)).annotations({ description: "a number from 0.001 to 0.9" }),
      0.1,
      "Share of the training images held out to choose the best epoch"
    ),
    seed: Param.make(
      Schema.Int.annotations({ description: "a whole number" }),
      0,
      "Seed of weights, split, shuffling and dropout"
    )
  },
  outputs: { model: Classifier, history: History },
  errors: Schema.Union(
    Training.Diverged,
    Training.TrainingDataInvalid,
    NetworkInvalid,
    ViewsDiffer,
    ClassNames.ClassNamesMissing,
    GraphUnloadable,
    TensorflowUnloadable
  ),
  facts: tensorflowFacts,
  share: "machine",
  run: ({ features: views }, params) =>
    Effect.gen(function* () {
      const { images, features, labels, classes } = yield* gather(views)
      const split = yield* Training.split({ images, views: views.length }, params.validationSplit, params.seed)
      const { units, dropout, learningRate } = params
      const { network, weights, history } = yield* Training.fit(
        DenseHead.network({ units, dropout, classes: classes.length }),
        { inputs: features, shape: [DenseHead.inputs], labels, classes: classes.length, split },
        { ...params, optimizer: { kind: "adam", learningRate } },
        (epoch) =>
          Progress.report({
            done: epoch.epoch,
            total: params.epochs,
            unit: "epochs",
            note: `loss ${epoch.loss.toFixed(3)}, validation accuracy ${percent(epoch.validationAccuracy)}`
          })
      )
      return {
        model: TrainedClassifier.toFiles({ network, weights, classes }),
        history: ArrowTable.fromBatch<typeof History.columns>({
          rows: history.length,
          columns: {
            epoch: Int32Array.from(history, ({ epoch }) => epoch),
            loss: Float64Array.from(history, ({ loss }) => loss),
            accuracy: Float64Array.from(history, ({ accuracy }) => accuracy),
            validationLoss: Float64Array.from(history, ({ validationLoss }) => validationLoss),
            validationAccuracy: Float64Array.from(history, ({ validationAccuracy }) => validationAccuracy)
          }
        })
      }
    }).pipe(withTensorflow)
})
