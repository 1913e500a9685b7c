/**
 * The stage that trains a dense head on features.
 *
 * @module
 */
import { Effect, Schema } from "effect"
import { type ArrowTable, type Column, Explained, Param, Stage } from "headrace"
import { Classifier } from "headrace-images/artifacts/Classifier"
import * as ClassNames from "headrace-images/artifacts/ClassNames"
import { Features } from "headrace-images/artifacts/Features"
import { Fit } from "headrace-images/artifacts/Fit"
import { History } from "headrace-images/artifacts/History"
import { TrainingState } from "headrace-images/artifacts/TrainingState"
import * as DenseHead from "headrace-images/models/DenseHead"
import { FittingError, fitting, gather, gatherValidation } from "headrace-images/shared/fitting"
import { count, fittingParams, share } from "headrace-images/shared/fitting-params"
import { tensorflowFactsWith } from "headrace-images/shared/tensorflow-facts"

/** The tables do not belong together: their rows, their features or their classes differ. */
export class ViewsDiffer extends Explained.TaggedError<ViewsDiffer>()(
  "ViewsDiffer",
  { what: Schema.String },
  ({ what }) => ({
    what: `The tables to train on differ: ${what}`,
    expected: "views of the same images, and images of the same classes to validate on",
    fix: "Make them from one ingest."
  })
) {}

type Table = ArrowTable.Table<typeof Features.columns, Stage.InputFailure>

const rowsOf = ({ columns: { feature, label } }: Column.Batch<typeof Features.columns>) => ({
  inputs: feature.data,
  labels: label
})

const examplesOf = (views: ReadonlyArray<Table>, validation: ReadonlyArray<Table>) =>
  Effect.gen(function* () {
    const images = views[0]?.rows ?? 0
    if (views.some(({ rows }) => rows !== images)) {
      return yield* new ViewsDiffer({ what: `they have ${views.map(({ rows }) => rows).join(", ")} rows` })
    }
    // a table without rows has no width either
    const widths = [...views, ...validation].flatMap(({ header }) => header.shapes.feature ?? [])
    const [width = 0] = widths
    if (widths.some((each) => each !== width)) {
      return yield* new ViewsDiffer({ what: `their rows have ${widths.join(", ")} features` })
    }
    const named = yield* Effect.forEach([...views, ...validation], ({ header }) =>
      ClassNames.fromMetadata(header.metadata)
    )
    const [classes = [], ...others] = named
    const other = others.find((names) => names.join("\n") !== classes.join("\n"))
    if (other !== undefined) {
      return yield* new ViewsDiffer({ what: `their classes are ${classes.join(", ")} and ${other.join(", ")}` })
    }
    const rows = yield* gather(views, width, rowsOf)
    if (rows.labels.some((label, at) => label !== rows.labels[at % images])) {
      return yield* new ViewsDiffer({ what: "their labels are not the same" })
    }
    const held = yield* gatherValidation(validation, width, rowsOf)
    return { ...rows, shape: [width], views: views.length, classes, validation: held }
  })

/**
 * Trains a dense head on features, in each epoch on one view of every image. Keeps the epoch that does best on the images of
 * `validation`; where there are none, on training images held out.
 */
export const train = Stage.iterate({
  name: "train",
  inputs: { features: Stage.many(Features), validation: Stage.many(Features) },
  params: {
    units: Param.make(count(65_536), 2048, "Width of the hidden dense layer"),
    dropout: Param.make(share, 0.5, "Share of hidden activations dropped in a step"),
    ...fittingParams,
    // a dense head on ready features overshoots with the step size of a network that learns them, see docs/decisions/054-learning-rates.md
    learningRate: Param.withDefault(fittingParams.learningRate, 3e-4),
    decay: Param.withDefault(fittingParams.decay, 0.05)
  },
  steps: "epochs",
  state: TrainingState,
  outputs: { model: Classifier, history: History, fit: Fit },
  errors: Schema.Union(FittingError, ViewsDiffer),
  facts: tensorflowFactsWith,
  share: ({ threads }) => (threads === 1 ? "core" : "half"),
  run: ({ features, validation }, params) =>
    Effect.flatMap(examplesOf(features, validation), (examples) => fitting(DenseHead.layers(params), examples, params))
})
