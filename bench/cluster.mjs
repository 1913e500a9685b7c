import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import path from "node:path"
import { run as execute } from "./rig/process-tree.mjs"
import { inScratch, root } from "./rig/product.mjs"
import { count, extent, machine, printTable, seconds, share, spread, write } from "./rig/report.mjs"
import { bundle } from "./rig/timed.mjs"

export const about = "tasks on a Redis server: 100 sleeping workers, growth to 10,000 tasks, a sweep on four workers"

const PORT = 6398
const ADDRESS = `redis://127.0.0.1:${PORT}`
const LAUNCHER = path.join(root, "bin/pipeline.mjs")

/** Starts a Redis server that keeps what it has on the disk, as one that many use does. */
const redis = async (folder) => {
  const own = ["--port", String(PORT), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes"]
  const server = spawn("redis-server", [...own, "--maxmemory-policy", "noeviction"], {
    stdio: ["ignore", "pipe", "ignore"]
  })
  let said = ""
  for await (const text of server.stdout.setEncoding("utf8")) {
    said += text
    if (said.includes("Ready to accept connections")) break
  }
  return server
}

/** So many tasks are handed out at a time by a sweep. */
const HANDED_OUT = 256
const SLEEPING = { workers: 100, tasks: 1000, millis: 5000 }
const GROWTH = [100, 1000, 10_000]

/** Workers of one process that do nothing but wait, beside the time that it takes if handing out took none. */
const simulate = async (program, asked) => {
  const given = JSON.stringify({ address: ADDRESS, atOnce: HANDED_OUT, ...asked })
  const { stdout } = await execute(process.execPath, [program, given])
  const measured = JSON.parse(stdout.trim().split("\n").at(-1))
  const ideal = (Math.ceil(asked.tasks / asked.workers) * asked.millis) / 1000
  return { ...asked, ...measured, ideal, idealToTaken: ideal / measured.seconds }
}

const POINTS = 200
const PAIRS = 3
const WORKERS = 4

const FILES = {
  "package.json": JSON.stringify({ name: "burning", version: "1.0.0", type: "module", private: true }),
  "headrace.config.ts": 'import { Project } from "headrace"\n\nexport default Project.plain()\n',
  "artifacts/Burnt.ts": `import { Schema } from "effect"
import { Document } from "headrace"

export const Burnt = Document.make("Burnt", 1, Schema.Struct({ sum: Schema.Number }))
`,
  // about a second of one core, as a small head takes
  "stages/burn.ts": `import { Effect, Schema } from "effect"
import { Param, Stage } from "headrace"
import { Burnt } from "../artifacts/Burnt.ts"

export const burn = Stage.make({
  name: "burn",
  inputs: {},
  params: {
    number: Param.make(Schema.Int, 0, "Tells one from another"),
    round: Param.make(Schema.Int, 0, "Tells one measurement from another")
  },
  outputs: { burnt: Burnt },
  run: (_, { number }) =>
    Effect.sync(() => {
      let sum = number
      for (let turn = 0; turn < 10_000_000; turn++) sum += Math.sin(turn)
      return { burnt: { sum } }
    })
})
`,
  "pipelines/burning.ts": `import { Pipeline } from "headrace"
import { burn } from "../stages/burn.ts"

export const burning = Pipeline.make({
  name: "burning",
  description: "Keeps a core busy",
  params: burn.params,
  build: (params) => ({ burnt: burn({}, params).burnt })
})
`
}

/** A project of one stage that does nothing but keep a core busy. */
const project = (scratch) => {
  const at = path.join(scratch, "project")
  for (const [file, text] of Object.entries(FILES)) {
    mkdirSync(path.dirname(path.join(at, file)), { recursive: true })
    writeFileSync(path.join(at, file), text)
  }
  mkdirSync(path.join(at, "node_modules"))
  symlinkSync(root, path.join(at, "node_modules/headrace"))
  symlinkSync(path.join(root, "node_modules/effect"), path.join(at, "node_modules/effect"))
  return at
}

/** One sweep by this machine alone and one by four workers on it, of which each has a thread, in turns. */
const sweeps = async (scratch, points, pairs) => {
  const cwd = project(scratch)
  const shared = path.join(scratch, "shared")
  mkdirSync(shared)
  const envOf = (home, remote) => ({
    PIPELINE_HOME: path.join(scratch, home),
    PIPELINE_RESULTS: path.join(scratch, `${home}-results`),
    PIPELINE_THREADS: "1",
    PIPELINE_KEY_FILE: path.join(scratch, "key"),
    PIPELINE_REMOTE: remote
  })
  const command = async (args, env) => {
    const ran = await execute(process.execPath, [LAUNCHER, ...args, "--json"], { cwd, env })
    return { seconds: ran.seconds, document: JSON.parse(ran.stdout) }
  }
  const { document } = await command(["key", "new"], envOf("command", shared))
  await command(["key", "trust", "bench", document.key], envOf("command", shared))
  const workers = Array.from({ length: WORKERS }, (_, at) =>
    spawn(process.execPath, [LAUNCHER, "worker", "--on", ADDRESS, "--jobs", "1"], {
      cwd,
      stdio: "ignore",
      env: { ...process.env, ...envOf(`worker-${at}`, shared) }
    })
  )
  const sweep = async (round, count, args, env) => {
    const over = ["--round", String(round), "--over", `number=int(1,${count},${count})`]
    const { seconds, document } = await command(["sweep", "burning", ...over, ...args], env)
    if (document.nodes.ran !== count) throw new Error(`${document.nodes.ran} nodes ran; expected ${count}`)
    return seconds
  }
  const elsewhere = ["--on", ADDRESS, "--not-here"]
  try {
    // each worker has a process that computes, and knows what is needed
    await sweep(0, 8 * WORKERS, elsewhere, envOf("command", shared))
    const here = []
    const there = []
    for (let pair = 1; pair <= pairs; pair++) {
      here.push(await sweep(2 * pair, points, [], envOf("alone", undefined)))
      there.push(await sweep(2 * pair + 1, points, elsewhere, envOf("command", shared)))
    }
    return { points, here: spread(here), there: spread(there), ratio: spread(there.map((one, at) => one / here[at])) }
  } finally {
    for (const worker of workers) worker.kill("SIGTERM")
    await Promise.all(workers.map((worker) => once(worker, "exit")))
  }
}

/** Options: --samples N pairs of sweeps; --images N, points of them, for trying it out. */
export const run = ({ samples = PAIRS, images = POINTS, out }) =>
  inScratch(async (scratch) => {
    const before = machine()
    const program = await bundle("simulated-cluster")
    const server = await redis(scratch)
    try {
      const growth = []
      for (const tasks of GROWTH) growth.push(await simulate(program, { workers: 10, tasks, millis: 0 }))
      const sleeping = await simulate(program, SLEEPING)
      printTable("tasks that wait, on a Redis server", [
        [
          `${count(sleeping.tasks)} tasks of ${sleeping.millis / 1000} s on ${sleeping.workers} workers`,
          `${seconds(sleeping.seconds)}, ${share(sleeping.idealToTaken)} of the ideal rate`
        ],
        ...growth.map(({ tasks, seconds: taken }) => [
          `${count(tasks)} empty tasks on 10 workers`,
          `${seconds(taken)}, ${seconds(taken / tasks)} a task`
        ])
      ])
      const sweep = await sweeps(scratch, images, samples)
      printTable("busy tasks on a Redis server", [
        [`${sweep.points} points on this machine`, extent(sweep.here)],
        [`the same on ${WORKERS} workers of it`, extent(sweep.there)],
        ["how much longer", extent(sweep.ratio, (ratio) => share(ratio - 1))]
      ])
      return write(out, "cluster", {
        machine: before,
        command: `pipeline sweep burning, and the same --on redis://… --not-here with ${WORKERS} workers of one job`,
        sleeping,
        growth,
        sweep
      })
    } finally {
      server.kill()
      await once(server, "exit")
    }
  })
