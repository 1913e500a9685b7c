#!/usr/bin/env node
// Milliseconds of a training step: eager, compiled and by Keras, taking turns; medians over the rounds.
//
//     KERAS_PYTHON=venv/bin/python node bench/programs/training-rounds.mjs [--rounds 11] [--only simple] [--out bench/results/training.json]
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { parseArgs } from "node:util"
import { build } from "esbuild"

const bench = dirname(dirname(fileURLToPath(import.meta.url)))
const threads = String(cpus().length)
/** As the worker has it: they are read before main, so that the bench starts itself again with them. */
const environment = {
  MALLOC_MMAP_THRESHOLD_: "4294967296",
  MALLOC_TRIM_THRESHOLD_: "17179869184",
  TF_NUM_INTRAOP_THREADS: threads,
  TF_NUM_INTEROP_THREADS: "1"
}
if (process.env.MALLOC_MMAP_THRESHOLD_ !== environment.MALLOC_MMAP_THRESHOLD_) {
  const env = { ...process.env, ...environment }
  const { status } = spawnSync(process.execPath, process.argv.slice(1), { env, stdio: "inherit" })
  process.exit(status ?? 1)
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "11" },
    only: { type: "string", default: "" },
    out: { type: "string", default: join(bench, "results", "training.json") }
  }
})

const median = (times) => times.toSorted((a, b) => a - b)[times.length >> 1]
const spread = (times) =>
  `${median(times).toFixed(1)} (${Math.min(...times).toFixed(1)}-${Math.max(...times).toFixed(1)})`

const home = join(dirname(bench), ".pipeline")
mkdirSync(home, { recursive: true })
const folder = mkdtempSync(join(home, "bench-"))
try {
  const outfile = join(folder, "training.mjs")
  const entryPoints = [join(bench, "programs", "training-rounds.ts")]
  await build({ entryPoints, outfile, bundle: true, platform: "node", format: "esm", packages: "external" })
  const { run } = await import(pathToFileURL(outfile).href)
  console.log(
    "a step in ms, median (least-most) | eager | compiled | Keras | Keras / compiled, by round | losses differ by"
  )
  const results = await run({
    python: process.env.KERAS_PYTHON ?? "python3",
    script: join(bench, "peers", "keras-training.py"),
    rounds: Number(values.rounds),
    only: values.only,
    tell: ({ name, eager, compiled, keras, difference }) => {
      const ratio = median(keras.map((time, round) => time / compiled[round])).toFixed(2)
      const off = `${difference.eager.toExponential(0)} (eager), ${difference.keras.toExponential(0)} (Keras)`
      console.log(`${name} | ${spread(eager)} | ${spread(compiled)} | ${spread(keras)} | ${ratio} | ${off}`)
    }
  })
  mkdirSync(dirname(values.out), { recursive: true })
  writeFileSync(
    values.out,
    `${JSON.stringify({ cores: cpus().length, rounds: Number(values.rounds), results }, null, 2)}\n`
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}
