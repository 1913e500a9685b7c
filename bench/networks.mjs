import path from "node:path"
import { chosenOf, withKept } from "./rig/chosen.mjs"
import { cifar10 } from "./rig/datasets.mjs"
import { peer, versionsOf } from "./rig/peers.mjs"
import { build, inScratch, inspect, linkChunks, pipeline, place } from "./rig/product.mjs"
import { machine, mean, printTable, seconds, share, write } from "./rig/report.mjs"

export const about =
  "the homework's networks on all of cifar10 (two hours): best validation accuracy and seconds an epoch, beside Keras"

const conv = (filters, padding) => ({ kind: "conv2d", filters, kernelSize: 3, padding, activation: "relu" })
const pool = { kind: "max-pool", size: 2 }
const dense = (units) => ({ kind: "dense", units, activation: "relu" })
const simple = (filters, units) => [conv(filters, "valid"), pool, { kind: "flatten" }, dense(units)]

/**
 * As many epochs as show where each ends; the sweeps' networks by their least, middle and greatest. Seeds are told apart by
 * up to 3 points by Keras itself where few units follow the convolution: there the mean of several is what is compared.
 */
const networks = [
  { name: "simple-cnn", pipeline: "simple-cnn", layers: simple(32, 128), epochs: 15, seeds: [0, 1, 2] },
  {
    name: "deep-cnn",
    pipeline: "deep-cnn",
    layers: [
      conv(32, "same"),
      pool,
      conv(64, "same"),
      pool,
      conv(128, "same"),
      { kind: "global-average-pooling" },
      dense(2048)
    ],
    epochs: 50,
    seeds: [0]
  },
  { name: "conv-sweep, 16 filters", pipeline: "simple-cnn", layers: simple(16, 128), epochs: 6, seeds: [0, 1] },
  { name: "conv-sweep, 128 filters", pipeline: "simple-cnn", layers: simple(128, 128), epochs: 3, seeds: [0] },
  { name: "dense-sweep, 64 units", pipeline: "simple-cnn", layers: simple(64, 64), epochs: 5, seeds: [0, 1, 2] },
  { name: "dense-sweep, 512 units", pipeline: "simple-cnn", layers: simple(64, 512), epochs: 3, seeds: [0, 1] }
]

const accuracy = ({ bestValidationAccuracy }) => bestValidationAccuracy

/** One network trained from one seed by both, on the same files. */
const besideKeras = async ({ pipeline: name, layers, epochs, seed, dataset, env, scratch }) => {
  const given = { dataset, epochs, seed, network: JSON.stringify(layers), validation: "test" }
  const options = Object.entries(given).flatMap(([option, value]) => [`--${option}`, String(value)])
  const { document } = await pipeline(["run", name, ...options], env)
  const node = document.nodes.find(({ stage }) => stage === "train-network")
  if (node.status !== "ran") throw new Error(`${name} was trained before: nothing was timed. Give another --home.`)
  const { validationAccuracy, ...fit } = document.results.fit
  const ours = { bestValidationAccuracy: validationAccuracy, ...fit, secondsPerEpoch: node.seconds / epochs }
  const folders = []
  for (const split of ["train", "test"]) {
    const folder = mkdtempSync(path.join(scratch, `${split}-`))
    folders.push(`--${split}`, linkChunks(await inspect(`${name}/ingest.${split}`, env), env, folder))
  }
  const trained = ["--layers", given.network, "--epochs", epochs, "--seed", seed]
  return { seed, ours, keras: await peer("keras-networks.py", [...folders, ...trained]) }
}

/** One network from each of its seeds by both, and what is to be said of it. */
const compared = async (network, { dataset, env, scratch }) => {
  const before = machine()
  const pairs = []
  for (const seed of network.seeds) pairs.push(await besideKeras({ ...network, seed, dataset, env, scratch }))
  const { name, layers, epochs } = network
  const points = 100 * mean(pairs.map(({ ours, keras }) => accuracy(ours) - accuracy(keras)))
  const secondsPerEpoch = mean(pairs.map(({ ours }) => ours.secondsPerEpoch))
  const kerasSecondsPerEpoch = mean(pairs.map(({ keras }) => keras.secondsPerEpoch))
  const each = (of) => pairs.map((pair) => share(accuracy(of(pair)))).join(", ")
  printTable(`${name}: ${epochs} epochs`, [
    ["seeds", network.seeds.join(", ")],
    ["best validation accuracy, ours", each(({ ours }) => ours)],
    ["best validation accuracy, Keras", each(({ keras }) => keras)],
    ["ours minus Keras, in the mean", `${points.toFixed(2)} points`],
    ["an epoch, ours", seconds(secondsPerEpoch)],
    ["an epoch, Keras", seconds(kerasSecondsPerEpoch)]
  ])
  return {
    name,
    layers,
    epochs,
    machine: before,
    oursMinusKerasPoints: points,
    secondsPerEpoch,
    kerasSecondsPerEpoch,
    seeds: pairs
  }
}

/**
 * Options: --home DIR; --only NAME runs one of the networks, and keeps what was written of the others; --images N takes the
 * first N images of cifar10-5k, for trying it out.
 */
export const run = ({ home, images, only, out }) =>
  inScratch(async (scratch) => {
    const chosen = chosenOf(networks, only)
    const env = place(scratch, home)
    const dataset = await cifar10(scratch, images)
    await build()
    const results = []
    for (const network of chosen) results.push(await compared(network, { dataset, env, scratch }))
    return write(out, "networks", {
      command: "pipeline run NAME --validation test, and keras.Model.fit on the same files",
      versions: versionsOf("keras", "tensorflow-cpu"),
      networks: withKept(networks, results, { file: path.join(out, "networks.json"), field: "networks" })
    })
  })
