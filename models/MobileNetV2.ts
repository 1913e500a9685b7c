import { Effect, type Scope } from "effect"
import { type GraphUnloadable, Tensorflow } from "../services/Tensorflow.ts"
import type { Attr, Node } from "../services/tensorflow-graph.ts"
import * as KerasWeights from "./KerasWeights.ts"
import { imageSize } from "./resize-bilinear.ts"

/** MobileNetV2 1.0/224 without its top (Sandler et al. 2018, table 2; layer names as in keras.applications). */
export interface MobileNetV2 {
  /**
   * What the network sees in images: float32 [rows, 224, 224, 3] in [0, 1] gives float32 [rows, 1280], after global average
   * pooling. An image gives the same bits wherever it stands and whatever stands beside it.
   */
  readonly extract: (pixels: Float32Array, rows: number) => Effect.Effect<Float32Array>
}

export const featureCount = 1280
const imageValues = imageSize * imageSize * 3

/** Images a call of the network: fixed, since another batch size may take another order of summation. */
const batchSize = 16

/** A convolution, its batch normalization and, unless it is linear, ReLU6. */
interface Convolution {
  readonly layer: string
  readonly norm: string
  readonly depthwise: boolean
  readonly kernel: readonly [height: number, width: number, inputs: number, outputs: number]
  readonly stride: 1 | 2
  readonly linear: boolean
}

/** Convolutions in sequence, around which a residual block adds its input. */
interface Block {
  readonly convolutions: ReadonlyArray<Convolution>
  readonly residual: boolean
}

const pointwise = (layer: string, norm: string, inputs: number, outputs: number, linear = false): Convolution => ({
  layer,
  norm,
  depthwise: false,
  kernel: [1, 1, inputs, outputs],
  stride: 1,
  linear
})

const invertedResidual = (name: string, inputs: number, outputs: number, stride: 1 | 2, expansion: number): Block => {
  const hidden = inputs * expansion
  const expand = pointwise(`${name}_expand`, `${name}_expand_BN`, inputs, hidden)
  const depthwise: Convolution = {
    layer: `${name}_depthwise`,
    norm: `${name}_depthwise_BN`,
    depthwise: true,
    kernel: [3, 3, hidden, 1],
    stride,
    linear: false
  }
  const project = pointwise(`${name}_project`, `${name}_project_BN`, hidden, outputs, true)
  return {
    convolutions: expansion === 1 ? [depthwise, project] : [expand, depthwise, project],
    residual: stride === 1 && inputs === outputs
  }
}

/** Expansion, output channels, repeats and stride of the first of them. */
const groups = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1]
] as const

const network = (): ReadonlyArray<Block> => {
  const first: Convolution = { ...pointwise("Conv1", "bn_Conv1", 3, 32), kernel: [3, 3, 3, 32], stride: 2 }
  const blocks: Array<Block> = [{ convolutions: [first], residual: false }]
  let inputs = 32
  for (const [expansion, outputs, repeats, stride] of groups) {
    for (let repeat = 0; repeat < repeats; repeat++) {
      const name = blocks.length === 1 ? "expanded_conv" : `block_${blocks.length - 1}`
      blocks.push(invertedResidual(name, inputs, outputs, repeat === 0 ? stride : 1, expansion))
      inputs = outputs
    }
  }
  return [...blocks, { convolutions: [pointwise("Conv_1", "Conv_1_bn", inputs, featureCount)], residual: false }]
}

/** Batch normalization is linear once trained, so the kernel and a bias can carry it: epsilon as Keras has it. */
const fold = (weights: KerasWeights.KerasWeights, { layer, norm, depthwise, kernel }: Convolution) =>
  Effect.gen(function* () {
    const channels = depthwise ? kernel[2] : kernel[3]
    const values = yield* KerasWeights.find(weights, layer, depthwise ? "depthwise_kernel" : "kernel", kernel)
    const ofNorm = (name: string) => KerasWeights.find(weights, norm, name, [channels])
    const [gamma, beta] = [yield* ofNorm("gamma"), yield* ofNorm("beta")]
    const [mean, variance] = [yield* ofNorm("moving_mean"), yield* ofNorm("moving_variance")]
    const scale = Float64Array.from(gamma, (value, channel) => value / Math.sqrt((variance[channel] ?? 0) + 1e-3))
    return {
      kernel: values.map((value, index) => value * (scale[index % channels] ?? 0)),
      bias: beta.map((value, channel) => value - (mean[channel] ?? 0) * (scale[channel] ?? 0))
    }
  })

