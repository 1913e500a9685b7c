import { Effect, Schema, Stream } from "effect"
import type * as ArrowTable from "../artifacts/ArrowTable.ts"
import { Classifier } from "../artifacts/Classifier.ts"
import * as ClassNames from "../artifacts/ClassNames.ts"
import { Features } from "../artifacts/Features.ts"
import { History } from "../artifacts/History.ts"
import * as Param from "../engine/Param.ts"
import * as Stage from "../engine/Stage.ts"
import * as DenseHead from "../models/DenseHead.ts"
import { count, FittingError, fitted, fittingParams, share } from "./fitting.ts"
import { tensorflowFacts } from "./tensorflow-facts.ts"

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
    const named = yield* Effect.forEach(views, ({ header }) => ClassNames.fromMetadata(header.metadata))
    const [classes = [], ...others] = named
    const other = others.find((names) => names.join("\n") !== classes.join("\n"))
    if (other !== undefined) {
      return yield* new ViewsDiffer({ what: `their classes are ${classes.join(", ")} and ${other.join(", ")}` })
    }
    const inputs = new Float32Array(images * views.length * DenseHead.inputs)
    const labels = new Int32Array(images * views.length)
    let row = 0
    for (const view of views) {
      yield* Stream.runForEach(view.batches, ({ rows, columns: { feature, label } }) =>
        Effect.sync(() => {
          inputs.set(feature.data, row * DenseHead.inputs)
          labels.set(label, row)
          row += rows
        })
      )
    }
    if (labels.some((label, at) => label !== labels[at % images])) {
      return yield* new ViewsDiffer({ what: "their labels are not the same" })
    }
    return { inputs, shape: [DenseHead.inputs], labels, views: views.length, classes }
  })

/** Trains a dense head on features; keeps the epoch that does best on held-out training images. */
export const train = Stage.make({
  name: "train",
  inputs: { features: Stage.many(Features) },
  params: {
    units: Param.make(count(65_536), 2048, "Width of the hidden dense layer"),
    dropout: Param.make(share, 0.5, "Share of hidden activations dropped in a step"),
    ...fittingParams
  },
  outputs: { model: Classifier, history: History },
  errors: Schema.Union(FittingError, ViewsDiffer),
  facts: tensorflowFacts,
  share: "machine",
  run: ({ features: views }, params) =>
    Effect.flatMap(gather(views), (examples) => fitted(DenseHead.layers(params), examples, params))
})
