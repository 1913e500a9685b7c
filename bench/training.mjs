import path from "node:path"
import { environment } from "./rig/environment.mjs"
import { draw } from "./rig/figure.mjs"
import { program, versionsOf } from "./rig/peers.mjs"
import { run as execute } from "./rig/process-tree.mjs"
import { root } from "./rig/product.mjs"
import { extent, machine, printTable, spread, write } from "./rig/report.mjs"
import { bundle } from "./rig/timed.mjs"

export const about =
  "milliseconds of a training step: eager, compiled and by Keras, in turns, and how far losses differ"

/** Losses of the first steps that lie further apart than this are not of the same work. */
const mostDifference = 1e-3

const milliseconds = (value) => `${value.toFixed(1)} ms`

/** Options: --samples N (11 rounds). The losses of the three are compared before any time counts. */
export const run = async ({ samples = 11, out }) => {
  const before = machine()
  const request = JSON.stringify({
    python: await program("python"),
    script: path.join(root, "bench/peers/keras-training.py"),
    rounds: samples
  })
  const { stdout } = await execute(process.execPath, [await bundle("training-rounds"), request], { env: environment })
  const networks = JSON.parse(stdout.trim().split("\n").at(-1)).map(({ eager, compiled, keras, ...rest }) => {
    const worst = Math.max(...Object.values(rest.difference))
    if (!(worst <= mostDifference))
      throw new Error(
        `The losses of ${rest.name} differ by ${worst}; expected at most ${mostDifference}. No time counts.`
      )
    return {
      ...rest,
      milliseconds: { compiled: spread(compiled), eager: spread(eager), keras: spread(keras) },
      kerasToCompiled: spread(keras.map((time, round) => time / compiled[round]))
    }
  })
  printTable(
    "a training step, in turns",
    networks.map(({ name, milliseconds: { compiled, eager, keras }, kerasToCompiled }) => [
      name,
      `compiled ${extent(compiled, milliseconds)}`,
      `eager ${eager.median.toFixed(1)}`,
      `Keras ${keras.median.toFixed(1)}`,
      `Keras takes ${extent(kerasToCompiled, (ratio) => ratio.toFixed(2))} times as long`
    ])
  )
  const file = write(out, "training", {
    machine: before,
    command: "one training step of a batch: ours compiled, ours eager, keras.Model.fit",
    versions: versionsOf("keras", "tensorflow-cpu"),
    networks
  })
  await draw(file, {
    title: "A training step",
    subtitle: "Adam, float32; shorter is faster, the lines show all rounds",
    unit: "milliseconds",
    panels: networks.map(({ name, batchSize, milliseconds: { compiled, eager, keras } }) => ({
      title: name.includes("batch") ? name : `${name}, batch ${batchSize}`,
      bars: [
        { name: "compiled", ours: true, ...compiled },
        { name: "eager tfjs", ours: true, ...eager },
        { name: "Keras", ...keras }
      ]
    }))
  })
  return file
}
