import { readdirSync, statSync } from "node:fs"
import { availableParallelism } from "node:os"
import path from "node:path"
import { run as runProcess } from "./rig/process-tree.mjs"
import { build, inScratch, pipeline, place, projectIn } from "./rig/product.mjs"
import { count, extent, machine, printTable, share, size, spread, write } from "./rig/report.mjs"

export const about = "verify of large objects, of small ones, of many tables, beside sha256sum over the same files"

/** What stores are filled with; `scale` makes them smaller, for trying the bench out. */
const stores = (scale) => [
  { name: "large objects", fill: ["run", "wide", "--rows", String(Math.ceil(8000 * scale))] },
  { name: "small objects", fill: ["run", "narrow", "--rows", String(Math.ceil(8e6 * scale))] },
  {
    name: "many tables",
    fill: ["sweep", "narrow", "--over", `rows=int(1000,2000,${Math.max(2, Math.ceil(1000 * scale))})`]
  }
]

/** The folders of what is verified. */
const VERIFIED = ["objects", "runs", "sweeps", "traces"]

const filesIn = (home) => {
  const files = readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => VERIFIED.includes(path.relative(home, file).split(path.sep)[0]))
  return { files: files.length, bytes: files.reduce((sum, file) => sum + statSync(file).size, 0) }
}

/** Hashes all files of a store in as many processes as there are cores. Gives the seconds. */
const sha256sum = async (home, files) => {
  const cores = availableParallelism()
  // some shares for each process, so that none waits long for the last
  const atOnce = Math.max(1, Math.ceil(files / (8 * cores)))
  const find = `find ${VERIFIED.join(" ")} -type f -print0 2> /dev/null`
  const { seconds } = await runProcess(
    "sh",
    ["-c", `${find} | xargs -0 -P ${cores} -n ${atOnce} sha256sum > /dev/null`],
    {
      cwd: home
    }
  )
  return seconds
}

/** Turns of both over one store, so that what else the machine does is in both; a first one has all files in memory. */
const measure = async ({ name, fill }, project, scratch, samples) => {
  const home = path.join(scratch, name)
  const env = place(scratch, home)
  await pipeline(fill, env, { cwd: project })
  const { files, bytes } = filesIn(home)
  const turns = []
  for (let turn = 0; turn <= samples; turn++) {
    const hashed = await sha256sum(home, files)
    const { seconds, document } = await pipeline(["verify"], env, { cwd: project })
    if (document.findings.length > 0) throw new Error(`The store of ${name} is damaged; expected it as it was written.`)
    if (turn > 0) turns.push({ verify: bytes / seconds, sha256sum: bytes / hashed, share: hashed / seconds })
  }
  const of = (field) => spread(turns.map((turn) => turn[field]))
  return { name, files, bytes, bytesPerSecond: of("verify"), sha256sum: of("sha256sum"), share: of("share") }
}

/** Options: --images N fills the stores as for N of 5,000, to try it out; --samples N. */
export const run = ({ images = 5000, samples = 5, out }) =>
  inScratch(async (scratch) => {
    const before = machine()
    const project = projectIn(scratch, "verified-store")
    await build()
    const measured = []
    for (const store of stores(images / 5000)) {
      const found = await measure(store, project, scratch, samples)
      measured.push(found)
      const rate = (each) => `${size(each)}/s`
      printTable(`${found.name}: ${count(found.files)} files, ${size(found.bytes)}`, [
        ["pipeline verify", extent(found.bytesPerSecond, rate)],
        [`sha256sum, ${availableParallelism()} at once`, extent(found.sha256sum, rate)],
        ["share", extent(found.share, share)]
      ])
    }
    return write(out, "verify", { machine: before, command: "pipeline verify", stores: measured })
  })
