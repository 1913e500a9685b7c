import * as Random from "headrace/random"
import type { Block, Convolution } from "./Convolution.ts"
import type { KerasWeights, Weight } from "./KerasWeights.ts"

/** Mean square of the ReLU of a standard normal number, and its variance (its mean is 1 / √(2π)). */
const square = 1 / 2
const variance = 1 / 2 - 1 / (2 * Math.PI)
/** Variance of a pixel that is uniform in [-1, 1]. */
const ofPixels = 1 / 3
/** What a residual block adds at first, beside what it passes on (Zhang et al. 2019, "Fixup initialization"). */
const branch = 0.1

/**
 * Kernels scaled so that what a layer gives has about the variance 1 (He et al. 2015, "Delving deep into rectifiers"). Those
 * that mix channels sum up to zero (Huang et al. 2017, "Centered weight normalization"): otherwise the means that ReLUs leave
 * grow from layer to layer, until the features of any two images are nearly the same.
 */
const kernelOf = (
  { depthwise, linear, kernel }: Convolution,
  isBranchEnd: boolean,
  drawn: Float32Array
): Float32Array => {
  const [, , inputs, outputs] = kernel
  const isFirst = inputs === 3
  const channels = depthwise ? inputs : outputs
  const fanIn = drawn.length / channels
  const isCentred = !depthwise && !isFirst
  // a linear one stands behind a ReLU, one that widens behind a linear one
  const ofInput = isFirst ? ofPixels : depthwise ? square : linear ? variance : 1
  const gain = isBranchEnd ? branch : 1
  for (let channel = 0; channel < channels; channel++) {
    let [sum, squares] = [0, 0]
    for (let at = channel; at < drawn.length; at += channels) sum += drawn[at] ?? 0
    const mean = isCentred ? sum / fanIn : 0
    for (let at = channel; at < drawn.length; at += channels) squares += ((drawn[at] ?? 0) - mean) ** 2
    const scale = gain / Math.sqrt(squares * ofInput)
    for (let at = channel; at < drawn.length; at += channels) drawn[at] = ((drawn[at] ?? 0) - mean) * scale
  }
  return drawn
}

/** Weights that were never trained, for a network of convolutions; its normalizations change nothing. */
export const make = (blocks: ReadonlyArray<Block<Convolution>>, seed: number): KerasWeights => {
  let step = 0
  const draw = (count: number) => {
    step += 1
    return Random.uniform({ seed, purpose: "weights", epoch: 0, step }, count, 1)
  }
  return new Map(
    blocks.flatMap(({ convolutions, residual }) =>
      convolutions.flatMap((one, at): ReadonlyArray<readonly [string, Weight]> => {
        const { layer, norm, depthwise, kernel } = one
        const [height, width, inputs, outputs] = kernel
        const isBranchEnd = residual && at === convolutions.length - 1
        const data = kernelOf(one, isBranchEnd, draw(height * width * inputs * outputs))
        const shape = [depthwise ? inputs : outputs]
        const all = (value: number): Weight => ({ shape, data: new Float32Array(shape[0] ?? 0).fill(value) })
        return [
          [`${layer}/${depthwise ? "depthwise_kernel" : "kernel"}`, { shape: kernel, data }],
          [`${norm}/gamma`, all(1)],
          [`${norm}/beta`, all(0)],
          [`${norm}/moving_mean`, all(0)],
          // with the epsilon that Keras adds, a normalization divides by one
          [`${norm}/moving_variance`, all(0.999)]
        ]
      })
    )
  )
}
