import type { NodeJSKernelBackend } from "@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js"
import type { Tf } from "../services/Tensorflow.ts"

type Tensor = import("@tensorflow/tfjs-node-gpu").Tensor
type Tensor4D = import("@tensorflow/tfjs-node-gpu").Tensor4D

/**
 * The differentiable operations that layers are made of. Where tfjs writes a gradient in many elementary operations and
 * TensorFlow has one kernel for it, that kernel is called.
 */
export interface Operations {
  readonly matMul: (x: Tensor, kernel: Tensor) => Tensor
  readonly conv2d: (x: Tensor, kernel: Tensor, padding: "same" | "valid") => Tensor
  /** The bias added and the activation applied; "softmax" is as "linear", since losses take logits. */
  readonly biasActivation: (x: Tensor, bias: Tensor, activation: "linear" | "relu" | "softmax") => Tensor
  readonly relu: (x: Tensor) => Tensor
  readonly maxPool: (x: Tensor, size: number) => Tensor
  /** [batch, height, width, channels] to [batch, channels]. */
  readonly averageImage: (x: Tensor) => Tensor
  readonly flatten: (x: Tensor) => Tensor
  /** Inverted dropout by the mask of a seed. */
  readonly dropout: (x: Tensor, rate: number, seed: Tensor) => Tensor
  /** The sum of losses times shares, differentiable by the logits. */
  readonly weightedCrossEntropy: (logits: Tensor, labels: Tensor, shares: Tensor) => Tensor
  /** The same where the share `smoothing` of each label is spread evenly over all classes, its own among them. */
  readonly smoothedCrossEntropy: (logits: Tensor, labels: Tensor, shares: Tensor, smoothing: number) => Tensor
  /** Images as maps (float32 [batch, 8]) show them, bilinear, mirrored beyond their edges. Not differentiable. */
  readonly mapped: (images: Tensor, maps: Tensor) => Tensor
}

/**
 * What an inverted dropout multiplies by: 0 at `rate`, else 1 / (1 - rate). The same for the same seed (int32 [2]). A rate
 * in 256ths, such as 0.5, is drawn by a byte a cell, four times as fast as by the float that any other takes.
 */
export const dropoutMask = (tf: Tf, shape: ReadonlyArray<number>, rate: number, seed: Tensor): Tensor => {
  const backend = tf.backend() as NodeJSKernelBackend
  const { TF_ATTR_TYPE, TF_FLOAT, TF_INT32, TF_UINT8 } = backend.binding
  const type = (name: string, value: number) => ({ name, type: TF_ATTR_TYPE, value })
  const draw = (op: string, drawn: number, shape: ReadonlyArray<number>) =>
    backend.executeSingleOutput(
      op,
      [type("dtype", drawn), type("T", TF_INT32), type("Tseed", TF_INT32)],
      [tf.tensor1d([...shape], "int32"), seed]
    )
  // tfjs has no bytes: it takes them for integers, and only TensorFlow's own operations may be given them
  const byBytes = (threshold: number) => {
    const size = tf.util.sizeFromShape([...shape])
    const words = draw("StatelessRandomUniformFullInt", TF_INT32, [Math.ceil(size / 4)])
    const bytes = backend.executeSingleOutput("Bitcast", [type("T", TF_INT32), type("type", TF_UINT8)], [words])
    const least = backend.executeSingleOutput(
      "Cast",
      [type("SrcT", TF_INT32), type("DstT", TF_UINT8)],
      [tf.scalar(threshold, "int32")]
    )
    const kept = backend.executeSingleOutput("GreaterEqual", [type("T", TF_UINT8)], [bytes, least])
    return tf.reshape(tf.slice(tf.reshape(kept, [kept.size]), 0, size), [...shape])
  }
  return tf.tidy(() => {
    const kept = Number.isInteger(256 * rate)
      ? byBytes(256 * rate)
      : tf.greaterEqual(draw("StatelessRandomUniform", TF_FLOAT, shape), rate)
    return tf.mul(tf.cast(kept, "float32"), 1 / (1 - rate))
  })
}

/**
 * From this many units on a product is TensorFlow's MatMul, which a graph fuses with bias and activation; tfjs' own is a
 * batch product, faster for the gradients. Not for narrow kernels: MatMul runs a oneDNN routine for them under which a
 * profiler's signal corrupts the heap (TensorFlow 2.21, AVX-512).
 */
const fusedWidth = 64

