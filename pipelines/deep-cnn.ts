import { Pipeline } from "headrace"
import { asWhole, classifier, classifierParamsOf, predicting } from "headrace-images/wiring/on-images"

const training = Pipeline.make({
  name: "deep-cnn",
  description: "A network of three convolutions and one wide dense layer, trained on the images themselves",
  params: classifierParamsOf(
    [
      { kind: "conv2d", filters: 32, kernelSize: 3, padding: "same", activation: "relu" },
      { kind: "max-pool", size: 2 },
      { kind: "conv2d", filters: 64, kernelSize: 3, padding: "same", activation: "relu" },
      { kind: "max-pool", size: 2 },
      { kind: "conv2d", filters: 128, kernelSize: 3, padding: "same", activation: "relu" },
      { kind: "global-average-pooling" },
      { kind: "dense", units: 2048, activation: "relu" }
    ],
    50
  ),
  build: classifier
})

export const deepCnn = Pipeline.withUse(Pipeline.withUse(training, predicting), asWhole)
