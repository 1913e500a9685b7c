import { Schema } from "effect"
import { Param, Pipeline, type Stage } from "headrace"
import type { Images } from "headrace-images/artifacts/Images"
import { imageSizeOf } from "headrace-images/params/backbone"
import { chosenOn, validationParam } from "headrace-images/shared/fitting"
import { asTrained, photoParams, photosOf } from "headrace-images/wiring/predicting"
import { ofTrainedImages } from "headrace-images/wiring/trained-images"
import { augment, augmentationParams } from "../stages/augment.ts"
import { dataset } from "../stages/dataset.ts"
import { evaluate } from "../stages/evaluate.ts"
import { extractFeatures } from "../stages/extract-features.ts"
import { ingest } from "../stages/ingest.ts"
import { mistakes } from "../stages/mistakes.ts"
import { mobilenetV2Weights } from "../stages/mobilenet-v2-weights.ts"
import { normalize } from "../stages/normalize.ts"
import { plot } from "../stages/plot.ts"
import { plotMistakes } from "../stages/plot-mistakes.ts"
import { plotPredictions } from "../stages/plot-predictions.ts"
import { predict } from "../stages/predict.ts"
import { resize } from "../stages/resize.ts"
import { resizeTo224 } from "../stages/resize-to-224.ts"
import { train } from "../stages/train.ts"
import { whole } from "../stages/whole.ts"

const { imageHeight, imageWidth } = whole.params

/** Features of images: those of the training, and of photos that its model is asked about. */
const featuresOf = <E, R, S>(
  images: Stage.Wire<typeof Images, E, R, S>,
  params: Param.Values<typeof extractFeatures.params>
) => {
  const pixels = normalize({ images }).normalized
  const size = imageSizeOf(params.backbone)
  const { resized } = size === 224 ? resizeTo224({ pixels }) : resize({ pixels }, { size })
  return extractFeatures({ pixels: resized, weights: mobilenetV2Weights(params) }, params).features
}

const training = Pipeline.make({
  name: "transfer",
  description: "A dense head on the features of a frozen ImageNet MobileNetV2",
  params: {
    ...dataset.params,
    ...ingest.params,
    ...extractFeatures.params,
    views: Param.make(
      Schema.Int.pipe(Schema.between(0, 1000)).annotations({ description: "a whole number from 0 to 1000" }),
      0,
      "Random views of each training image, beside the image itself"
    ),
    ...augmentationParams,
    ...train.params,
    ...mistakes.params,
    validation: validationParam
  },
  build: (params) => {
    const images = ingest({ dataset: dataset(params) }, params)
    const { flip, translation, rotation, zoom } = params
    const change = { flip, translation, rotation, zoom, size: imageSizeOf(params.backbone) }
    // their own seed: another seed of the training finds the views where they are
    const featuresOfView = (view: number) => {
      const pixels = normalize({ images: images.train }).normalized
      const { augmented } = augment({ pixels }, { view, ...change })
      return extractFeatures({ pixels: augmented, weights: mobilenetV2Weights(params) }, params).features
    }
    const views = Array.from({ length: params.views }, (_, at) => featuresOfView(at + 1))
    const test = featuresOf(images.test, params)
    const validation = chosenOn(params, { validation: featuresOf(images.validation, params), test })
    const { model, history, fit } = train(
      { features: [featuresOf(images.train, params), ...views], validation },
      params
    )
    const { metrics, confusion, predictions } = evaluate({ model, features: test })
    const { curves, heatmap } = plot({ history, confusion })
    const { mistakes: wrong } = mistakes({ predictions, images: images.test }, params)
    const { gallery } = plotMistakes({ mistakes: wrong })
    return { model, fit, metrics, curves, confusion: heatmap, mistakes: wrong, gallery }
  }
})

const predicting = Pipeline.withUse(training, {
  name: "predict",
  description: "What photos show, by the head on their features",
  params: photoParams,
  ...asTrained,
  build: (params, { model }) => {
    const { images, photos } = photosOf(params)
    const { predictions } = predict({ features: featuresOf(images, params), photos, model })
    return { predictions, sheet: plotPredictions({ images, predictions }).sheet }
  }
})

export const transfer = Pipeline.withUse(predicting, {
  name: "whole",
  description: "The frozen network and the head on its features as one model, from pixels to probabilities",
  params: { imageHeight, imageWidth },
  ...ofTrainedImages((imageHeight, imageWidth) => ({ imageHeight, imageWidth })),
  build: (params, { model }) => whole({ weights: mobilenetV2Weights(params), model }, params)
})
