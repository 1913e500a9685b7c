import { Param, Pipeline } from "headrace"
import { sizes } from "headrace-images/params/sizes"
import { sideBySide, trainingParams } from "headrace-images/wiring/on-images"

export const convSweep = Pipeline.make({
  name: "conv-sweep",
  description: "Networks of one convolution, each with more filters than the one before, side by side",
  params: {
    ...trainingParams,
    filters: Param.make(sizes, [16, 32, 64, 128, 256, 512, 1024], "Filters of the convolution, a network for each"),
    epochs: Param.withDefault(trainingParams.epochs, 20)
  },
  build: (params) =>
    sideBySide(
      params.filters.map((filters) => ({
        name: `conv ${filters}`,
        layers: [
          { kind: "conv2d", filters, kernelSize: 3, padding: "valid", activation: "relu" },
          { kind: "max-pool", size: 2 },
          { kind: "flatten" },
          { kind: "dense", units: 128, activation: "relu" }
        ]
      })),
      params
    )
})
