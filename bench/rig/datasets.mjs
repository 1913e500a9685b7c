import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"
import * as tar from "tar"
import { mirror } from "./product.mjs"

const recordBytes = 3073

export const archive = path.join(mirror, "cifar-10-binary-5k.tar.gz")

/** An archive of the first training records, and as it must have a test part, of one test record. */
export const cifarTraining = async (folder, images) => {
  const batches = path.join(folder, "cifar-10-batches-bin")
  mkdirSync(folder, { recursive: true })
  await tar.extract({ file: archive, cwd: folder })
  cut(path.join(batches, "data_batch_1.bin"), images)
  cut(path.join(batches, "test_batch.bin"), 1)
  return { file: await pack(folder, path.join(folder, "training.tar.gz")) }
}

/** The batches as an archive, the same bytes whenever it is made. Gives the file. */
const pack = async (folder, file) => {
  await tar.create({ file, cwd: folder, gzip: true, portable: true, noMtime: true }, ["cifar-10-batches-bin"])
  return file
}

const cut = (file, records) => writeFileSync(file, readFileSync(file).subarray(0, records * recordBytes))

/** cifar10-5k; with `images`, an archive of its first records only, four fifths of them to train on. */
export const cifar5k = async (scratch, images) => {
  if (images === undefined) return { dataset: "cifar10-5k", file: archive }
  const folder = path.join(scratch, "subset")
  const batches = path.join(folder, "cifar-10-batches-bin")
  mkdirSync(folder, { recursive: true })
  await tar.extract({ file: archive, cwd: folder })
  const test = Math.max(1, Math.round(images / 5))
  for (const [name, records] of [
    ["data_batch_1.bin", images - test],
    ["test_batch.bin", test]
  ]) {
    cut(path.join(batches, name), records)
  }
  const file = await pack(folder, path.join(scratch, "subset.tar.gz"))
  return { dataset: file, file }
}

/** What `--dataset` takes for all of cifar10; with `images`, for so many of the first of cifar10-5k, to try a bench out. */
export const cifar10 = async (scratch, images) =>
  images === undefined ? "cifar10" : (await cifar5k(scratch, images)).dataset

/** The mirror's image folders: JPEGs, and the same images as lossless WebPs. */
export const folders = { jpeg: "cifar10-images.tar.gz", webp: "cifar10-images-lossless.tar.gz" }

/** All the files of one of the mirror's image folders in `into`; with `images`, only the first ones of each class. Gives how many. */
export const imageFolder = async (into, images, archive = folders.jpeg) => {
  mkdirSync(into, { recursive: true })
  const file = path.join(mirror, archive)
  const byClass = new Map()
  await tar.list({
    file,
    onReadEntry: ({ path: name, type }) => {
      if (type !== "File" || !/^(\.\/)?(train|test)\//.test(name)) return
      const folder = path.posix.dirname(name)
      if (!byClass.has(folder)) byClass.set(folder, [])
      byClass.get(folder).push(name)
    }
  })
  const each = images === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.round(images / byClass.size))
  const wanted = new Set([...byClass.values()].flatMap((names) => names.sort().slice(0, each)))
  await tar.extract({ file, cwd: into, filter: (name) => wanted.has(name) })
  return wanted.size
}

export const copy = (from, to) => cpSync(from, to)
