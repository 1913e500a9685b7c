/**
 * The convolutions that backbones consist of, as data.
 *
 * @module
 */
/** A convolution, its batch normalization and, unless it is linear, ReLU6. */
export interface Convolution {
  readonly layer: string
  readonly norm: string
  readonly depthwise: boolean
  readonly kernel: readonly [height: number, width: number, inputs: number, outputs: number]
  readonly stride: 1 | 2
  readonly linear: boolean
}

/** Convolutions in sequence, around which a residual block adds its input. */
export interface Block<C> {
  readonly convolutions: ReadonlyArray<C>
  readonly residual: boolean
}

/**
 * A 1x1 convolution of stride 1 from `inputs` to `outputs` channels. `layer` and `norm` are what the weight file calls it
 * and its batch normalization.
 */
export const pointwise = (
  layer: string,
  norm: string,
  inputs: number,
  outputs: number,
  linear = false
): Convolution => ({
  layer,
  norm,
  depthwise: false,
  kernel: [1, 1, inputs, outputs],
  stride: 1,
  linear
})
