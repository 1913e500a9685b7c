import { spawn } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"

const read = (file) => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return "" // the process is gone
  }
}

const threadsOf = (pid) => {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

/** A process and its descendants, by pid: each thread knows the children that it started. */
const treeOf = (pid) => {
  const children = threadsOf(pid).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`)
      .split(" ")
      .filter((child) => child !== "")
  )
  return [pid, ...children.flatMap(treeOf)]
}

/** Proportional set size in bytes: a page that n processes share counts 1/n in each. */
const pssOf = (pid) => 1024 * Number(read(`/proc/${pid}/smaps_rollup`).match(/^Pss:\s+(\d+)/m)?.[1] ?? 0)

/**
 * Runs a command to its end, looking at all its processes every `every` ms (never: 0).
 * Gives the seconds it took, the most memory its processes had together at one look (bytes), how many processes were
 * seen, and its output. What lives shorter than the interval may go unseen.
 */
export const run = (command, args, { cwd, env = {}, every = 0, memory = false, quiet = true } = {}) =>
  new Promise((resolve, reject) => {
    const started = process.hrtime.bigint()
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] })
    const seen = new Set()
    let peakBytes = 0
    const look = () => {
      const tree = treeOf(child.pid)
      for (const pid of tree) seen.add(pid)
      if (memory)
        peakBytes = Math.max(
          peakBytes,
          tree.map(pssOf).reduce((sum, bytes) => sum + bytes, 0)
        )
    }
    const timer = every > 0 ? setInterval(look, every) : undefined
    const output = { stdout: "", stderr: "" }
    for (const stream of ["stdout", "stderr"]) {
      child[stream].setEncoding("utf8").on("data", (text) => {
        output[stream] += text
        if (!quiet && stream === "stderr") process.stderr.write(text)
      })
    }
    child.once("error", reject)
    let seconds = 0
    child.once("exit", () => {
      seconds = Number(process.hrtime.bigint() - started) / 1e9
      clearInterval(timer)
    })
    child.once("close", (code, signal) => {
      if (code === 0) return resolve({ seconds, peakBytes, processes: seen.size, ...output })
      const end = `${output.stdout}\n${output.stderr}`.trim().split("\n").slice(-12).join("\n")
      reject(
        new Error(
          `${command} ${args.join(" ")} ended with ${signal ?? `exit code ${code}`}; expected 0. Its last lines:\n${end}`
        )
      )
    })
  })