/** The network as a TensorFlow graph over float32 [rows, 224, 224, 3] in [0, 1]. */
const graph = (weights: KerasWeights.KerasWeights) =>
  Effect.gen(function* () {
    const nodes: Array<Node> = []
    const float: Attr = { type: "float" }
    const add = (name: string, op: string, inputs: ReadonlyArray<string>, attrs: Readonly<Record<string, Attr>>) => {
      nodes.push({ name, op, inputs, attrs })
      return name
    }
    const constant = (name: string, tensor: Float32Array | Int32Array, shape: ReadonlyArray<number>) =>
      add(name, "Const", [], {
        dtype: { type: tensor instanceof Float32Array ? "float" : "int32" },
        value: { shape, tensor }
      })

    const convolution = (x: string, one: Convolution) =>
      Effect.gen(function* () {
        const { layer, depthwise, stride } = one
        const { kernel, bias } = yield* fold(weights, one)
        const product = add(
          layer,
          depthwise ? "DepthwiseConv2dNative" : "Conv2D",
          [x, constant(`${layer}/kernel`, kernel, one.kernel)],
          // every input of a stride of 2 has an even size, where "SAME" is Keras' padding of the far edges only
          { T: float, strides: { ints: [1, stride, stride, 1] }, padding: { text: "SAME" } }
        )
        const sum = add(`${layer}/sum`, "BiasAdd", [product, constant(`${layer}/bias`, bias, [bias.length])], {
          T: float
        })
        return one.linear ? sum : add(`${layer}/relu6`, "Relu6", [sum], { T: float })
      })

    const shape = [batchSize, imageSize, imageSize, 3]
    const input = add("pixels", "Placeholder", [], { dtype: float, shape: { shape } })
    const twice = add("twice", "Mul", [input, constant("two", Float32Array.of(2), [])], { T: float })
    let x = add("centred", "Sub", [twice, constant("one", Float32Array.of(1), [])], { T: float })
    for (const [index, block] of network().entries()) {
      const entry = x
      for (const one of block.convolutions) x = yield* convolution(x, one)
      if (block.residual) x = add(`residual_${index}`, "AddV2", [entry, x], { T: float })
    }
    const axes = constant("axes", Int32Array.of(1, 2), [2])
    const output = add("features", "Mean", [x, axes], { T: float, Tidx: { type: "int32" } })
    return { nodes, input, output }
  })

/** Lets timers, messages and interruption in: a batch holds the thread for as long as the network takes. */
const breathe = Effect.async<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

export const make = (
  weights: KerasWeights.KerasWeights
): Effect.Effect<
  MobileNetV2,
  KerasWeights.WeightMissing | KerasWeights.WeightMisshapen | GraphUnloadable,
  Tensorflow | Scope.Scope
> =>
  Effect.gen(function* () {
    const tensorflow = yield* Tensorflow
    const run = yield* tensorflow.graph(yield* graph(weights))

    /** `pixels` of `batchSize` images at most; missing ones are black. */
    const batch = (pixels: Float32Array) =>
      tensorflow.tidy((tf) => {
        const whole = pixels.length === batchSize * imageValues ? pixels : new Float32Array(batchSize * imageValues)
        if (whole !== pixels) whole.set(pixels)
        return run(tf.tensor4d(whole, [batchSize, imageSize, imageSize, 3])).dataSync<"float32">()
      })

    return {
      extract: (pixels, rows) =>
        Effect.gen(function* () {
          if (pixels.length !== rows * imageValues)
            return yield* Effect.dieMessage(`${pixels.length} values are not ${rows} images of 224x224x3`)
          const features = new Float32Array(rows * featureCount)
          for (let row = 0; row < rows; row += batchSize) {
            const end = Math.min(row + batchSize, rows)
            const found = yield* batch(pixels.subarray(row * imageValues, end * imageValues))
            features.set(found.subarray(0, (end - row) * featureCount), row * featureCount)
            yield* breathe
          }
          return features
        })
    }
  })
