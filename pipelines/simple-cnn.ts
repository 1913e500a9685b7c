import { Pipeline } from "headrace"
import { asWhole, classifier, classifierParamsOf, predicting } from "headrace-images/wiring/on-images"

const training = Pipeline.make({
  name: "simple-cnn",
  description: "A network of one convolution and one dense layer, trained on the images themselves",
  params: classifierParamsOf(
    [
      { kind: "conv2d", filters: 32, kernelSize: 3, padding: "valid", activation: "relu" },
      { kind: "max-pool", size: 2 },
      { kind: "flatten" },
      { kind: "dense", units: 128, activation: "relu" }
    ],
    200
  ),
  build: classifier
})

export const simpleCnn = Pipeline.withUse(Pipeline.withUse(training, predicting), asWhole)
