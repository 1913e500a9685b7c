import type { Network } from "./Network.ts"

/** Floats of one feature: what a frozen MobileNetV2 1.0 gives for an image. */
export const inputs = 1280

/** The trainable head over features: dense `units` relu, dropout, dense `classes` softmax. */
export const network = (head: {
  readonly units: number
  readonly dropout: number
  readonly classes: number
}): Network => [
  { kind: "dense", units: head.units, activation: "relu" },
  { kind: "dropout", rate: head.dropout },
  { kind: "dense", units: head.classes, activation: "softmax" }
]
