import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs"
import path from "node:path"
import { cifar5k } from "./rig/datasets.mjs"
import { build, countsOf, inScratch, pipeline, place, root } from "./rig/product.mjs"
import { count, extent, machine, printTable, seconds, share, size, spread, write } from "./rig/report.mjs"
import { bundle, timed } from "./rig/timed.mjs"
import { weed } from "./rig/weed.mjs"

export const about = "a shared store on SeaweedFS: what a second machine's run takes, rates beside the server's own"

/** A chunk of features is of a thousand rows, five megabytes. */
const OBJECT_BYTES = 5 * 1024 * 1024
const OBJECTS = 24

const bytesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0)

/** Rates of pairs, one after the other, so that what else the machine does is in both. */
const rates = async (server, atOnce, samples) => {
  const program = await bundle("remote-rates")
  const { measure, close } = await timed(
    process.execPath,
    [program, OBJECTS, OBJECT_BYTES, atOnce].map(String),
    server.env
  )
  await measure() // the first pays for what is compiled and connected
  const turns = []
  for (let sample = 0; sample < samples; sample++) turns.push(await measure())
  close()
  const of = (through, alone) => ({
    bytesPerSecond: spread(turns.map((turn) => turn[through])),
    serverAlone: spread(turns.map((turn) => turn[alone])),
    share: spread(turns.map((turn) => turn[through] / turn[alone]))
  })
  return {
    atOnce,
    objects: OBJECTS,
    objectBytes: OBJECT_BYTES,
    read: of("read", "readAlone"),
    written: of("written", "writtenAlone")
  }
}

/** Options: --images N takes the first N images only; --samples N. */
export const run = ({ images, samples = 5, out }) =>
  inScratch(async (scratch) => {
    const before = machine()
    const at = (name) => {
      const folder = path.join(scratch, name)
      mkdirSync(folder)
      return folder
    }
    // whom this repository trusts while it is measured is the bench alone
    const keys = path.join(root, "headrace.keys.json")
    if (existsSync(keys)) throw new Error(`${keys} is there already; expected none. Move it away.`)
    await build()
    const server = await weed(at("weed"))
    try {
      const rated = []
      for (const atOnce of [1, 8]) rated.push(await rates(server, atOnce, samples))
      for (const { atOnce, read, written } of rated)
        printTable(`${OBJECTS} objects of ${size(OBJECT_BYTES)}, ${atOnce} at once`, [
          ["read on demand", extent(read.bytesPerSecond, (each) => `${size(each)}/s`)],
          ["the server alone", extent(read.serverAlone, (each) => `${size(each)}/s`)],
          ["share", extent(read.share, share)],
          ["pushed", extent(written.bytesPerSecond, (each) => `${size(each)}/s`)],
          ["the server alone", extent(written.serverAlone, (each) => `${size(each)}/s`)],
          ["share", extent(written.share, share)]
        ])

      const { dataset } = await cifar5k(scratch, images)
      const signing = { PIPELINE_KEY_FILE: path.join(scratch, "key") }
      const first = { ...place(at("first")), ...server.env, ...signing }
      const { document: made } = await pipeline(["key", "new"], first)
      await pipeline(["key", "trust", "bench", made.key], first)
      const args = ["run", "transfer", "--dataset", dataset, "--units", "16", "--epochs", "1"]
      const computed = await pipeline(args, first)

      const second = { ...place(at("second")), ...server.env, PIPELINE_KEY_FILE: path.join(scratch, "none") }
      const taken = await pipeline(args, second)
      if (countsOf(taken.document).nodesRan > 0)
        throw new Error("The second machine computed something. Nothing was timed.")
      const fetched = bytesIn(path.join(second.PIPELINE_HOME, "objects"))
      const results = bytesIn(second.PIPELINE_RESULTS)
      const other = await pipeline([...args, "--learning-rate", "0.01"], second)
      const onDemand = bytesIn(path.join(second.PIPELINE_HOME, "objects")) - fetched
      const figures = {
        machine: before,
        command: "pipeline run transfer, on a machine with an empty store",
        rates: rated,
        images: images ?? 5000,
        first: { seconds: computed.seconds, nodesRan: countsOf(computed.document).nodesRan },
        second: { seconds: taken.seconds, nodesRan: 0, bytesFetched: fetched, bytesOfResults: results },
        anotherHead: { seconds: other.seconds, nodesRan: countsOf(other.document).nodesRan, bytesFetched: onDemand }
      }
      printTable("the same run on a second machine", [
        ["the first computed it in", seconds(computed.seconds)],
        ["the second took it in", seconds(taken.seconds), `${size(fetched)} fetched, ${size(results)} of results`],
        [
          "and another head in",
          seconds(other.seconds),
          `${size(onDemand)} fetched, ${count(figures.anotherHead.nodesRan)} nodes ran`
        ]
      ])
      return write(out, "remote", figures)
    } finally {
      rmSync(keys, { force: true })
      await server.stop()
    }
  })
