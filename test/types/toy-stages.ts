import { Context, Effect, Schema } from "effect"
import * as ArrowTable from "../../artifacts/ArrowTable.ts"
import { open, tensor } from "../../artifacts/Column.ts"
import * as Document from "../../artifacts/Document.ts"
import * as Param from "../../engine/Param.ts"
import * as Stage from "../../engine/Stage.ts"
import * as LayersModel from "../../images/artifacts/LayersModel.ts"

/** Stages that only `tsc` reads: their wiring is what the files beside this one try. */
export class Network extends Context.Tag("types/Network")<
  Network,
  { readonly fit: (rows: number) => Effect.Effect<number, Diverged> }
>() {}
export class Decoder extends Context.Tag("types/Decoder")<
  Decoder,
  { readonly decode: Effect.Effect<void, Undecodable> }
>() {}
export class Version extends Context.Tag("types/Version")<Version, { readonly version: Effect.Effect<string> }>() {}

export class Diverged extends Schema.TaggedError<Diverged>()("Diverged", { epoch: Schema.Int }) {}
export class Undecodable extends Schema.TaggedError<Undecodable>()("Undecodable", { file: Schema.String }) {}

export const Raw = ArrowTable.make("Images", 1, { image: tensor([32, 32, 3], "uint8"), label: "int32" })
export const Pixels32 = ArrowTable.make("Pixels", 1, { image: tensor([32, 32, 3], "float32"), label: "int32" })
export const PixelsAny = ArrowTable.make("Pixels", 1, { image: tensor([open, open, 3], "float32"), label: "int32" })
export const Pixels224 = ArrowTable.make("Pixels", 1, { image: tensor([224, 224, 3], "float32"), label: "int32" })
export const Features = ArrowTable.make("Features", 1, { feature: tensor([1280], "float32"), label: "int32" })
/** The columns of `Features` under another name. */
export const Embeddings = ArrowTable.make("Embeddings", 1, { feature: tensor([1280], "float32"), label: "int32" })
export const Classifier = LayersModel.make("Classifier", 1)
export const History = Document.make("History", 1, Schema.Struct({ loss: Schema.Array(Schema.Number) }))

export const ingest = Stage.make({
  name: "ingest",
  inputs: {},
  params: { dataset: Param.make(Schema.String, "cifar10", "Name of a dataset") },
  outputs: { images: Raw },
  errors: Undecodable,
  run: (_, { dataset }) =>
    Effect.gen(function* () {
      const decoder = yield* Decoder
      yield* decoder.decode
      const metadata: Readonly<Record<string, string>> = { dataset }
      const image = { shape: [32, 32, 3] as const, data: new Uint8Array() }
      const rows = { rows: 0, columns: { image, label: new Int32Array() } }
      return { images: ArrowTable.fromBatch<typeof Raw.columns>(rows, metadata) }
    })
})

export const normalize = Stage.rows({
  name: "normalize",
  keep: "streamed",
  over: "images",
  inputs: { images: Raw },
  outputs: { normalized: Pixels32 },
  run: (_inputs) =>
    Effect.succeed(({ rows, columns: { image, label } }) =>
      Effect.succeed({
        rows,
        columns: { image: { shape: image.shape, data: Float32Array.from(image.data) }, label }
      })
    )
})

const emptyPixels = <const S extends readonly [number, number, 3]>(rows: number, shape: S, label: Int32Array) => ({
  rows,
  columns: { image: { shape, data: new Float32Array() }, label }
})

export const resizeTo224 = Stage.rows({
  name: "resize-to-224",
  keep: "streamed",
  over: "normalized",
  inputs: { normalized: Pixels32 },
  outputs: { resized: Pixels224 },
  run: (_inputs) =>
    Effect.succeed(({ rows, columns: { label } }) => Effect.succeed(emptyPixels(rows, [224, 224, 3], label)))
})

export const resize = Stage.rows({
  name: "resize",
  keep: "streamed",
  over: "pixels",
  inputs: { pixels: PixelsAny },
  params: { size: Param.make(Schema.Literal(96, 128, 224), 224, "Side of the square") },
  outputs: { resized: PixelsAny },
  run: (_inputs, { size }) =>
    Effect.succeed(({ rows, columns: { label } }) => Effect.succeed(emptyPixels(rows, [size, size, 3], label)))
})

export const extractFeatures = Stage.rows({
  name: "extract-features",
  keep: "stored",
  over: "pixels",
  inputs: { pixels: Pixels224 },
  outputs: { features: Features },
  facts: { version: Effect.flatMap(Version, ({ version }) => version) },
  run: (_inputs) =>
    Effect.map(
      Network,
      () =>
        ({ rows, columns: { label } }) =>
          Effect.succeed({ rows, columns: { feature: { shape: [1280] as const, data: new Float32Array() }, label } })
    )
})

export const train = Stage.make({
  name: "train",
  inputs: { features: Stage.many(Features) },
  params: {
    units: Param.make(Schema.Int.pipe(Schema.positive()), 2048, "Width"),
    learningRate: Param.make(Schema.Positive, 1e-3, "Step size"),
    epochs: Param.make(Schema.Int.pipe(Schema.positive()), 10, "Passes")
  },
  outputs: { model: Classifier, history: History },
  errors: Diverged,
  run: ({ features }, { units }) =>
    Effect.gen(function* () {
      const network = yield* Network
      const loss = yield* network.fit(features.length + units)
      if (Number.isNaN(loss)) return yield* new Diverged({ epoch: 1 })
      return { model: { "model.json": new Uint8Array(), "weights.bin": new Uint8Array() }, history: { loss: [loss] } }
    })
})

export const evaluate = Stage.make({
  name: "evaluate",
  inputs: { model: Classifier, features: Features },
  outputs: { metrics: History },
  run: ({ model, features }) => Effect.succeed({ metrics: { loss: [model["weights.bin"].length, features.rows] } })
})
