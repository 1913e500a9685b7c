import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, rmSync } from "node:fs"
import path from "node:path"
import { run as execute } from "./rig/process-tree.mjs"
import { build, inScratch, pipeline, place, root } from "./rig/product.mjs"
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
/** A head as the bench of sweeps has it, of a few seconds of one thread. */
const HEAD = ["--units", "128", "--epochs", "20", "--batch-size", "128", "--decay", "0", "--threads", "1"]

/** One sweep of heads by this machine alone and one by four workers on it, of which each has a thread, in turns. */
const sweeps = async (scratch, points, pairs) => {
  const shared = path.join(scratch, "shared")
  mkdirSync(shared)
  const envOf = (home, remote) => {
    mkdirSync(path.join(scratch, home), { recursive: true })
    return {
      ...place(path.join(scratch, home)),
      PIPELINE_THREADS: "1",
      PIPELINE_KEY_FILE: path.join(scratch, "key"),
      PIPELINE_REMOTE: remote
    }
  }
  const command = envOf("command", shared)
  const alone = envOf("alone", undefined)
  // whom this repository trusts while it is measured is the bench alone
  const keys = path.join(root, "headrace.keys.json")
  if (existsSync(keys)) throw new Error(`${keys} is there already; expected none. Move it away.`)
  const started = []
  try {
    await build()
    const { document } = await pipeline(["key", "new"], command)
    await pipeline(["key", "trust", "bench", document.key], command)
    const args = ["transfer", "--dataset", "cifar10-5k", ...HEAD]
    // the features are there for all, as they are after the first run of a day
    for (const env of [command, alone]) await pipeline(["run", ...args], env)
    const on = ["--on", ADDRESS, "--not-here"]
    for (let at = 0; at < WORKERS; at++) {
      const env = { ...process.env, ...envOf(`worker-${at}`, shared) }
      const worker = [LAUNCHER, "worker", "--on", ADDRESS, "--jobs", "1"]
      started.push(spawn(process.execPath, worker, { cwd: root, stdio: "ignore", env }))
    }
    const sweep = async (round, count, more, env) => {
      const over = ["--seed", String(round), "--over", `learning-rate=log(1e-4,1e-2,${count})`]
      const { seconds, document } = await pipeline(["sweep", ...args, ...over, ...more], env)
      // a head is trained and evaluated
      if (document.nodes.ran !== 2 * count) throw new Error(`${document.nodes.ran} nodes ran; expected ${2 * count}`)
      return seconds
    }
    // each worker has a process that computes, and the features
    await sweep(1000, 8 * WORKERS, on, command)
    const here = []
    const there = []
    for (let pair = 1; pair <= pairs; pair++) {
      here.push(await sweep(2 * pair, points, [], alone))
      there.push(await sweep(2 * pair + 1, points, on, command))
    }
    return { points, here: spread(here), there: spread(there), ratio: spread(there.map((one, at) => one / here[at])) }
  } finally {
    rmSync(keys, { force: true })
    for (const worker of started) worker.kill("SIGTERM")
    await Promise.all(started.map((worker) => once(worker, "exit")))
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
      printTable("heads on a Redis server", [
        [`${sweep.points} heads on this machine`, extent(sweep.here)],
        [`the same on ${WORKERS} workers of it`, extent(sweep.there)],
        ["how much longer", extent(sweep.ratio, (ratio) => share(ratio - 1))]
      ])
      return write(out, "cluster", {
        machine: before,
        command: `pipeline sweep transfer, and the same --on redis://… --not-here with ${WORKERS} workers of one job`,
        sleeping,
        growth,
        sweep
      })
    } finally {
      server.kill()
      await once(server, "exit")
    }
  })
