import { expect, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as ClassNames from "../../images/artifacts/ClassNames.ts"
import * as Training from "../../images/models/Training.ts"
import { TensorflowLoader } from "../../images/services/Tensorflow.ts"
import { train, ViewsDiffer } from "../../stages/train.ts"

const featuresOf = (width: number, rows: number) => ({
  rows,
  header: { shapes: { feature: [width] }, metadata: ClassNames.toMetadata(["cat", "dog"]) },
  batches: Stream.make({
    rows,
    columns: {
      feature: { shape: [width], data: new Float32Array(rows * width) },
      label: Int32Array.from({ length: rows }, (_, row) => row % 2)
    }
  })
})
const params = Object.fromEntries(Object.entries(train.params).map(([name, param]) => [name, param.default]))

it.effect("train refuses features of different backbones, as views and to validate on", () =>
  Effect.gen(function* () {
    for (const [features, validation, widths] of [
      [[featuresOf(1280, 4), featuresOf(1792, 4)], [], "1280, 1792"],
      [[featuresOf(1792, 4)], [featuresOf(1280, 2)], "1792, 1280"]
    ] as const) {
      const refusal = yield* Effect.flip(
        train.definition.run({ features, validation }, params) as Effect.Effect<never, ViewsDiffer, TensorflowLoader>
      )
      expect(refusal).toEqual(new ViewsDiffer({ what: `their rows have ${widths} features` }))
    }
  }).pipe(Effect.provide(TensorflowLoader.live))
)

it.effect("train refuses a class of which there is no training image, by its name", () =>
  Effect.gen(function* () {
    const onlyCats = featuresOf(4, 1)
    for (const validation of [[], [featuresOf(4, 2)]]) {
      const refusal = yield* Effect.flip(
        train.definition.run({ features: [onlyCats], validation }, params) as Effect.Effect<
          never,
          Training.TrainingDataInvalid,
          TensorflowLoader
        >
      )
      expect(refusal).toEqual(
        new Training.TrainingDataInvalid({
          what: "there is no training image of dog",
          expected: "one or more of every class"
        })
      )
    }
  }).pipe(Effect.provide(TensorflowLoader.live))
)
