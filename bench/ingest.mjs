import { rmSync } from "node:fs"
import os from "node:os"
import path from "node:path"
import { folders, imageFolder } from "./rig/datasets.mjs"
import { peer, versionsOf } from "./rig/peers.mjs"
import { build, inScratch, inspect, linkChunks, pipeline, place } from "./rig/product.mjs"
import { count, extent, machine, printTable, spread, write } from "./rig/report.mjs"

export const about =
  "ingest of folders of 60,000 small images, JPEG and lossless WebP; Pillow in as many processes as cores"

const peerScript = "pillow-images.py"

/** The stage alone, by a run in a home of its own: the command also hashes the folder, and Pillow's script does not. */
const ingested = async (scratch, dataset) => {
  const home = path.join(scratch, "home")
  rmSync(home, { recursive: true, force: true })
  const env = place(scratch, home)
  const { document, seconds } = await pipeline(["run", "transfer", "--dataset", dataset, "--until", "ingest"], env)
  const node = document.nodes.find(({ stage, status }) => stage === "ingest" && status === "ran")
  return { env, stage: node.seconds, command: seconds }
}

/** Both in turns, so that a busy moment does not meet one of them alone, and at last what they made side by side. */
const measure = async (scratch, archive, { images, samples }) => {
  const dataset = path.join(scratch, archive.replace(".tar.gz", ""))
  const files = await imageFolder(dataset, images, archive)
  const processes = os.availableParallelism()
  const [stage, command, pillow] = [[], [], []]
  let env
  for (let sample = 0; sample < samples; sample++) {
    const ours = await ingested(scratch, dataset)
    env = ours.env
    stage.push(ours.stage)
    command.push(ours.command)
    pillow.push((await peer(peerScript, [path.join(dataset, "train"), processes])).seconds)
    pillow[sample] += (await peer(peerScript, [path.join(dataset, "test"), processes])).seconds
  }
  const table = await inspect("transfer/ingest.test", env)
  const chunks = linkChunks(table, env, path.join(scratch, "chunks"))
  const compared = await peer(peerScript, [path.join(dataset, "test"), processes, chunks])
  rmSync(chunks, { recursive: true })
  rmSync(dataset, { recursive: true })
  return { files, equalPixels: compared.equal, stage: spread(stage), command: spread(command), pillow: spread(pillow) }
}

/** Options: --samples N; --images N takes the first images of each class. */
export const run = ({ images, samples = 3, out }) =>
  inScratch(async (scratch) => {
    await build()
    const before = machine()
    const measured = {}
    for (const [kind, archive] of Object.entries(folders)) {
      const found = await measure(scratch, archive, { images, samples })
      measured[kind] = { ...found, pillowToStage: found.pillow.median / found.stage.median }
      printTable(`ingest of ${count(found.files)} images, ${kind}`, [
        ["the stage", extent(found.stage)],
        ["the whole command, which hashes the folder first", extent(found.command)],
        ["Pillow", extent(found.pillow)],
        ["Pillow takes", `${measured[kind].pillowToStage.toFixed(2)} times as long as the stage`],
        ["pixels that are Pillow's", found.equalPixels ? "all" : "not all"]
      ])
    }
    return write(out, "ingest", {
      machine: before,
      command: "pipeline run transfer --dataset FOLDER --until ingest",
      versions: versionsOf("pillow", "numpy"),
      processes: os.availableParallelism(),
      ...measured
    })
  })
