import { Effect, Schema } from "effect"
import type { Files } from "../artifacts/LayersModel.ts"

/** Floats of one feature: what a frozen MobileNetV2 1.0 gives for an image. */
export const inputs = 1280

/** The trainable head: dense `units` relu, dropout, dense `classes` softmax. Kernels are row-major [in, out]. */
export interface Weights {
  readonly units: number
  readonly classes: number
  /** [1280, units] */
  readonly hiddenKernel: Float32Array
  /** [units] */
  readonly hiddenBias: Float32Array
  /** [units, classes] */
  readonly classesKernel: Float32Array
  /** [classes] */
  readonly classesBias: Float32Array
}

/** A head that can be stored: its weights, the class names of its outputs, and the dropout rate it was trained with. */
export interface DenseHead {
  readonly weights: Weights
  readonly classes: ReadonlyArray<string>
  readonly dropout: number
}

/** Model files that are not a dense head as `toFiles` writes it. */
export class HeadUnreadable extends Schema.TaggedError<HeadUnreadable>()("HeadUnreadable", {
  what: Schema.String,
  expected: Schema.String
}) {
  override get message() {
    return `The model is not a dense head: ${this.what}; expected ${this.expected}. Train it again with this version.`
  }
}

const layers = ["hidden", "classes"] as const

const shapes = (units: number, classes: number) => [[inputs, units], [units], [units, classes], [classes]]

// zeros: tfjs draws the initial values in JavaScript before it loads the stored ones over them, seconds for nothing
const dense = (name: (typeof layers)[number], units: number, activation: string, more: object) => ({
  class_name: "Dense",
  config: {
    ...more,
    name,
    trainable: true,
    dtype: "float32",
    units,
    activation,
    use_bias: true,
    kernel_initializer: { class_name: "Zeros", config: {} },
    bias_initializer: { class_name: "Zeros", config: {} }
  }
})

const modelJson = (units: number, classes: ReadonlyArray<string>, dropout: number): Uint8Array => {
  const names = layers.flatMap((layer) => [`${layer}/kernel`, `${layer}/bias`])
  const stack = [
    dense("hidden", units, "relu", { batch_input_shape: [null, inputs] }),
    { class_name: "Dropout", config: { name: "dropout", trainable: true, dtype: "float32", rate: dropout } },
    dense("classes", classes.length, "softmax", {})
  ]
  return new TextEncoder().encode(
    JSON.stringify({
      format: "layers-model",
      generatedBy: "headrace",
      convertedBy: null,
      modelTopology: {
        class_name: "Sequential",
        config: { name: "dense_head", layers: stack },
        keras_version: "tfjs-layers 4.22.0",
        backend: "tensor_flow.js"
      },
      weightsManifest: [
        {
          paths: ["weights.bin"],
          weights: shapes(units, classes.length).map((shape, index) => ({
            name: names[index],
            shape,
            dtype: "float32"
          }))
        }
      ],
      userDefinedMetadata: { classes }
    })
  )
}

/** The head as files that `tf.loadLayersModel` opens; equal heads are equal bytes. */
export const toFiles = ({ weights, classes, dropout }: DenseHead): Files => {
  const arrays = [weights.hiddenKernel, weights.hiddenBias, weights.classesKernel, weights.classesBias]
  const bytes = arrays.map((array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  return { "model.json": modelJson(weights.units, classes, dropout), "weights.bin": Buffer.concat(bytes) }
}

/** What `fromFiles` takes from model.json; the rest of it must then be what `toFiles` writes for these. */
const Described = Schema.parseJson(
  Schema.Struct({
    modelTopology: Schema.Struct({
      config: Schema.Struct({
        layers: Schema.Tuple(
          Schema.Struct({ config: Schema.Struct({ units: Schema.Int.pipe(Schema.between(1, 2 ** 24)) }) }),
          Schema.Struct({ config: Schema.Struct({ rate: Schema.Number }) }),
          Schema.Unknown
        )
      })
    }),
    userDefinedMetadata: Schema.Struct({ classes: Schema.Array(Schema.String).pipe(Schema.minItems(2)) })
  })
)

/** The head that `toFiles` wrote. The files may be anyone's: every byte of model.json and every weight is checked. */
export const fromFiles = (files: Files): Effect.Effect<DenseHead, HeadUnreadable> =>
  Effect.gen(function* () {
    const json = files["model.json"]
    const described = yield* Schema.decodeUnknown(Described)(new TextDecoder().decode(json)).pipe(
      Effect.mapError(
        (error) => new HeadUnreadable({ what: `model.json: ${error.message}`, expected: "a topology of three layers" })
      )
    )
    const [hidden, dropoutLayer] = described.modelTopology.config.layers
    const { units } = hidden.config
    const dropout = dropoutLayer.config.rate
    const { classes } = described.userDefinedMetadata
    if (Buffer.compare(json, modelJson(units, classes, dropout)) !== 0) {
      const expected = `dense ${units}, dropout ${dropout}, dense ${classes.length} with their weights, and nothing else`
      return yield* new HeadUnreadable({ what: "model.json describes another network", expected })
    }
    const sizes = shapes(units, classes.length).map((shape) => shape.reduce((size, dimension) => size * dimension, 1))
    const length = 4 * sizes.reduce((sum, size) => sum + size, 0)
    const bytes = files["weights.bin"]
    if (bytes.length !== length) {
      return yield* new HeadUnreadable({ what: `weights.bin has ${bytes.length} bytes`, expected: `${length}` })
    }
    const floats = new Float32Array(new Uint8Array(bytes).buffer)
    const broken = floats.findIndex((value) => !Number.isFinite(value))
    if (broken >= 0) {
      return yield* new HeadUnreadable({ what: `weight ${broken} is ${floats[broken]}`, expected: "finite weights" })
    }
    const [a = 0, b = 0, c = 0] = sizes
    const weights = {
      units,
      classes: classes.length,
      hiddenKernel: floats.subarray(0, a),
      hiddenBias: floats.subarray(a, a + b),
      classesKernel: floats.subarray(a + b, a + b + c),
      classesBias: floats.subarray(a + b + c)
    }
    return { weights, classes, dropout }
  })
