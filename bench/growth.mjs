import { createHash } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import path from "node:path"
import { folders, imageFolder } from "./rig/datasets.mjs"
import { drawBy } from "./rig/figure.mjs"
import { build, inScratch, pipeline, place, projectIn } from "./rig/product.mjs"
import { count, machine, printTable, seconds, size, write } from "./rig/report.mjs"

export const about = "time and memory by images, nodes, points, and runs that are kept"

const IMAGES = [1000, 4000, 16_000, 60_000]
const NODES = [10, 100, 1000, 10_000]
const POINTS = [10, 100, 1000]
const RUNS = [10, 100, 1000, 10_000]

/** How often the memory of a command's processes is added up. */
const LOOKING_MILLIS = 100

/** A command, what it took, and the most memory that its processes had together; fails if it did something else than it is measured for. */
const measure = async (count, args, env, cwd, isWhatIsMeasured) => {
  const options = { every: LOOKING_MILLIS, memory: true, ...(cwd === undefined ? {} : { cwd }) }
  const { document, seconds: taken, peakBytes } = await pipeline(args, env, options)
  if (!isWhatIsMeasured(document))
    throw new Error(`"${args.join(" ")}" did something else than it is measured for. Nothing was timed.`)
  return { count, seconds: taken, megabytes: peakBytes / 1e6 }
}

const all =
  (status) =>
  ({ nodes }) =>
    nodes.every((node) => node.status === status)

const byImages = async (scratch, sizes) => {
  const measured = []
  for (const wanted of sizes) {
    const at = path.join(scratch, `images-${wanted}`)
    const files = await imageFolder(path.join(at, "images"), wanted === 60_000 ? undefined : wanted, folders.webp)
    const args = ["run", "explore", "--dataset", path.join(at, "images")]
    measured.push(await measure(files, args, place(at), undefined, ({ status }) => status === "done"))
    rmSync(at, { recursive: true })
  }
  return { of: "images", lines: [{ name: "explore, nothing cached", measured }] }
}

/** A command by each count, in a store of its own: what it takes to compute all, and then to find all of it. */
const computedThenFound = async (of, sizes, { argsOf, envOf, project, isDone }) => {
  const [ran, found] = [[], []]
  for (const count of sizes) {
    const [args, env] = [argsOf(count), envOf(count)]
    ran.push(await measure(count, args, env, project, isDone("ran", count)))
    found.push(await measure(count, args, env, project, isDone("reused", count)))
  }
  return {
    of,
    lines: [
      { name: "computed", measured: ran },
      { name: "all cached", measured: found }
    ]
  }
}

const byNodes = (scratch, sizes, project) =>
  computedThenFound("nodes of a run", sizes, {
    argsOf: (nodes) => ["run", "nodes", "--count", String(nodes)],
    envOf: (nodes) => place(path.join(scratch, `nodes-${nodes}`)),
    project,
    isDone: all
  })

const byPoints = (scratch, sizes, project) =>
  computedThenFound("points of a sweep", sizes, {
    argsOf: (points) => ["sweep", "points", "--over", `term=int(1,${points},${points})`],
    envOf: (points) => place(path.join(scratch, `points-${points}`)),
    project,
    isDone:
      (status, points) =>
      ({ nodes, points: told }) =>
        told.length === points && nodes[status] >= points && nodes.failed === 0
  })

/** Copies of a run's record under other names, of years ago, as many as there are to be: each is sealed as the product seals it. */
const keepRuns = (home, wanted) => {
  const folder = path.join(home, "runs")
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"))
  const record = JSON.parse(
    readFileSync(path.join(folder, names.at(-1)), "utf8")
      .split("\n")
      .slice(1)
      .join("\n")
  )
  for (let at = names.length; at < wanted; at++) {
    const run = `20200101-000000-${String(at).padStart(7, "0")}`
    const text = JSON.stringify({ ...record, run })
    const seal = createHash("sha256").update(text).digest("hex")
    writeFileSync(path.join(folder, `${run}.json`), `${seal}\n${text}`)
  }
}

const byRuns = async (scratch, sizes, project) => {
  const env = place(path.join(scratch, "runs"))
  mkdirSync(env.PIPELINE_HOME, { recursive: true })
  const args = ["run", "nodes"]
  await pipeline(args, env, { cwd: project })
  const [noOp, listed] = [[], []]
  for (const runs of sizes) {
    keepRuns(env.PIPELINE_HOME, runs)
    noOp.push(await measure(runs, args, env, project, all("reused")))
    listed.push(
      await measure(runs, ["list"], env, project, ({ runs: told }) => told.every(({ unreadable }) => !unreadable))
    )
  }
  return {
    of: "runs kept",
    lines: [
      { name: "a run with nothing to do", measured: noOp },
      { name: "list", measured: listed }
    ]
  }
}

/** By which power of the count time and memory grow over the last step: 1 is in proportion. Nothing where there is no step. */
const grows = (measured) => {
  const [before, last] = measured.slice(-2)
  if (last === undefined) return ""
  const power = (quantity) =>
    (Math.log(last[quantity] / before[quantity]) / Math.log(last.count / before.count)).toFixed(2)
  return `; at last time grows as its power ${power("seconds")}, memory as ${power("megabytes")}`
}

const tell = ({ of, lines }) => {
  for (const { name, measured } of lines)
    printTable(
      `${of}: ${name}${grows(measured)}`,
      measured.map((one) => [count(one.count), seconds(one.seconds), size(one.megabytes * 1e6)])
    )
}

/** Options: --images N leaves out all counts above N, for trying it out. */
export const run = ({ images = Number.POSITIVE_INFINITY, out }) =>
  inScratch(async (scratch) => {
    const before = machine()
    await build()
    const project = projectIn(scratch, "growing")
    const upTo = (sizes) => sizes.filter((one) => one <= images)
    // its first command builds it
    await pipeline(["plan", "nodes"], place(path.join(scratch, "first")), { cwd: project })
    const panels = []
    for (const [by, sizes] of [
      [byImages, IMAGES],
      [byNodes, NODES],
      [byPoints, POINTS],
      [byRuns, RUNS]
    ]) {
      const counts = upTo(sizes)
      if (counts.length === 0) continue
      const panel = await by(scratch, counts, project)
      tell(panel)
      panels.push(panel)
    }
    const file = write(out, "growth", { machine: before, panels })
    await drawBy("lines", file, {
      title: "How a command grows",
      subtitle: "each axis by powers of ten; dotted: in proportion to the count",
      panels
    })
    return file
  })
