import { spawnSync } from "node:child_process"
import path from "node:path"
import { program } from "./rig/peers.mjs"
import { root } from "./rig/product.mjs"

export const about =
  "milliseconds of a training step: eager, compiled and by Keras, in turns, and how far losses differ"

/** Options: --samples N (11 rounds). The losses of the three are compared before any time counts. */
export const run = async ({ samples = 11, out }) => {
  const file = path.join(out, "training.json")
  const env = { ...process.env, KERAS_PYTHON: await program("python"), TF_CPP_MIN_LOG_LEVEL: "3" }
  const args = [path.join(root, "bench/programs/training-rounds.mjs"), "--rounds", String(samples), "--out", file]
  const { status } = spawnSync(process.execPath, args, { env, stdio: "inherit" })
  if (status !== 0) throw new Error(`The training bench ended with ${status}; expected 0. See what it printed.`)
  return file
}
