import { createHash } from "node:crypto"
import { Effect } from "effect"
import * as Random from "../../api/random.ts"
import { resizeBilinear } from "../../images/models/resize-bilinear.ts"
import { Tensorflow } from "../../images/services/Tensorflow.ts"

const pixels = Random.uniform({ seed: 1, purpose: "weights", epoch: 0, step: 0 }, 32 * 31 * 33 * 3, 1)
const digest = Effect.map(Tensorflow, ({ tf }) =>
  createHash("sha256")
    .update(resizeBilinear(tf, pixels, 32, [31, 33], 224))
    .update(resizeBilinear(tf, pixels, 32, [31, 33], 96))
    .digest("hex")
)
Effect.runPromise(Effect.provide(digest, Tensorflow.live)).then((text) => process.stdout.write(`digest ${text}\n`))
