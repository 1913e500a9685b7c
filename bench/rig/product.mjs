import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { run } from "./process-tree.mjs"

export const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))))
export const mirror = path.resolve(process.env.PIPELINE_MIRROR ?? path.join(root, "../shared/data"))
/** The mirror's copy of the weights, the same file for the product and for Keras. */
export const weights = path.join(mirror, "mobilenet_v2_1.0_224_no_top.dequantized.h5")
const launcher = path.join(root, "bin/pipeline.mjs")

/** A temporary folder that is gone when `use` is over. */
export const inScratch = async (use) => {
  const scratch = mkdtempSync(path.join(tmpdir(), "headrace-bench-"))
  try {
    return await use(scratch)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/**
 * The environment that gives the product a home; without one, that of `scratch`. Results always go to scratch. More
 * certificates than Node's own are read by every Node at its start (20 to 40 ms), whether it needs the network or not.
 */
export const place = (scratch, home) => ({
  NODE_EXTRA_CA_CERTS: undefined,
  PIPELINE_HOME: home === undefined ? path.join(scratch, "home") : path.resolve(home),
  PIPELINE_RESULTS: path.join(scratch, "results"),
  PIPELINE_MIRROR: mirror
})

/** A copy of one of the projects in bench/programs, where commands can be given in it. Gives its folder. */
export const projectIn = (scratch, name) => {
  const project = path.join(scratch, name)
  cpSync(path.join(root, "bench/programs", name), project, { recursive: true })
  symlinkSync(path.join(root, "node_modules"), path.join(project, "node_modules"))
  writeFileSync(path.join(project, "package.json"), JSON.stringify({ private: true, type: "module" }))
  return project
}

/** Bundles the product, and lets a command write V8's code cache, so that neither counts in what is measured. */
export const build = async () => {
  await run(process.execPath, [launcher, "--build"], { cwd: root })
  await run(process.execPath, [launcher, "--version"], { cwd: root })
}

/** Runs a command of the product, and reads its one JSON document. */
export const pipeline = async (args, env, measured = {}) => {
  const { stdout, ...rest } = await run(process.execPath, [launcher, ...args, "--json"], {
    cwd: root,
    env,
    ...measured
  })
  return { ...rest, document: JSON.parse(stdout) }
}

/** What ran and what was reused, by count. */
export const countsOf = ({ nodes }) => {
  const with_ = (status) => nodes.filter((node) => node.status === status)
  const chunks = with_("ran").reduce((sum, { chunks }) => sum + (chunks?.ran ?? 0), 0)
  return { nodesRan: with_("ran").length, nodesReused: with_("reused").length, chunksRan: chunks }
}

/** Rows, seconds and rows a second of the extraction, over all the nodes of it that ran; null if none did. */
export const extractionOf = ({ nodes }) => {
  const ran = nodes.filter(({ stage, status }) => stage === "extract-features" && status === "ran")
  if (ran.length === 0) return null
  // rows of reused chunks cost nothing: such a run says nothing about speed
  if (ran.some(({ chunks }) => (chunks?.reused ?? 0) > 0)) return null
  const rows = ran.reduce((sum, node) => sum + node.rows, 0)
  const seconds = ran.reduce((sum, node) => sum + node.seconds, 0)
  return { images: rows, seconds, imagesPerSecond: rows / seconds }
}

export const inspect = async (what, env) => (await pipeline(["inspect", what], env)).document

/** A folder with a table's chunk files in order, as the peers read them. Gives the folder. */
export const linkChunks = (table, env, folder) => {
  mkdirSync(folder, { recursive: true })
  for (const [index, { object }] of table.parts.entries()) {
    const name = `${String(index).padStart(5, "0")}.arrow`
    symlinkSync(path.join(env.PIPELINE_HOME, "objects", object.slice(0, 2), object), path.join(folder, name))
  }
  return folder
}
