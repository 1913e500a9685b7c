import * as fs from "node:fs"
import * as path from "node:path"
import { gzipSync } from "node:zlib"
import { beforeAll, describe, expect, it } from "vitest"
import { tar } from "../rig/archives.ts"
import {
  addImages,
  documentOf,
  forgetOfficial,
  giveCifar10,
  imageFolder,
  nodeOf,
  outcomeOf,
  pipeline,
  type Rig,
  ran,
  ranChunks,
  rig,
  run,
  small,
  writeStored
} from "../rig/cli.ts"

describe("a folder of images", () => {
  const changed = "train/green/0100.png"
  const stamp = new Date("2024-05-06T07:08:09Z")
  let at: Rig
  let images: string
  let chunks: number

  beforeAll(async () => {
    images = await imageFolder({ train: 150 })
    await writeStored(path.join(images, changed), 100)
    fs.utimesSync(path.join(images, changed), stamp, stamp)
    at = rig()
    const { document } = await run(at, images)
    chunks = nodeOf(document, "extract-features").chunks?.ran ?? 0
    expect(chunks).toBeGreaterThanOrEqual(5)
  })

  it("one image changed in place, its size and time stamp kept, is noticed; only its chunk is extracted again", async () => {
    const file = path.join(images, changed)
    const { size, mtimeMs } = fs.statSync(file)
    await writeStored(file, 160)
    fs.utimesSync(file, stamp, stamp)
    const now = fs.statSync(file)
    expect([now.size, now.mtimeMs]).toEqual([size, mtimeMs])

    const { document } = await run(at, images)
    expect(nodeOf(document, "ingest")).toMatchObject({ status: "ran" })
    expect(nodeOf(document, "ingest").reason).toContain("input dataset was")
    expect(nodeOf(document, "extract-features").chunks).toEqual({ ran: 1, reused: chunks - 1 })
    expect(nodeOf(document, "extract-features[test]").status).toBe("reused")
    expect(ran((await run(at, images)).document)).toEqual([])
  })

  it("a hundred more images in one class: only the chunks that they fall into are extracted", async () => {
    await addImages(images, "green", 2000, 100)
    const { document } = await run(at, images)
    const extraction = nodeOf(document, "extract-features")
    expect(extraction.rows).toBe(550)
    // the cuts beyond the new rows are where they were: at most the chunk on either side of them changes
    expect(extraction.chunks?.ran).toBeGreaterThanOrEqual(1)
    expect(extraction.chunks?.reused).toBeGreaterThanOrEqual(chunks - 2)
    expect(nodeOf(document, "extract-features[test]").status).toBe("reused")
    expect(ranChunks(document)).toBe(extraction.chunks?.ran)
  })

  it("the same images elsewhere are the same dataset", async () => {
    const moved = path.join(path.dirname(images), "renamed")
    fs.renameSync(images, moved)
    expect(ran((await run(at, moved)).document)).toEqual([])
    fs.renameSync(moved, images)
  })
})

/** A few records in the official binary format: a label, then planes. */
const official = (): Buffer => {
  const batch = (count: number) =>
    Buffer.concat(
      Array.from({ length: count }, (_, index) =>
        Buffer.concat([Buffer.from([index % 10]), Buffer.alloc(3072, (index * 5) % 256)])
      )
    )
  return gzipSync(
    tar([
      { path: "cifar-10-batches-bin/data_batch_1.bin", bytes: batch(30) },
      { path: "cifar-10-batches-bin/test_batch.bin", bytes: batch(10) }
    ])
  )
}

describe("a mirror", () => {
  it("that gains the official archive: ingest reruns, and why says so", async () => {
    const at = rig()
    await giveCifar10(at)
    const first = await run(at, "cifar10")
    expect(first.stderr).toContain("image-folder edition")
    expect(nodeOf(first.document, "ingest").rows).toBe(33)
    const planned = await pipeline(at, "plan", "transfer", ...small, "--dataset", "cifar10", "--json")
    expect(nodeOf(documentOf(planned), "ingest").status).toBe("reuse")

    fs.writeFileSync(path.join(at.mirror, "cifar-10-binary.tar.gz"), official())
    const why = await pipeline(at, "why", "transfer", "ingest", "--dataset", "cifar10")
    expect(why.stdout).toMatch(/input dataset was cifar10 \(image-folder edition\).*, is cifar10 \(official/)
    const { document, stderr } = await run(at, "cifar10")
    expect(nodeOf(document, "ingest")).toMatchObject({ status: "ran", rows: 40 })
    expect(nodeOf(document, "ingest").reason).toMatch(/was cifar10 \(image-folder edition\).*, is cifar10 \(official/)
    expect(stderr).toContain("is not the file known as cifar10 (official binary archive)")

    // without it, the first edition is found again, and what it gave
    fs.rmSync(path.join(at.mirror, "cifar-10-binary.tar.gz"))
    forgetOfficial(at.home)
    const back = await run(at, "cifar10")
    expect(ran(back.document)).toEqual([])
    expect(outcomeOf(back.document)).toEqual(outcomeOf(first.document))
  })
})
