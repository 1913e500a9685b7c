import path from "node:path"
import { chosenOf, withKept } from "./rig/chosen.mjs"
import { cifar10 } from "./rig/datasets.mjs"
import { build, inScratch, pipeline, place } from "./rig/product.mjs"
import { count, machine, printTable, seconds, share, write } from "./rig/report.mjs"

export const about =
  "conv-sweep and dense-sweep on all of cifar10, chosen on the test images as the homework has it (an hour): best accuracies"

/** `conv-sweep` is cut down to an hour: at its defaults its two widest networks alone take two. */
const sweeps = [
  { name: "conv-sweep", options: { filters: [16, 32, 64, 128, 256], epochs: 10 } },
  { name: "dense-sweep", options: { epochs: 10 } }
]

/**
 * Options: --home DIR; --only NAME runs one of the sweeps, and keeps what was written of the other; --images N takes the first
 * N images of cifar10-5k, for trying it out.
 */
export const run = ({ home, images, only, out }) =>
  inScratch(async (scratch) => {
    const env = place(scratch, home)
    const dataset = await cifar10(scratch, images)
    const before = machine()
    await build()
    const results = []
    for (const { name, options } of chosenOf(sweeps, only)) {
      const given = Object.entries(options).flatMap(([option, value]) => [`--${option}`, JSON.stringify(value)])
      const args = ["run", name, "--dataset", dataset, "--validation", "test", ...given]
      const { document, seconds: took } = await pipeline(args, env)
      const trained = document.nodes.filter(({ stage }) => stage === "train-network")
      // the two sweeps have a network in common, which the second finds trained
      const ran = trained.filter(({ status }) => status === "ran").length
      const { networks } = document.results.table
      results.push({ name, options, trained: ran, reused: trained.length - ran, seconds: took, networks })
      printTable(
        `${name}, ${count(ran)} trained in ${seconds(took)}: best accuracy, its epoch, training accuracy there`,
        networks.map((network) => [
          network.name,
          `${count(network.parameters)} parameters`,
          share(network.validationAccuracy),
          String(network.bestEpoch),
          share(network.trainingAccuracy)
        ])
      )
    }
    return write(out, "size-sweeps", {
      machine: before,
      command: "pipeline run NAME --validation test",
      sweeps: withKept(sweeps, results, { file: path.join(out, "size-sweeps.json"), field: "sweeps" })
    })
  })
