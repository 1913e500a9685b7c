import type { Network } from "./Network.ts"

/** Floats of one feature: what a frozen MobileNetV2 1.0 gives for an image. */
export const inputs = 1280

/** The trainable head over features, before the softmax: dense `units` relu, dropout. */
export const layers = (head: { readonly units: number; readonly dropout: number }): Network => [
  { kind: "dense", units: head.units, activation: "relu" },
  { kind: "dropout", rate: head.dropout }
]
