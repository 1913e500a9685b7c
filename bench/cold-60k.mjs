import path from "node:path"
import { cold } from "./rig/cold.mjs"
import { cifar10 } from "./rig/datasets.mjs"
import { writeHeldOut } from "./rig/held-out.mjs"
import { peer, versionsOf } from "./rig/peers.mjs"
import { build, inScratch, inspect, linkChunks, pipeline, place } from "./rig/product.mjs"
import { count, mean, printTable, seconds, share, spread, write } from "./rig/report.mjs"

export const about =
  "transfer on all 60,000 images (7 minutes), then heads trained by us and with Keras on the same features, by seeds"

const SEEDS = [0, 1, 2]

/** The head of the defaults, and one that trains in fewer, larger steps. */
const HEADS = [
  { name: "defaults", options: {} },
  { name: "batch 512", options: { batchSize: 512, epochs: 20 } }
]

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
  const held = await writeHeldOut(features.train, params, path.join(scratch, "held-out.json"))
  const options = {
    train: features.train,
    test: features.test,
    "held-out": held,
    units: params.units,
    dropout: params.dropout,
    l2: params.l2,
    "learning-rate": params.learningRate,
    decay: params.decay,
    "batch-size": params.batchSize,
    epochs: params.epochs,
    seed: params.seed
  }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
  const { history: _, ...result } = await peer("keras-head.py", args)
  return result
}

const meanSeconds = (trainings) => {
  const timed = trainings.map((training) => training.seconds).filter((value) => value !== null)
  return timed.length === 0 ? "-" : seconds(mean(timed))
}

const optionsOf = (params) =>
  Object.entries(params).flatMap(([name, value]) => [
    `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    String(value)
  ])

/** One head from each seed by both, on the same features. */
const heads = async ({ name, options }, { dataset, env, scratch, features, defaults }) => {
  const [ours, keras] = [[], []]
  for (const seed of SEEDS) {
    const run = ["run", "transfer", "--dataset", dataset, ...optionsOf({ ...options, seed })]
    const { results, nodes } = (await pipeline(run, env)).document
    const node = nodes.find(({ stage }) => stage === "train")
    // what is reused took its time before
    const trained = node.status === "ran" ? node.seconds : null
    ours.push({ testAccuracy: results.metrics.testAccuracy, seconds: trained })
    keras.push(await kerasHead(scratch, features, { ...defaults, ...options, seed }))
  }
  const accuracies = (of) => spread(of.map(({ testAccuracy }) => testAccuracy))
  const testAccuracies = { ours: accuracies(ours), keras: accuracies(keras) }
  const points = (mean(testAccuracies.ours.samples) - mean(testAccuracies.keras.samples)) * 100
  const [first] = keras
  printTable(`the head ${name}, beside Keras`, [
    ["rows trained on, held out", `${count(first.rows.training)}, ${count(first.rows.validation)}`],
    ["test accuracy by seed, ours", testAccuracies.ours.samples.map(share).join(", ")],
    ["… in the mean", share(mean(testAccuracies.ours.samples))],
    ["test accuracy by seed, Keras", testAccuracies.keras.samples.map(share).join(", ")],
    ["ours minus Keras, means", `${points.toFixed(2)} points`],
    ["training, ours and Keras", [ours, keras].map(meanSeconds).join(", ")]
  ])
  return { name, options, testAccuracies, oursMinusKerasPoints: points, ours, keras }
}

/** Options: --home DIR works in a home that may hold results already; --images N takes the first N images of cifar10-5k. */
export const run = ({ home, images, out }) =>
  inScratch(async (scratch) => {
    const env = place(scratch, home)
    const dataset = await cifar10(scratch, images)
    await build()
    const { figures, document } = await cold("cold-60k", dataset, env)
    const features = await featuresOf(scratch, env)
    const trained = []
    for (const head of HEADS) {
      trained.push(await heads(head, { dataset, env, scratch, features, defaults: document.params }))
    }
    return write(out, "cold-60k", {
      ...figures,
      params: document.params,
      recorded: { rows: features.rows, seconds: features.seconds },
      seeds: SEEDS,
      versions: versionsOf("keras", "tensorflow-cpu"),
      heads: trained
    })
  })
