/**
 * The wiring that pipelines share which train networks on the images themselves, from the dataset to the figures.
 *
 * @module
 */
import { Param } from "headrace"
import { dataset } from "../../stages/dataset.ts"
import { evaluateNetwork } from "../../stages/evaluate-network.ts"
import { ingest } from "../../stages/ingest.ts"
import { mistakes } from "../../stages/mistakes.ts"
import { normalize } from "../../stages/normalize.ts"
import { plot } from "../../stages/plot.ts"
import { plotMistakes } from "../../stages/plot-mistakes.ts"
import { plotPredictions } from "../../stages/plot-predictions.ts"
import { plotSweep } from "../../stages/plot-sweep.ts"
import { predictNetwork } from "../../stages/predict-network.ts"
import { trainNetwork } from "../../stages/train-network.ts"
import { wholeNetwork } from "../../stages/whole-network.ts"
import type * as Network from "../models/Network.ts"
import { chosenOn, validationParam } from "../shared/fitting.ts"
import { asTrained, photoParams, photosOf } from "./predicting.ts"

const { network, ...fitting } = trainNetwork.params

/** What every pipeline takes that trains networks on the images themselves. */
export const trainingParams = { ...dataset.params, ...ingest.params, ...fitting, validation: validationParam }
type Training = Param.Values<typeof trainingParams>

const classifierParams = { ...trainingParams, ...mistakes.params, network }

/** The same for one network, whose layers and epochs are a pipeline's own. */
export const classifierParamsOf = (layers: Network.Network, epochs: number) => ({
  ...classifierParams,
  network: Param.withDefault(network, layers),
  epochs: Param.withDefault(fitting.epochs, epochs),
  cosineEpochs: Param.withDefault(fitting.cosineEpochs, epochs)
})

const pixelsOf = (params: Training) => {
  const images = ingest({ dataset: dataset(params) }, params)
  const test = normalize({ images: images.test }).normalized
  const train = normalize({ images: images.train }).normalized
  const validation = normalize({ images: images.validation }).normalized
  return { images, train, test, validation: chosenOn(params, { validation, test }) }
}

/** One network: trained, evaluated, drawn, with what it gets wrong. */
export const classifier = (params: Param.Values<typeof classifierParams>) => {
  const { images, train, test, validation } = pixelsOf(params)
  const { model, history, fit } = trainNetwork({ pixels: train, validation }, params)
  const { metrics, confusion, predictions } = evaluateNetwork({ model, pixels: test })
  const { curves, heatmap } = plot({ history, confusion })
  const { mistakes: wrong } = mistakes({ predictions, images: images.test }, params)
  const { gallery } = plotMistakes({ mistakes: wrong })
  return { model, fit, metrics, curves, confusion: heatmap, mistakes: wrong, gallery }
}

/** What photos show, by one network that was trained on images. */
export const predicting = {
  name: "predict",
  description: "What photos show, by the network that was trained on images",
  params: photoParams,
  ...asTrained,
  /** The photos through `normalize` to the network, and a contact sheet of them. */
  build: (
    params: Param.Values<typeof classifierParams & typeof photoParams>,
    { model }: ReturnType<typeof classifier>
  ) => {
    const { images, photos } = photosOf(params)
    const pixels = normalize({ images }).normalized
    const { predictions } = predictNetwork({ pixels, photos, model })
    return { predictions, sheet: plotPredictions({ images, predictions }).sheet }
  }
}

/** One network that was trained on images as a model that takes their pixels. */
export const asWhole = {
  name: "whole",
  description: "The network with what is done to pixels before, from these to probabilities",
  params: {},
  /** The network that the run trained, behind what `normalize` does. */
  build: (_params: Param.Values<typeof classifierParams>, { model }: ReturnType<typeof classifier>) =>
    wholeNetwork({ model })
}

interface Named {
  readonly name: string
  readonly layers: Network.Network
}

/** Several networks: each trained and evaluated, all of them in one figure and one table. */
export const sideBySide = (networks: ReadonlyArray<Named>, params: Training) => {
  const { images, train, test, validation } = pixelsOf(params)
  const trained = networks.map(({ layers }) => {
    const { model, history } = trainNetwork({ pixels: train, validation }, { ...params, network: layers })
    return { history, metrics: evaluateNetwork({ model, pixels: test }).metrics }
  })
  const histories = trained.map(({ history }) => history)
  const metrics = trained.map(({ metrics }) => metrics)
  return plotSweep({ histories, metrics, images: images.test }, { networks })
}