export const operations = (tf: Tf): Operations => {
  const backend = tf.backend() as NodeJSKernelBackend
  const { TF_ATTR_BOOL, TF_ATTR_STRING, TF_ATTR_TYPE, TF_FLOAT, TF_INT32 } = backend.binding
  const type = (name: string, value: number) => ({ name, type: TF_ATTR_TYPE, value })
  const text = (name: string, value: string) => ({ name, type: TF_ATTR_STRING, value })
  const flag = (name: string) => ({ name, type: TF_ATTR_BOOL, value: false })
  const float = type("T", TF_FLOAT)
  const native = (op: string, ...inputs: Array<Tensor>) => backend.executeSingleOutput(op, [float], inputs)
  const crossEntropy = (logits: Tensor, labels: Tensor) =>
    backend.executeMultipleOutputs(
      "SparseSoftmaxCrossEntropyWithLogits",
      [float, type("Tlabels", TF_INT32)],
      [logits, labels],
      2
    ) as [Tensor, Tensor]
  const smoothedCrossEntropy = (logits: Tensor, labels: Tensor, smoothing: number) => {
    const classes = logits.shape[1] ?? 1
    const targets = tf.add(tf.mul(tf.oneHot(labels, classes), 1 - smoothing), smoothing / classes)
    return backend.executeMultipleOutputs("SoftmaxCrossEntropyWithLogits", [float], [logits, targets], 2) as [
      Tensor,
      Tensor
    ]
  }
  /** The sum of the losses, times shares, that a kernel gives with their gradients by the logits. */
  const weighted = (logits: Tensor, shares: Tensor, losses: (logits: Tensor) => [Tensor, Tensor]): Tensor =>
    tf.customGrad((logits, save) => {
      const [each, byLogits] = losses(logits as Tensor)
      ;(save as (tensors: Array<Tensor>) => void)([byLogits])
      return {
        value: tf.sum(tf.mul(each, shares)),
        gradFunc: (dy: Tensor, saved: Array<Tensor>) =>
          tf.mul(saved[0] as Tensor, tf.reshape(tf.mul(shares, dy), [shares.size, 1]))
      }
    })(logits)

  const biasAdd = (x: Tensor, bias: Tensor): Tensor =>
    tf.customGrad((x, bias) => ({
      value: native("BiasAdd", x as Tensor, bias as Tensor),
      gradFunc: (dy: Tensor) => [dy, native("BiasAddGrad", dy)]
    }))(x, bias)
  const relu = (x: Tensor): Tensor =>
    tf.customGrad((x, save) => {
      const value = native("Relu", x as Tensor)
      ;(save as (tensors: Array<Tensor>) => void)([value])
      return { value, gradFunc: (dy: Tensor, saved: Array<Tensor>) => native("ReluGrad", dy, saved[0] as Tensor) }
    })(x)

  return {
    matMul: (x, kernel) =>
      tf.customGrad((x, kernel, save) => {
        const inputs = [x as Tensor, kernel as Tensor] as const
        ;(save as (tensors: Array<Tensor>) => void)([...inputs])
        const isNarrow = (inputs[1].shape[1] ?? 0) < fusedWidth
        const value = isNarrow
          ? tf.matMul(...inputs)
          : backend.executeSingleOutput("MatMul", [float, flag("transpose_a"), flag("transpose_b")], [...inputs])
        const gradFunc = (dy: Tensor, saved: Array<Tensor>) => {
          const [x, kernel] = saved as [Tensor, Tensor]
          return [
            tf.matMul(dy, kernel, false, true),
            // of a few columns, four times as fast on its side
            isNarrow ? tf.transpose(tf.matMul(dy, x, true)) : tf.matMul(x, dy, true)
          ]
        }
        return { value, gradFunc }
      })(x, kernel),
    conv2d: (x, kernel, padding) => tf.conv2d(x as Tensor4D, kernel as Tensor4D, 1, padding),
    biasActivation: (x, bias, activation) => (activation === "relu" ? relu(biasAdd(x, bias)) : biasAdd(x, bias)),
    relu,
    maxPool: (x, size) => tf.maxPool(x as Tensor4D, size, size, "valid"),
    averageImage: (x) => tf.mean(x, [1, 2]),
    flatten: (x) => tf.reshape(x, [x.shape[0] ?? 0, x.size / (x.shape[0] ?? 1)]),
    dropout: (x, rate, seed) => tf.mul(x, dropoutMask(tf, x.shape, rate, seed)),
    weightedCrossEntropy: (logits, labels, shares) =>
      weighted(logits, shares, (logits) => crossEntropy(logits, labels)),
    smoothedCrossEntropy: (logits, labels, shares, smoothing) =>
      weighted(logits, shares, (logits) => smoothedCrossEntropy(logits, labels, smoothing)),
    mapped: (images, maps) =>
      backend.executeSingleOutput(
        "ImageProjectiveTransformV3",
        [type("dtype", TF_FLOAT), text("interpolation", "BILINEAR"), text("fill_mode", "REFLECT")],
        [images, maps, tf.tensor1d(images.shape.slice(1, 3), "int32"), tf.scalar(0)]
      )
  }
}
