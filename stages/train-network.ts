import { Effect, Either, Schema, Stream } from "effect"
import type * as ArrowTable from "../artifacts/ArrowTable.ts"
import * as ClassNames from "../artifacts/ClassNames.ts"
import { History } from "../artifacts/History.ts"
import { ImageClassifier } from "../artifacts/ImageClassifier.ts"
import { Pixels } from "../artifacts/Pixels.ts"
import * as Param from "../engine/Param.ts"
import * as Stage from "../engine/Stage.ts"
import { kindNames } from "../models/Layer.ts"
import * as Network from "../models/Network.ts"
import { FittingError, fitted, fittingParams } from "./fitting.ts"
import { tensorflowFacts } from "./tensorflow-facts.ts"

/** The largest images that there are: a network that does not fit them fits none. The data's own size is checked later. */
const largest = [1024, 1024, 3]

/** The layers before the softmax over the classes, whose number the data decides. */
const Layers = Network.Network.pipe(
  Schema.filter((layers) =>
    Either.match(Effect.runSync(Effect.either(Network.check(Network.withEnd(layers, 2), largest, 2))), {
      onLeft: ({ message }) => message,
      onRight: () => undefined
    })
  )
).annotations({ description: `a list of layers, each with its kind: ${kindNames.join(", ")}` })

/** All rows, with the shape that they have. */
const gather = (pixels: ArrowTable.Table<typeof Pixels.columns, Stage.InputFailure>) =>
  Effect.gen(function* () {
    const classes = yield* ClassNames.fromMetadata(pixels.header.metadata)
    const shape = pixels.header.shapes.image ?? []
    const size = shape.reduce((product, length) => product * length, 1)
    const inputs = new Float32Array(pixels.rows * size)
    const labels = new Int32Array(pixels.rows)
    let row = 0
    yield* Stream.runForEach(pixels.batches, ({ rows, columns: { image, label } }) =>
      Effect.sync(() => {
        inputs.set(image.data, row * size)
        labels.set(label, row)
        row += rows
      })
    )
    return { inputs, shape, labels, views: 1, classes }
  })

/** Trains a network of typed layers on images; keeps the epoch that does best on held-out training images. */
export const trainNetwork = Stage.make({
  name: "train-network",
  inputs: { pixels: Pixels },
  params: {
    network: Param.make(
      Layers,
      [{ kind: "flatten" }, { kind: "dense", units: 128, activation: "relu" }],
      "Layers before the softmax over the classes",
      Network.text
    ),
    ...fittingParams
  },
  outputs: { model: ImageClassifier, history: History },
  errors: FittingError,
  facts: tensorflowFacts,
  share: "machine",
  run: ({ pixels }, params) => Effect.flatMap(gather(pixels), (examples) => fitted(params.network, examples, params))
})
