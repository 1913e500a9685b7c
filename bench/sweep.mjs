import path from "node:path"
import { cifar10 } from "./rig/datasets.mjs"
import { environment } from "./rig/environment.mjs"
import { writeHeldOut } from "./rig/held-out.mjs"
import { peer, versionsOf } from "./rig/peers.mjs"
import { run as execute } from "./rig/process-tree.mjs"
import { build, inScratch, inspect, linkChunks, pipeline, place } from "./rig/product.mjs"
import { count, machine, printTable, seconds, share, spread, write } from "./rig/report.mjs"
import { bundle } from "./rig/timed.mjs"

export const about =
  "sweeps of heads on the features of all training images, beside Keras and the machine's matrix products"

const BATCH = 512
const DROPOUT = 0.5
/** The wide head is cut down: its rate is what is measured. */
const sweeps = [
  { units: 128, points: 20, epochs: 20 },
  { units: 2048, points: 3, epochs: 4 }
]

const matmulRates = async () => {
  const { stdout } = await execute(process.execPath, [await bundle("matmul-rate")], { env: environment })
  const rates = JSON.parse(stdout.trim().split("\n").at(-1))
  return Object.fromEntries(Object.entries(rates).map(([shape, samples]) => [shape, spread(samples)]))
}

/** Multiplications and additions of the matrix products of a step: forward, and the gradients of both kernels. */
const flops = (units, rows) => 2 * rows * (2 * 1280 * units + 3 * units * 10)

const sweepHeads = async ({ units, points, epochs }, dataset, env, features) => {
  const rates = `log(1e-4,1e-2,${points})`
  const options = [
    "--dataset",
    dataset,
    "--units",
    units,
    "--epochs",
    epochs,
    "--batch-size",
    BATCH,
    "--dropout",
    DROPOUT,
    "--decay",
    0
  ]
  const args = ["sweep", "transfer", ...options.map(String), "--over", `learning-rate=${rates}`]
  const { document, seconds: ours } = await pipeline(args, env)
  if (document.nodes.ran !== 2 * points)
    throw new Error(
      `${document.nodes.ran} nodes ran; expected ${2 * points}, a home without this sweep. Give another --home.`
    )
  const learningRates = document.points.map(({ params }) => params.learningRate)
  const keras = await peer("keras-sweep.py", [
    "--train",
    features.folder,
    "--held-out",
    features.heldOut,
    "--units",
    units,
    "--rates",
    learningRates.join(","),
    "--epochs",
    epochs,
    "--batch-size",
    BATCH,
    "--dropout",
    DROPOUT
  ])
  const training = features.rows - features.held
  const gigaflops = (flops(units, training) * epochs * points) / (ours * 1e9)
  const best = Math.max(...document.points.map(({ metrics }) => metrics.validationAccuracy))
  printTable(`dense ${units}: ${points} points x ${epochs} epochs at batch ${BATCH} on ${count(training)} features`, [
    ["ours, the whole command", seconds(ours)],
    ["Keras, without its start and reading", seconds(keras.seconds)],
    ["matrix products, over the whole command", `${gigaflops.toFixed(0)} GFLOP/s`],
    [
      "best validation accuracy, ours and Keras",
      `${share(best)}, ${share(Math.max(...keras.bestValidationAccuracies))}`
    ]
  ])
  return { units, points, epochs, seconds: ours, gigaflops, best, keras, kerasToOurs: keras.seconds / ours }
}

/** Options: --home DIR works in a home that may hold the features already; --images N for trying it out. */
export const run = ({ home, images, out }) =>
  inScratch(async (scratch) => {
    const env = place(scratch, home)
    const dataset = await cifar10(scratch, images)
    const before = machine()
    await build()
    const { document } = await pipeline(["run", "transfer", "--dataset", dataset, "--epochs", "1"], env)
    const train = await inspect("transfer/extract-features.features", env)
    const folder = linkChunks(train, env, path.join(scratch, "train"))
    const features = {
      rows: train.rows,
      held: Math.round(train.rows * document.params.validationSplit),
      folder,
      heldOut: await writeHeldOut(folder, document.params, path.join(scratch, "held-out.json"))
    }
    const rates = await matmulRates()
    const heads = []
    for (const sweep of sweeps) heads.push(await sweepHeads(sweep, dataset, env, features))
    const wide = heads.at(-1)
    printTable("matrix products", [
      ["TensorFlow, 2048 x 2048 x 2048", `${rates.square.median.toFixed(0)} GFLOP/s`],
      ["TensorFlow, 512 x 1280 x 2048", `${rates.head.median.toFixed(0)} GFLOP/s`],
      [
        `dense ${wide.units}, over the whole sweep`,
        `${((100 * wide.gigaflops) / rates.square.median).toFixed(0)} % of the first`
      ]
    ])
    return write(out, "sweep", {
      machine: before,
      command: "pipeline sweep transfer --over learning-rate=…, and keras.Model.fit in a loop on the same features",
      versions: versionsOf("keras", "tensorflow-cpu"),
      matmulGigaflops: rates,
      heads
    })
  })
