import * as Random from "../../api/random.ts"
import type { Backbone } from "../../images/models/Backbone.ts"
import type { KerasWeights } from "../../images/models/KerasWeights.ts"

interface WeightArray {
  readonly name: string
  readonly shape: ReadonlyArray<number>
  readonly size: number
  /** From a number in [-1, 1) to a weight. */
  readonly from: (drawn: number) => number
}

/** The arrays of a backbone's weight file, in Keras' order. */
export const arraysOf = ({ blocks }: Backbone): ReadonlyArray<WeightArray> =>
  blocks()
    .flatMap(({ convolutions }) => convolutions)
    .flatMap(({ layer, norm, depthwise, kernel }) => {
      const [height, width, inputs, outputs] = kernel
      const limit = Math.sqrt(6 / (height * width * (depthwise ? 1 : inputs)))
      const channels = depthwise ? inputs : outputs
      const ofNorm = (name: string, from: WeightArray["from"]): WeightArray => ({
        name: `${norm}/${name}`,
        shape: [channels],
        size: channels,
        from
      })
      return [
        {
          name: `${layer}/${depthwise ? "depthwise_kernel" : "kernel"}`,
          shape: kernel,
          size: height * width * inputs * outputs,
          from: (drawn: number) => drawn * limit
        },
        ofNorm("gamma", (drawn) => 1 + drawn / 2),
        ofNorm("beta", (drawn) => drawn),
        ofNorm("moving_mean", (drawn) => drawn),
        ofNorm("moving_variance", (drawn) => 1 + drawn / 2)
      ]
    })

/** Weights that fit a backbone: those of test/fixtures/backbones/keras-backbones.py, to the bit. */
export const randomWeights = (backbone: Backbone): KerasWeights =>
  new Map(
    arraysOf(backbone).map(({ name, shape, size, from }, at) => {
      const words = Random.words({ seed: at + 1, purpose: "weights", epoch: 0, step: 0 }, size)
      const data = new Float32Array(size)
      for (let index = 0; index < size; index++) data[index] = from((words[index] ?? 0) / 2 ** 31 - 1)
      return [name, { shape, data }]
    })
  )
