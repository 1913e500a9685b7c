import path from "node:path"
import { cifar5k } from "./rig/datasets.mjs"
import { peer, versionsOf } from "./rig/peers.mjs"
import { build, inScratch, inspect, linkChunks, pipeline, place } from "./rig/product.mjs"
import { machine, printTable, seconds, share, write } from "./rig/report.mjs"

export const about =
  "the homework's networks on all of cifar10 (half an hour): best validation accuracy and seconds an epoch, beside Keras"

const conv = (filters, padding) => ({ kind: "conv2d", filters, kernelSize: 3, padding, activation: "relu" })
const pool = { kind: "max-pool", size: 2 }
const dense = (units) => ({ kind: "dense", units, activation: "relu" })
const simple = (filters, units) => [conv(filters, "valid"), pool, { kind: "flatten" }, dense(units)]

/** As many epochs as show where each ends; the sweeps' networks by their least, middle and greatest. */
const networks = [
  { name: "simple-cnn", pipeline: "simple-cnn", layers: simple(32, 128), epochs: 15 },
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
    epochs: 10
  },
  { name: "conv-sweep, 16 filters", pipeline: "simple-cnn", layers: simple(16, 128), epochs: 6 },
  { name: "conv-sweep, 128 filters", pipeline: "simple-cnn", layers: simple(128, 128), epochs: 3 },
  { name: "dense-sweep, 64 units", pipeline: "simple-cnn", layers: simple(64, 64), epochs: 5 },
  { name: "dense-sweep, 512 units", pipeline: "simple-cnn", layers: simple(64, 512), epochs: 3 }
]

/** Options: --home DIR; --images N takes the first N images of cifar10-5k, for trying it out. */
export const run = ({ home, images, out }) =>
  inScratch(async (scratch) => {
    const env = place(scratch, home)
    const dataset = images === undefined ? "cifar10" : (await cifar5k(scratch, images)).dataset
    const before = machine()
    await build()
    const results = []
    for (const { name, pipeline: pipelineName, layers, epochs } of networks) {
      const options = [
        "--dataset",
        dataset,
        "--epochs",
        epochs,
        "--network",
        JSON.stringify(layers),
        "--validation",
        "test"
      ]
      const { document } = await pipeline(["run", pipelineName, ...options.map(String)], env)
      const { fit } = document.results
      const node = document.nodes.find(({ stage }) => stage === "train-network")
      const folder = (split) => path.join(scratch, `${results.length}-${split}`)
      const [train, test] = await Promise.all(
        ["train", "test"].map((split) => inspect(`${pipelineName}/ingest.${split}`, env))
      )
      const keras = await peer("keras-networks.py", [
        "--train",
        linkChunks(train, env, folder("train")),
        "--test",
        linkChunks(test, env, folder("test")),
        "--layers",
        JSON.stringify(layers),
        "--epochs",
        epochs
      ])
      const points = (fit.validationAccuracy - keras.bestValidationAccuracy) * 100
      const perEpoch = node.status === "ran" ? node.seconds / epochs : null
      results.push({
        name,
        layers,
        epochs,
        ours: { ...fit, secondsPerEpoch: perEpoch },
        keras,
        oursMinusKerasPoints: points
      })
      printTable(name, [
        ["epochs", String(epochs)],
        ["best validation accuracy, ours", `${share(fit.validationAccuracy)} at epoch ${fit.bestEpoch}`],
        ["best validation accuracy, Keras", `${share(keras.bestValidationAccuracy)} at epoch ${keras.bestEpoch}`],
        ["ours minus Keras", `${points.toFixed(2)} points`],
        ["an epoch, ours", perEpoch === null ? null : seconds(perEpoch)],
        ["an epoch, Keras", seconds(keras.secondsPerEpoch)]
      ])
    }
    return write(out, "networks", {
      machine: before,
      command: "pipeline run NAME --validation test, and keras.Model.fit on the same files",
      versions: versionsOf("keras", "tensorflow-cpu"),
      networks: results
    })
  })
