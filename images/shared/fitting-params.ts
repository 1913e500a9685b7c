/**
 * The parameters that the stages share which train networks, and how a training is told of them.
 *
 * @module
 */
import { Schema } from "effect"
import { Param } from "headrace"
import { Measure } from "../models/Epoch.ts"
import type { Schedule } from "../models/LearningRate.ts"
import type { Optimizer } from "../models/Optimizer.ts"
import * as StepViews from "../models/StepViews.ts"
import type * as Training from "../models/Training.ts"

/** The schema of whole numbers from 1 to `most`. */
export const count = (most: number) =>
  Schema.Int.pipe(Schema.between(1, most)).annotations({ description: `a whole number from 1 to ${most}` })

/** A number from 0 to below 1. */
export const share = Schema.Number.pipe(Schema.greaterThanOrEqualTo(0), Schema.lessThan(1)).annotations({
  description: "a number from 0 to below 1"
})

const above0 = Schema.Positive.annotations({ description: "a number above 0" })
const from0 = Schema.NonNegative.annotations({ description: "a number from 0" })
const part = Schema.Number.pipe(Schema.between(0, 1)).annotations({ description: "a number from 0 to 1" })

/** How large the steps are, epoch by epoch. No step may know how many epochs there will be: every schedule has a horizon of its own. */
const stepSizeParams = {
  optimizer: Param.make(Schema.Literal("adam", "adamw", "sgd"), "adam", "How weights follow their gradients"),
  learningRate: Param.make(above0, 1e-3, "Step size"),
  schedule: Param.make(
    Schema.Literal("constant", "cosine", "step"),
    "constant",
    "How the step size changes: constant but for its decay; up in the warm-up and down along half a cosine; or down by a factor every few epochs"
  ),
  decay: Param.make(
    from0,
    0,
    "How steps shrink: those of an epoch are of learningRate / (1 + decay * epochs before); of schedule constant"
  ),
  warmUpEpochs: Param.make(
    Schema.Int.pipe(Schema.between(0, 100_000)).annotations({ description: "a whole number from 0 to 100000" }),
    0,
    "Epochs in which the steps of schedule cosine grow from 0 to learningRate"
  ),
  cosineEpochs: Param.make(
    count(100_000),
    10,
    "Epochs after the warm-up in which the steps of schedule cosine shrink; beyond them they stay as small, however many epochs there are"
  ),
  cosineEnd: Param.make(part, 0, "Share of learningRate at which the steps of schedule cosine end, and stay"),
  stepEpochs: Param.make(count(100_000), 10, "Epochs after each of which schedule step makes steps smaller"),
  stepFactor: Param.make(part, 0.1, "What schedule step multiplies the step size by"),
  momentum: Param.make(share, 0, "Momentum of sgd; adam and adamw have their own"),
  weightDecay: Param.make(
    from0,
    0.004,
    "Share of every weight, times the step size, that adamw takes from it in a step"
  )
}

/** What every stage that trains a network takes. */
export const fittingParams = {
  ...stepSizeParams,
  batchSize: Param.make(count(65_536), 64, "Rows in a training step"),
  epochs: Param.make(count(100_000), 10, "Passes over the training images; more go on from fewer"),
  patience: Param.make(
    Schema.NullOr(count(100_000)).annotations({
      description: "a whole number from 1 to 100000, or null for all epochs"
    }),
    null,
    "Epochs in a row that are no better than the best before, after which no more are computed"
  ),
  patienceOn: Param.make(
    Measure,
    "accuracy",
    "What patience looks at on the validation images, and the best epoch is chosen by; without patience it is the accuracy"
  ),
  l2: Param.make(from0, 0, "L2 penalty of the kernels"),
  labelSmoothing: Param.make(
    share,
    0,
    "Share of each label that is spread over all classes while training; the losses told are of the labels themselves"
  ),
  classWeights: Param.make(
    Schema.Literal("none", "balanced"),
    "none",
    "What images count while training: all the same, or those of a class the more the fewer there are; the losses told count all the same"
  ),
  validationSplit: Param.incomparable(
    Param.make(
      Schema.Number.pipe(Schema.between(0.001, 0.9)).annotations({ description: "a number from 0.001 to 0.9" }),
      0.1,
      "Share of the training images held out to choose the best epoch"
    ),
    "it says which images are held out"
  ),
  seed: Param.incomparable(
    Param.make(
      Schema.Int.annotations({ description: "a whole number" }),
      0,
      "Seed of weights, split, shuffling, dropout, flips and shifts"
    ),
    "it draws which images are held out, and the best of several seeds is the luckiest"
  ),
  threads: Param.make(
    Schema.NullOr(count(1024)).annotations({ description: "a whole number from 1 to 1024, or null for the machine's" }),
    null,
    "Native threads of a training; with 1 a sweep trains as many networks at once as there are cores"
  )
}

/** What a stage takes beside, whose rows are images. */
export const stepViewParams = {
  flip: Param.make(Schema.Boolean, false, "Whether every step mirrors every second of its images, left to right"),
  shift: Param.make(
    part,
    0,
    "Most of its height and width that every step moves an image by, either way; what comes in at an edge is mirrored at it"
  )
}

/** The values of the parameters, without how many epochs there are, which no step may know. */
export type Fitting = Omit<Param.Values<typeof fittingParams>, "epochs">

const scheduleOf = (params: Fitting): { readonly schedule?: Schedule } => {
  const { schedule, warmUpEpochs, cosineEpochs, cosineEnd, stepEpochs, stepFactor } = params
  switch (schedule) {
    case "constant":
      return {}
    case "cosine":
      return { schedule: { kind: schedule, warmUpEpochs, epochs: cosineEpochs, end: cosineEnd } }
    case "step":
      return { schedule: { kind: schedule, epochs: stepEpochs, factor: stepFactor } }
  }
}

const optimizerOf = (params: Fitting): Optimizer => {
  const { optimizer: kind, learningRate, decay, momentum, weightDecay } = params
  const size = { learningRate, decay, ...scheduleOf(params) }
  switch (kind) {
    case "adam":
      return { kind, ...size }
    case "adamw":
      return { kind, ...size, weightDecay }
    case "sgd":
      return { kind, ...size, momentum }
  }
}

/** What a training is told by the parameters, and by how each step sees its images. */
export const optionsOf = (params: Fitting, strengths: StepViews.Strengths): Training.Options => ({
  ...params,
  optimizer: optimizerOf(params),
  stepViews: StepViews.isNone(strengths) ? null : strengths,
  stopping: params.patience === null ? null : { patience: params.patience, on: params.patienceOn }
})
