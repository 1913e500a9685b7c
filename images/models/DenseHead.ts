import type { Network } from "./Network.ts"

/** The trainable head over features, before the softmax: dense `units` relu, dropout. */
export const layers = (head: { readonly units: number; readonly dropout: number }): Network => [
  { kind: "dense", units: head.units, activation: "relu" },
  { kind: "dropout", rate: head.dropout }
]
