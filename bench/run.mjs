// npm run bench            lists the benches
// npm run bench -- NAME…   runs some of them; all runs every one
import path from "node:path"
import { parseArgs } from "node:util"
import * as cluster from "./cluster.mjs"
import * as cold5k from "./cold-5k.mjs"
import * as cold60k from "./cold-60k.mjs"
import * as extraction from "./extraction.mjs"
import * as extractionRuntimes from "./extraction-runtimes.mjs"
import * as features from "./features.mjs"
import * as growth from "./growth.mjs"
import * as homework from "./homework.mjs"
import * as ingest from "./ingest.mjs"
import * as inspect from "./inspect.mjs"
import * as networks from "./networks.mjs"
import * as noOp from "./no-op.mjs"
import * as predict from "./predict.mjs"
import * as remote from "./remote.mjs"
import { root } from "./rig/product.mjs"
import * as sizeSweeps from "./size-sweeps.mjs"
import * as sweep from "./sweep.mjs"
import * as sweepCached from "./sweep-cached.mjs"
import * as training from "./training.mjs"
import * as tune from "./tune.mjs"
import * as verifiedReads from "./verified-reads.mjs"
import * as verify from "./verify.mjs"

/** In this order a home that is given empty is filled by the first, for the others to reuse. */
const benches = {
  "cold-60k": cold60k,
  inspect,
  ingest,
  features,
  "cold-5k": cold5k,
  extraction,
  "no-op": noOp,
  "extraction-runtimes": extractionRuntimes,
  training,
  homework,
  networks,
  "size-sweeps": sizeSweeps,
  remote,
  sweep,
  "sweep-cached": sweepCached,
  tune,
  predict,
  "verified-reads": verifiedReads,
  verify,
  cluster,
  growth
}

const usage = `npm run bench -- NAME… [options]     writes bench/results/NAME.json

${Object.entries(benches)
  .map(([name, { about }]) => `  ${name.padEnd(21)}${about}`)
  .join("\n")}
  ${"all".padEnd(21)}every one of them (over six hours)

  --home DIR      work in a home that holds results already: cold-60k, features, inspect, no-op, networks, size-sweeps,
                  sweep, sweep-cached, tune, verified-reads
  --skip-folder   leave the folder of 60,000 files out of no-op
  --only NAME     one part of networks or size-sweeps, by its name there; what was written of the others stays
  --samples N     measurements: cluster, extraction, ingest, inspect, no-op, verified-reads, verify; draws: tune
  --images N      the first N images only, for trying a bench out
  --out DIR       where the JSON goes`

const number = (name, value) => {
  if (value === undefined || /^[1-9]\d*$/.test(value)) return value === undefined ? undefined : Number(value)
  throw new Error(`--${name} is ${value}; expected a whole number above 0. Try --${name} 10.`)
}

const main = async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      home: { type: "string" },
      images: { type: "string" },
      only: { type: "string" },
      samples: { type: "string" },
      out: { type: "string" },
      "skip-folder": { type: "boolean", default: false }
    }
  })
  if (positionals.length === 0) return console.log(usage)
  const names = positionals.includes("all") ? Object.keys(benches) : positionals
  const unknown = names.find((name) => !Object.hasOwn(benches, name))
  if (unknown !== undefined) {
    throw new Error(
      `There is no bench "${unknown}"; expected ${Object.keys(benches).join(", ")} or all. See npm run bench.`
    )
  }
  const options = {
    home: values.home,
    images: number("images", values.images),
    samples: number("samples", values.samples),
    only: values.only,
    skipFolder: values["skip-folder"],
    out: path.resolve(values.out ?? path.join(root, "bench/results"))
  }
  for (const name of names) console.log(`\nwritten: ${path.relative(process.cwd(), await benches[name].run(options))}`)
}

try {
  await main()
} catch (error) {
  console.error(`error: ${error.message}`)
  process.exitCode = 1
}
