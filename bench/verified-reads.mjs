import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs"
import path from "node:path"
import { pathToFileURL } from "node:url"
import { cifar5k } from "./rig/datasets.mjs"
import { build, countsOf, inScratch, pipeline, place, root } from "./rig/product.mjs"
import { count, extent, machine, printTable, seconds, share, size, spread, write } from "./rig/report.mjs"

export const about = "what hashing at every read costs: a sweep that is all cached, an extraction of features"

const POINTS = 1000
const counter = path.join(root, "bench/programs/count-hashes.mjs")

/** The environment in which every process of a command counts what it hashes, and the sum of what they counted. */
const counting = (scratch, env) => {
  const folder = path.join(scratch, "hashes")
  const load = `${pathToFileURL(counter)}?${encodeURIComponent(folder)}`
  const begin = () => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
  }
  const sum = (kind) => {
    const all = readdirSync(folder).map((name) => JSON.parse(readFileSync(path.join(folder, name), "utf8"))[kind])
    const of = (field) => all.reduce((total, one) => total + one[field], 0)
    return { calls: of("calls"), bytes: of("bytes"), seconds: of("seconds") }
  }
  return { env: { ...env, NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --import=${load}`.trim() }, begin, sum }
}

/**
 * Seconds of a command as it is, and in turns with it what the same command hashes of what it reads, and for how long. That
 * time is taken off for the twin that would not hash: nothing in the product can be told to leave it out. Where several
 * processes hash at once it is an upper bound.
 */
const measure = async (scratch, args, env, samples, isWhatIsMeasured) => {
  const counted = counting(scratch, env)
  const commands = []
  const hashing = []
  let read
  let made
  for (let sample = 0; sample < samples; sample++) {
    for (const withCounts of [false, true]) {
      if (withCounts) counted.begin()
      const { document, seconds } = await pipeline(args, withCounts ? counted.env : env)
      if (!isWhatIsMeasured(document))
        throw new Error(`"${args.join(" ")}" did something else than it is measured for. Nothing was timed.`)
      if (!withCounts) {
        commands.push(seconds)
        continue
      }
      read = counted.sum("read")
      made = counted.sum("made")
      if (read.calls === 0) throw new Error("No read was counted; expected some. Does count-hashes still know them?")
      hashing.push(read.seconds)
    }
  }
  const [command, hashed] = [spread(commands), spread(hashing)]
  return {
    seconds: command,
    hashingSeconds: hashed,
    reads: read.calls,
    bytes: read.bytes,
    bytesPerSecond: read.bytes / read.seconds,
    /** Keys, seals of traces, what is written: hashed whether or not reads are. */
    otherHashing: made,
    share: hashed.median / command.median,
    secondsWithoutHashing: command.median - hashed.median
  }
}

const show = (title, measured) =>
  printTable(title, [
    ["the command", extent(measured.seconds)],
    ["hashing what it reads", extent(measured.hashingSeconds), share(measured.share)],
    ["the command without it", seconds(measured.secondsWithoutHashing)],
    ["read and hashed", `${count(measured.reads)} files, ${size(measured.bytes)}, ${size(measured.bytesPerSecond)}/s`],
    [
      "hashed besides",
      `${size(measured.otherHashing.bytes)} of keys, seals and what is written, ${seconds(measured.otherHashing.seconds)}`
    ]
  ])

/** Options: --images N takes the first N images and a fiftieth of the points; --samples N; --home DIR, that has them. */
export const run = ({ images, samples = 5, home, out }) =>
  inScratch(async (scratch) => {
    const env = place(scratch, home)
    const { dataset } = await cifar5k(scratch, images)
    const before = machine()
    await build()
    const points = images === undefined ? POINTS : POINTS / 50
    const heads = ["transfer", "--dataset", dataset, "--epochs", "1", "--batch-size", "512"]
    const over = ["--over", `units=int(1,${points / 5},${points / 5})`, "--over", "learning-rate=log(1e-4,1e-2,5)"]
    await pipeline(["sweep", ...heads, ...over], env)
    const cached = await measure(scratch, ["sweep", ...heads, ...over], env, samples, ({ nodes }) => nodes.ran === 0)
    show(`a sweep of ${count(points)} points, all cached`, cached)

    const node = "extract-features"
    const again = ["run", ...heads, "--units", "16", "--again", node]
    await pipeline(again, env)
    const ranAlone = (document) =>
      countsOf(document).nodesRan === 1 && document.nodes.some((each) => each.node === node && each.status === "ran")
    const extraction = await measure(scratch, again, env, samples, ranAlone)
    show("an extraction from stored images", extraction)

    return write(out, "verified-reads", {
      machine: before,
      command: `pipeline sweep transfer --over …; pipeline run transfer --again ${node}`,
      points,
      images: images ?? 5000,
      cached,
      extraction
    })
  })
