import path from "node:path"
import { cold } from "./rig/cold.mjs"
import { cifar5k } from "./rig/datasets.mjs"
import { writeHeldOut } from "./rig/held-out.mjs"
import { peer, versionsOf } from "./rig/peers.mjs"
import { build, inScratch, inspect, linkChunks, pipeline, place } from "./rig/product.mjs"
import { count, mean, printTable, seconds, share, spread, write } from "./rig/report.mjs"

export const about =
  "transfer on all 60,000 images (6 minutes), then the same head trained with Keras on the same features, by seeds"

const SEEDS = [0, 1, 2]

const featuresOf = async (scratch, env) => {
  const train = await inspect("transfer/extract-features.features", env)
  const test = await inspect("transfer/extract-features[test].features", env)
  return {
    rows: train.rows,
    seconds: train.from.seconds,
    train: linkChunks(train, env, path.join(scratch, "train")),
    test: linkChunks(test, env, path.join(scratch, "test"))
  }
}

/** The same head on the same features, with the same rows held out; initial weights and shuffling are Keras' own. */
const kerasHead = async (scratch, features, params) => {
  const held = await writeHeldOut(features.rows, params, path.join(scratch, "held-out.json"))
  const options = {
    train: features.train,
    test: features.test,
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
  return result
}

/** Options: --home DIR works in a home that may hold results already; --images N takes the first N images of cifar10-5k. */
export const run = ({ home, images, out }) =>
  inScratch(async (scratch) => {
    const env = place(scratch, home)
    const dataset = images === undefined ? "cifar10" : (await cifar5k(scratch, images)).dataset
    await build()
    const { figures, document } = await cold("cold-60k", dataset, env)
    const features = await featuresOf(scratch, env)
    const [ours, keras] = [[], []]
    for (const seed of SEEDS) {
      const params = { ...document.params, seed }
      const run = ["run", "transfer", "--dataset", dataset, "--seed", String(seed)]
      ours.push((await pipeline(run, env)).document.results.metrics.testAccuracy)
      keras.push(await kerasHead(scratch, features, params))
    }
    const [first] = keras
    const accuracies = { ours: spread(ours), keras: spread(keras.map(({ testAccuracy }) => testAccuracy)) }
    const points = (mean(ours) - mean(accuracies.keras.samples)) * 100
    printTable("the same head, trained with Keras", [
      ["rows trained on, held out", `${count(first.rows.training)}, ${count(first.rows.validation)}`],
      ["test accuracy by seed, ours", ours.map(share).join(", ")],
      ["test accuracy by seed, Keras", accuracies.keras.samples.map(share).join(", ")],
      ["ours minus Keras, means", `${points.toFixed(2)} points`],
      ["Keras' training", seconds(first.seconds)],
      ["extraction as its trace tells", `${count(features.rows)} images in ${seconds(features.seconds)}`]
    ])
    return write(out, "cold-60k", {
      ...figures,
      params: document.params,
      recorded: { rows: features.rows, seconds: features.seconds },
      seeds: SEEDS,
      testAccuracies: accuracies,
      oursMinusKerasPoints: points,
      keras: { versions: versionsOf("keras", "tensorflow-cpu"), ...first }
    })
  })
