/**
 * How the size of an optimizer's steps changes in the course of a training.
 *
 * @module
 */
import { Schema } from "effect"

/**
 * Step by step as Keras' CosineDecay with a warm-up: from 0 straight up to the learning rate in so many epochs, from there along
 * half a cosine down to the share `end` of it in `epochs` more, and then as small as that for good.
 */
const Cosine = Schema.Struct({
  kind: Schema.Literal("cosine"),
  warmUpEpochs: Schema.Number,
  epochs: Schema.Number,
  end: Schema.Number
})
/** Every so many epochs times `factor`, as Keras' ExponentialDecay in a staircase. */
const Staircase = Schema.Struct({ kind: Schema.Literal("step"), epochs: Schema.Number, factor: Schema.Number })

/** How the learning rate changes. It has a horizon of its own, since no step may know how many epochs there will be. */
export const Schedule = Schema.Union(Cosine, Staircase)
export type Schedule = typeof Schedule.Type

/**
 * The size of steps. Without a schedule those of an epoch have the size learningRate / (1 + decay * (epoch - 1)), which without
 * a decay is the learning rate: Keras' InverseTimeDecay by whole epochs. A schedule takes the decay's place.
 */
export const LearningRate = {
  learningRate: Schema.Number,
  decay: Schema.optional(Schema.Number),
  schedule: Schema.optional(Schedule)
}
type LearningRate = Schema.Struct<typeof LearningRate>["Type"]

/** The size of a step by its epoch and number, both counted from 1 over a training of so many steps an epoch. */
export const at = (
  { learningRate, decay = 0, schedule }: LearningRate,
  stepsPerEpoch: number
): ((epoch: number, step: number) => number) => {
  if (schedule === undefined) return (epoch) => learningRate / (1 + decay * (epoch - 1))
  if (schedule.kind === "step")
    return (epoch) => learningRate * schedule.factor ** Math.floor((epoch - 1) / schedule.epochs)
  const warmUp = schedule.warmUpEpochs * stepsPerEpoch
  const falling = schedule.epochs * stepsPerEpoch
  return (_, step) => {
    if (step - 1 < warmUp) return (learningRate * (step - 1)) / warmUp
    const passed = Math.min(1, (step - 1 - warmUp) / falling)
    return learningRate * ((1 - schedule.end) * 0.5 * (1 + Math.cos(Math.PI * passed)) + schedule.end)
  }
}
