import * as Param from "../engine/Param.ts"
import * as Pipeline from "../engine/Pipeline.ts"
import { dataset } from "../stages/dataset.ts"
import { evaluateNetwork } from "../stages/evaluate-network.ts"
import { validationParam } from "../stages/fitting.ts"
import { ingest } from "../stages/ingest.ts"
import { normalize } from "../stages/normalize.ts"
import { plotSweep } from "../stages/plot-sweep.ts"
import { sizes } from "../stages/sizes.ts"
import { trainNetwork } from "../stages/train-network.ts"

const { network: _, ...training } = trainNetwork.params

export const denseSweep = Pipeline.make({
  name: "dense-sweep",
  description: "Networks of one convolution and one dense layer, each wider than the one before, side by side",
  params: {
    ...dataset.params,
    ...ingest.params,
    ...training,
    validation: validationParam,
    units: Param.make(sizes, [64, 128, 256, 512, 1024, 2048], "Width of the dense layer, a network for each"),
    epochs: Param.withDefault(training.epochs, 20)
  },
  build: (params) => {
    const images = ingest({ dataset: dataset(params) }, params)
    const pixels = normalize({ images: images.train }).normalized
    const testPixels = normalize({ images: images.test }).normalized
    const validation = params.validation === "test" ? [testPixels] : []
    const networks = params.units.map((units) => ({
      name: `dense ${units}`,
      layers: [
        { kind: "conv2d", filters: 64, kernelSize: 3, padding: "valid", activation: "relu" },
        { kind: "max-pool", size: 2 },
        { kind: "flatten" },
        { kind: "dense", units, activation: "relu" }
      ] as const
    }))
    const trained = networks.map(({ layers }) => {
      const { model, history } = trainNetwork({ pixels, validation }, { ...params, network: layers })
      return { history, metrics: evaluateNetwork({ model, pixels: testPixels }).metrics }
    })
    return plotSweep(
      {
        histories: trained.map(({ history }) => history),
        metrics: trained.map(({ metrics }) => metrics),
        images: images.test
      },
      { networks }
    )
  }
})
