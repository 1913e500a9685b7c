import path from "node:path"
import { cold } from "./rig/cold.mjs"
import { cifar5k } from "./rig/datasets.mjs"
import { writeHeldOut } from "./rig/held-out.mjs"
import { peer, versionsOf } from "./rig/peers.mjs"
import { build, inScratch, inspect, linkChunks, place } from "./rig/product.mjs"
import { count, printTable, seconds, share, write } from "./rig/report.mjs"

export const about =
  "transfer on all 60,000 images (6 minutes), then the same head trained with Keras on the same features"

/** The same head on the same features, with the same rows held out; initial weights and shuffling are Keras' own. */
const kerasHead = async (scratch, env, params) => {
  const train = await inspect("transfer/extract-features.features", env)
  const test = await inspect("transfer/extract-features[test].features", env)
  const held = await writeHeldOut(train.rows, params, path.join(scratch, "held-out.json"))
  const options = {
    train: linkChunks(train, env, path.join(scratch, "train")),
    test: linkChunks(test, env, path.join(scratch, "test")),
    "held-out": held,
    units: params.units,
    dropout: params.dropout,
    l2: params.l2,
    "learning-rate": params.learningRate,
    "batch-size": params.batchSize,
    epochs: params.epochs,
    seed: params.seed
  }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
  const { history: _, ...result } = await peer("keras-head.py", args)
  return { recorded: { rows: train.rows, seconds: train.from.seconds }, result }
}

/** Options: --home DIR works in a home that may hold results already; --images N takes the first N images of cifar10-5k. */
export const run = ({ home, images, out }) =>
  inScratch(async (scratch) => {
    const env = place(scratch, home)
    const dataset = images === undefined ? "cifar10" : (await cifar5k(scratch, images)).dataset
    await build()
    const { figures, document } = await cold("cold-60k", dataset, env)
    const { recorded, result } = await kerasHead(scratch, env, document.params)
    const points = (figures.testAccuracy - result.testAccuracy) * 100
    printTable("the same head, trained with Keras", [
      ["rows trained on, held out", `${count(result.rows.training)}, ${count(result.rows.validation)}`],
      ["test accuracy, ours", share(figures.testAccuracy)],
      ["test accuracy, Keras", share(result.testAccuracy)],
      ["ours minus Keras", `${points.toFixed(2)} points`],
      ["Keras' training", seconds(result.seconds)],
      ["extraction as its trace tells", `${count(recorded.rows)} images in ${seconds(recorded.seconds)}`]
    ])
    const keras = { versions: versionsOf("keras", "tensorflow-cpu"), ...result, oursMinusKerasPoints: points }
    return write(out, "cold-60k", { ...figures, params: document.params, recorded, keras })
  })
