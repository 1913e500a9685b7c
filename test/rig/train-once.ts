import { createHash } from "node:crypto"
import { Effect } from "effect"
import * as Random from "../../api/random.ts"
import * as HoldOut from "../../images/models/HoldOut.ts"
import type { Network } from "../../images/models/Network.ts"
import * as Training from "../../images/models/Training.ts"
import { Tensorflow } from "../../images/services/Tensorflow.ts"

const network: Network = [
  { kind: "conv2d", filters: 8, kernelSize: 3, padding: "same", activation: "relu" },
  { kind: "max-pool", size: 2 },
  { kind: "flatten" },
  { kind: "dropout", rate: 0.3 },
  { kind: "dense", units: 32, activation: "relu" },
  { kind: "dense", units: 4, activation: "softmax" }
]

/** A seeded training of two epochs on 250 images: the sha256 of its weights and history. */
export const trainOnce = Effect.gen(function* () {
  const rows = 250
  const inputs = Random.uniform({ seed: 5, purpose: "weights", epoch: 0, step: 0 }, rows * 10 * 10 * 3, 1)
  const labels = Int32Array.from({ length: rows }, (_, row) => row % 4)
  const { training, validation } = yield* HoldOut.draw(labels, ["a", "b", "c", "d"], 0.2, 1)
  const { weights, history } = yield* Training.fit(
    network,
    {
      inputs,
      shape: [10, 10, 3],
      labels,
      classes: 4,
      views: 1,
      training,
      validation: { inputs, labels, rows: validation }
    },
    { optimizer: { kind: "adam", learningRate: 1e-3 }, l2: 1e-4, batchSize: 32, epochs: 2, seed: 4 },
    () => Effect.void
  )
  const hash = createHash("sha256").update(JSON.stringify(history))
  for (const array of weights) hash.update(array)
  return hash.digest("hex")
}).pipe(Effect.provide(Tensorflow.live))
