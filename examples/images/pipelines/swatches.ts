import { Param, Pipeline } from "headrace"
import { imageSizeOf } from "headrace-images/params/backbone"
import { dataset } from "headrace-images/stages/dataset"
import { evaluate } from "headrace-images/stages/evaluate"
import { extractFeatures } from "headrace-images/stages/extract-features"
import { ingest } from "headrace-images/stages/ingest"
import { mobilenetV2Weights } from "headrace-images/stages/mobilenet-v2-weights"
import { normalize } from "headrace-images/stages/normalize"
import { resize } from "headrace-images/stages/resize"
import { fitDiscriminant } from "../stages/fit-discriminant.ts"
import { turn } from "../stages/turn.ts"

export const swatches = Pipeline.make({
  name: "swatches",
  description: "Which weave a swatch of cloth has, by a linear discriminant of its features",
  params: {
    ...ingest.params,
    ...fitDiscriminant.params,
    dataset: Param.withDefault(dataset.params.dataset, "data/swatches"),
    runtime: extractFeatures.params.runtime,
    // needs no network; another one's features know more of cloth
    backbone: Param.withDefault(extractFeatures.params.backbone, "random")
  },
  build: (params) => {
    const { train, test } = ingest({ dataset: dataset(params) }, params)
    const weights = mobilenetV2Weights(params)
    const pixelsOf = (images: typeof train) => normalize({ images }).normalized
    const featuresOf = (pixels: ReturnType<typeof pixelsOf>) => {
      const { resized } = resize({ pixels }, { size: imageSizeOf(params.backbone) })
      return extractFeatures({ pixels: resized, weights }, params).features
    }
    const pixels = pixelsOf(train)
    const turned = ([1, 2, 3] as const).map((turns) => turn({ pixels }, { turns }).turned)
    const { model } = fitDiscriminant({ features: [pixels, ...turned].map(featuresOf) }, params)
    const { metrics, confusion } = evaluate({ model, features: featuresOf(pixelsOf(test)) })
    return { model, metrics, confusion }
  }
})
