import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import sharp from "sharp"
import { extract } from "tar"
import { expect, it } from "vitest"
import * as Digest from "../../artifacts/Digest.ts"
import * as Catalogue from "../../images/services/Catalogue.ts"
import * as CifarArchive from "../../images/services/CifarArchive.ts"
import { documentOf, nodeOf, pipeline, rig } from "../rig/cli.ts"
import { dataFiles, dataFolder } from "../rig/data-files.ts"
import { folder } from "../rig/folder.ts"
import { describeWith } from "../rig/needs.ts"

const unpacked = async (file: string, kept: (entry: string) => boolean): Promise<string> => {
  const at = folder("headrace-cifar10")
  await extract({ file, cwd: at, filter: kept })
  return at
}
const digestOf = (pixels: Uint8Array) => createHash("sha256").update(pixels).digest("hex")

/** Pixels of a record, row by row, from its three planes. */
const interleaved = (planes: Uint8Array): Uint8Array =>
  Uint8Array.from({ length: 3072 }, (_, at) => planes[(at % 3) * 1024 + Math.floor(at / 3)] ?? 0)

describeWith(["cifar10-5k", "cifar10 lossless"], "the lossless images of CIFAR-10", () => {
  it("hold each of the official test records under its class, to the pixel", async () => {
    const official = await unpacked(dataFiles.cifar10Part, () => true)
    const batches = path.join(official, "cifar-10-batches-bin")
    const names = fs.readFileSync(path.join(batches, "batches.meta.txt"), "utf8").trim().split("\n")
    const records = fs.readFileSync(path.join(batches, "test_batch.bin"))
    expect([names.length, records.length]).toEqual([10, 1000 * 3073])
    const lossless = path.join(await unpacked(dataFiles.cifar10Lossless, (entry) => entry.startsWith("test/")), "test")
    const found = new Set<string>()
    for (const name of names) {
      for (const file of fs.readdirSync(path.join(lossless, name))) {
        found.add(
          `${name} ${digestOf(
            await sharp(path.join(lossless, name, file))
              .raw()
              .toBuffer()
          )}`
        )
      }
    }
    expect(found.size).toBe(10_000)
    const missing = Array.from({ length: 1000 }, (_, at) => records.subarray(at * 3073, (at + 1) * 3073)).filter(
      (record) => !found.has(`${names[record[0] ?? 0]} ${digestOf(interleaved(record.subarray(1)))}`)
    )
    expect(missing).toEqual([])
  })

  it("are the edition of cifar10 that a mirror gives before the lossy one, their digest as it is known", async () => {
    const at = rig({ mirror: dataFolder })
    // as if the last run had found the official archive out of reach
    fs.mkdirSync(path.join(at.home, "sources"), { recursive: true })
    const remembered = { cifar10: path.basename(dataFiles.cifar10Lossless) }
    fs.writeFileSync(path.join(at.home, "sources/editions.json"), JSON.stringify(remembered))
    const { stderr, stdout } = await pipeline(at, "plan", "explore", "--dataset", "cifar10")
    expect(stdout).toMatch(/^describe /m)
    // a plan says which edition it is; what to know of it is told where results are made
    expect(stderr).toContain("dataset: cifar10 (lossless image-folder edition)")
    expect(stderr).not.toContain("altered")
  })
})

describeWith(["cifar10-5k"], "the part of CIFAR-10 that a mirror has and the one that is cut", () => {
  it("have the same bytes: the names and the official records, first to last, under the digest that is pinned", async () => {
    const cuts = Catalogue.datasets.flatMap(({ name, editions }) =>
      name === "cifar10-5k" ? editions.flatMap((edition) => (edition._tag === "Cut" ? [edition] : [])) : []
    )
    expect(cuts).toHaveLength(1)
    const folder = path.join(await unpacked(dataFiles.cifar10Part, () => true), "cifar-10-batches-bin")
    const read = (name: string) => fs.readFileSync(path.join(folder, name))
    const [train, test] = [read("data_batch_1.bin"), read("test_batch.bin")]
    expect([train.length, test.length]).toEqual([4000 * 3073, 1000 * 3073])
    const classes = read("batches.meta.txt").toString().trim().split("\n")
    const packed = CifarArchive.pack({ classes, train, test })
    expect(Digest.ofBytes(packed)).toBe(cuts[0]?.sha256)
    // the official archive's batches go on after these records
    const longer = path.join(folder, "longer.tar")
    fs.writeFileSync(
      longer,
      CifarArchive.pack({ classes, train: Buffer.concat([train, test]), test: Buffer.concat([test, train]) })
    )
    for (const archive of [dataFiles.cifar10Part, longer]) {
      const cut = await Effect.runPromise(cuts[0]?.cut(archive) ?? Effect.dieMessage("no cut"))
      expect(Buffer.compare(cut, packed)).toBe(0)
    }
  })
})

describeWith(["cifar10-5k", "MobileNetV2 weights"], "transfer learning on a part of CIFAR-10", () => {
  it("tells three of four test images rightly, whose network never saw one of them", async () => {
    const at = rig({ mirror: dataFolder })
    // as if Keras' own file had been out of reach
    fs.mkdirSync(path.join(at.home, "sources"), { recursive: true })
    const remembered = { "mobilenet_v2_1.0_224_no_top": path.basename(dataFiles.weights) }
    fs.writeFileSync(path.join(at.home, "sources/editions.json"), JSON.stringify(remembered))
    const finished = await pipeline(at, "run", "transfer", "--dataset", "cifar10-5k", "--json")
    expect(finished.code, finished.stderr).toBe(0)
    const document = documentOf(finished)
    expect(nodeOf(document, "extract-features").rows).toBe(4000)
    // published features of this network give a linear head 81 %; chance gives 10 %
    expect(document.results.metrics.testAccuracy).toBeGreaterThan(0.74)
  })
})
