import { cifar5k } from "./rig/datasets.mjs"
import { build, inScratch, pipeline, place } from "./rig/product.mjs"
import { count, machine, printTable, seconds, spread, write } from "./rig/report.mjs"

export const about = "a sweep of 1,000 points that is all cached (five minutes, most of them to have the points first)"

const POINTS = 1000
const SAMPLES = 7

/** Small heads on few features, one epoch each: what is timed is finding all of them. Option: --home DIR, that has them. */
export const run = ({ home, out }) =>
  inScratch(async (scratch) => {
    const env = place(scratch, home)
    const { dataset } = await cifar5k(scratch, 1000)
    const before = machine()
    await build()
    const of = ["sweep", "transfer", "--dataset", dataset, "--epochs", "1", "--batch-size", "512"]
    const args = [...of, "--over", "units=int(1,40,40)", "--over", `learning-rate=log(1e-4,1e-2,${POINTS / 40})`]
    await pipeline(args, env)
    const samples = []
    for (let sample = 0; sample < SAMPLES; sample++) {
      const { document, seconds } = await pipeline(args, env)
      if (document.nodes.ran > 0) throw new Error(`${document.nodes.ran} nodes ran; expected none. Nothing was timed.`)
      samples.push(seconds)
    }
    const found = spread(samples)
    printTable(`${count(POINTS)} points, all cached`, [
      ["seconds", `${seconds(found.median)} (${seconds(found.min)} to ${seconds(found.max)})`]
    ])
    return write(out, "sweep-cached", {
      machine: before,
      command: "pipeline sweep transfer --over units=… --over learning-rate=…",
      points: POINTS,
      seconds: found
    })
  })
