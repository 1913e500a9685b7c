import * as Param from "../engine/Param.ts"
import * as Pipeline from "../engine/Pipeline.ts"
import { dataset } from "../stages/dataset.ts"
import { evaluateNetwork } from "../stages/evaluate-network.ts"
import { validationParam } from "../stages/fitting.ts"
import { ingest } from "../stages/ingest.ts"
import { mistakes } from "../stages/mistakes.ts"
import { normalize } from "../stages/normalize.ts"
import { plot } from "../stages/plot.ts"
import { plotMistakes } from "../stages/plot-mistakes.ts"
import { trainNetwork } from "../stages/train-network.ts"

export const simpleCnn = Pipeline.make({
  name: "simple-cnn",
  description: "A network of one convolution and one dense layer, trained on the images themselves",
  params: {
    ...dataset.params,
    ...ingest.params,
    ...trainNetwork.params,
    ...mistakes.params,
    validation: validationParam,
    network: Param.withDefault(trainNetwork.params.network, [
      { kind: "conv2d", filters: 32, kernelSize: 3, padding: "valid", activation: "relu" },
      { kind: "max-pool", size: 2 },
      { kind: "flatten" },
      { kind: "dense", units: 128, activation: "relu" }
    ]),
    epochs: Param.withDefault(trainNetwork.params.epochs, 200)
  },
  build: (params) => {
    const images = ingest({ dataset: dataset(params) }, params)
    const test = normalize({ images: images.test }).normalized
    const { model, history, fit } = trainNetwork(
      {
        pixels: normalize({ images: images.train }).normalized,
        validation: params.validation === "test" ? [test] : []
      },
      params
    )
    const { metrics, confusion, predictions } = evaluateNetwork({ model, pixels: test })
    const { curves, heatmap } = plot({ history, confusion })
    const { mistakes: wrong } = mistakes({ predictions, images: images.test }, params)
    const { gallery } = plotMistakes({ mistakes: wrong })
    return { model, fit, metrics, curves, confusion: heatmap, mistakes: wrong, gallery }
  }
})
