import { Param, Pipeline } from "headrace"
import { sizes } from "headrace-images/params/sizes"
import { sideBySide, trainingParams } from "headrace-images/wiring/on-images"

export const denseSweep = Pipeline.make({
  name: "dense-sweep",
  description: "Networks of one convolution and one dense layer, each wider than the one before, side by side",
  params: {
    ...trainingParams,
    units: Param.make(sizes, [64, 128, 256, 512, 1024, 2048], "Width of the dense layer, a network for each"),
    epochs: Param.withDefault(trainingParams.epochs, 20)
  },
  build: (params) =>
    sideBySide(
      params.units.map((units) => ({
        name: `dense ${units}`,
        layers: [
          { kind: "conv2d", filters: 64, kernelSize: 3, padding: "valid", activation: "relu" },
          { kind: "max-pool", size: 2 },
          { kind: "flatten" },
          { kind: "dense", units, activation: "relu" }
        ]
      })),
      params
    )
})
