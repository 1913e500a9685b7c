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

export const convSweep = Pipeline.make({
  name: "conv-sweep",
  description: "Networks of one convolution, each with more filters than the one before, side by side",
  params: {
    ...dataset.params,
    ...ingest.params,
    ...training,
    validation: validationParam,
    filters: Param.make(sizes, [16, 32, 64, 128, 256, 512, 1024], "Filters of the convolution, a network for each"),
    epochs: Param.withDefault(training.epochs, 20)
  },
  build: (params) => {
    const images = ingest({ dataset: dataset(params) }, params)
    const pixels = normalize({ images: images.train }).normalized
    const testPixels = normalize({ images: images.test }).normalized
    const validation = params.validation === "test" ? [testPixels] : []
    const networks = params.filters.map((filters) => ({
      name: `conv ${filters}`,
      layers: [
        { kind: "conv2d", filters, kernelSize: 3, padding: "valid", activation: "relu" },
        { kind: "max-pool", size: 2 },
        { kind: "flatten" },
        { kind: "dense", units: 128, activation: "relu" }
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
