import * as Pipeline from "../engine/Pipeline.ts"
import { imageSizeOf } from "../stages/backbone.ts"
import { dataset } from "../stages/dataset.ts"
import { evaluate } from "../stages/evaluate.ts"
import { extractFeatures } from "../stages/extract-features.ts"
import { validationParam } from "../stages/fitting.ts"
import { ingest } from "../stages/ingest.ts"
import { mobilenetV2Weights } from "../stages/mobilenet-v2-weights.ts"
import { normalize } from "../stages/normalize.ts"
import { plot } from "../stages/plot.ts"
import { resize } from "../stages/resize.ts"
import { resizeTo224 } from "../stages/resize-to-224.ts"
import { train } from "../stages/train.ts"

export const transfer = Pipeline.make({
  name: "transfer",
  description: "A dense head on the features of a frozen ImageNet MobileNetV2",
  params: {
    ...dataset.params,
    ...ingest.params,
    ...extractFeatures.params,
    ...train.params,
    validation: validationParam
  },
  build: (params) => {
    const images = ingest({ dataset: dataset(params) }, params)
    const weights = mobilenetV2Weights(params)
    const size = imageSizeOf(params.backbone)
    const featuresOf = (split: typeof images.train) => {
      const pixels = normalize({ images: split }).normalized
      const { resized } = size === 224 ? resizeTo224({ pixels }) : resize({ pixels }, { size })
      return extractFeatures({ pixels: resized, weights }, params).features
    }
    const test = featuresOf(images.test)
    const { model, history, fit } = train(
      { features: [featuresOf(images.train)], validation: params.validation === "test" ? [test] : [] },
      params
    )
    const { metrics, confusion } = evaluate({ model, features: test })
    const { curves, heatmap } = plot({ history, confusion })
    return { model, fit, metrics, curves, confusion: heatmap }
  }
})
