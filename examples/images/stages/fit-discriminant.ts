import { Effect, Schema, Stream } from "effect"
import { Param, Stage } from "headrace"
import { Classifier } from "headrace-images/artifacts/Classifier"
import * as ClassNames from "headrace-images/artifacts/ClassNames"
import { Features } from "headrace-images/artifacts/Features"
import * as TrainedClassifier from "headrace-images/models/Classifier"
import * as Network from "headrace-images/models/Network"
import * as Discriminant from "../models/Discriminant.ts"

const Share = Schema.Number.pipe(Schema.greaterThan(0), Schema.lessThanOrEqualTo(1)).annotations({
  description: "a number above 0, and 1 at most"
})

/** A head that is fitted in one pass, by the means and variances of the features of all views of the images. */
export const fitDiscriminant = Stage.make({
  name: "fit-discriminant",
  inputs: { features: Stage.many(Features) },
  params: { shrinkage: Param.make(Share, 0.1, "How far variances of features are drawn towards their mean") },
  outputs: { model: Classifier },
  errors: Schema.Union(ClassNames.ClassNamesMissing, Network.NetworkInvalid),
  run: ({ features: views }, { shrinkage }) =>
    Effect.gen(function* () {
      const [first] = views
      const classes = yield* ClassNames.fromMetadata(first?.header.metadata ?? {})
      const width = first?.header.shapes.feature?.[0] ?? 0
      const softmax = { kind: "dense", units: classes.length, activation: "softmax" } as const
      const network = yield* Network.check([softmax], [width], classes.length)
      const tally = Discriminant.empty(classes.length, width)
      for (const { batches } of views)
        yield* Stream.runForEach(batches, ({ columns: { feature, label } }) =>
          Effect.sync(() => Discriminant.add(tally, feature.data, label))
        )
      const { kernel, bias } = Discriminant.dense(tally, shrinkage)
      return { model: TrainedClassifier.toFiles({ network, weights: [kernel, bias], classes }) }
    })
})
