import { Effect, Option, Schema, Stream } from "effect"
import { type Entry, type FileTree, joined, type Piece, TreeError } from "./FileTree.ts"
import type { Images } from "./Images.ts"
import type { ImageBatch } from "./LabelledImages.ts"

/** Files named like CIFAR-10's that are not what its format says. */
export class CifarRefused extends Schema.TaggedError<CifarRefused>()("CifarRefused", {
  file: Schema.String,
  what: Schema.String,
  expected: Schema.String,
  fix: Schema.String
}) {
  override get message() {
    return `${this.file} ${this.what}; expected ${this.expected}. ${this.fix}`
  }
}

export const CifarError = Schema.Union(TreeError, CifarRefused)
export type CifarError = typeof CifarError.Type

const side = 32
const plane = side * side
/** One byte of label, then the red, green and blue planes, row-major (https://www.cs.toronto.edu/~kriz/cifar.html). */
export const recordBytes = 1 + 3 * plane
const batchRows = 256

export const standardNames = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

const again = "Download or copy the archive again."
const partOf = (path: string) => path.match(/^(?:(.*)\/)?(?:data_batch_(\d+)|(test_batch))\.bin$/)

interface Parts {
  readonly train: ReadonlyArray<Entry>
  readonly test: ReadonlyArray<Entry>
  readonly names: Entry | undefined
}

/** Whether a tree holds CIFAR-10 in its binary version. */
export const isCifar = (tree: FileTree): boolean => tree.entries.some((entry) => partOf(entry.path) !== null)

const partsOf = (source: string, tree: FileTree): Effect.Effect<Parts, CifarRefused> =>
  Effect.gen(function* () {
    const parts = tree.entries.flatMap((entry) => {
      const match = partOf(entry.path)
      return match === null
        ? []
        : [{ entry, folder: match[1] ?? "", number: Number(match[2] ?? 0), isTest: match[3] !== undefined }]
    })
    const folders = [...new Set(parts.map((part) => part.folder))]
    if (folders.length > 1) {
      const what = `holds batches in two folders, ${folders
        .slice(0, 2)
        .map((folder) => JSON.stringify(folder))
        .join(" and ")}`
      return yield* new CifarRefused({ file: source, what, expected: "one dataset", fix: "Give one of the two alone." })
    }
    const train = parts.filter((part) => !part.isTest).sort((a, b) => a.number - b.number)
    const test = parts.filter((part) => part.isTest)
    if (train.length === 0 || test.length === 0) {
      const what = `has no ${test.length === 0 ? "test_batch.bin" : "data_batch_1.bin"}`
      return yield* new CifarRefused({ file: source, what, expected: "batches to train and to test on", fix: again })
    }
    for (const { entry } of parts) {
      if (entry.size > 0 && entry.size % recordBytes === 0) continue
      return yield* new CifarRefused({
        file: tree.nameOf(entry.path),
        what: `is a truncated or wrong-sized batch of ${entry.size} bytes`,
        expected: `a multiple of ${recordBytes}, and not zero`,
        fix: again
      })
    }
    const prefix = folders[0] === "" ? "" : `${folders[0]}/`
    const names = tree.entries.find((entry) => entry.path === `${prefix}batches.meta.txt`)
    return { train: train.map(({ entry }) => entry), test: test.map(({ entry }) => entry), names }
  })

const namesOf = (tree: FileTree, file: Entry | undefined): Effect.Effect<ReadonlyArray<string>, CifarError> =>
  Effect.gen(function* () {
    if (file === undefined) return standardNames
    const read = yield* Stream.runHead(joined(tree.read([file])))
    const text = new TextDecoder().decode(Option.getOrUndefined(read)?.bytes)
    const names = text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== "")
    const twice = names.find((name, index) => names.indexOf(name) < index)
    if (names.length === standardNames.length && twice === undefined) return names
    return yield* new CifarRefused({
      file: tree.nameOf(file.path),
      what: twice === undefined ? `names ${names.length} classes` : `names ${JSON.stringify(twice)} twice`,
      expected: `${standardNames.length} names, one a line`,
      fix: again
    })
  })

/** Cuts the bytes of batches into runs of whole records, at most `batchRows` of one file at a time. */
const records = <E>(parts: Stream.Stream<Piece, E>) =>
  Stream.suspend(() => {
    let rest = new Uint8Array()
    let file = ""
    let before = 0
    return parts.pipe(
      Stream.mapConcat(({ path, bytes }) => {
        if (path !== file) {
          file = path
          before = 0
        }
        const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
        const whole = all.length - (all.length % recordBytes)
        // a copy, since a view would keep the whole piece in memory
        rest = Uint8Array.from(all.subarray(whole))
        const runs: Array<{ readonly path: string; readonly first: number; readonly bytes: Uint8Array }> = []
        for (let start = 0; start < whole; start += batchRows * recordBytes) {
          const run = all.subarray(start, Math.min(whole, start + batchRows * recordBytes))
          runs.push({ path, first: before, bytes: run })
          before += run.length / recordBytes
        }
        return runs
      })
    )
  })

/** Planes to interleaved pixels. Null where a label names no class. */
const batchOf = (bytes: Uint8Array): ImageBatch | { readonly row: number; readonly label: number } => {
  const rows = bytes.length / recordBytes
  const data = new Uint8Array(rows * 3 * plane)
  const labels = new Int32Array(rows)
  for (let row = 0; row < rows; row++) {
    const start = row * recordBytes
    const label = bytes[start] ?? 255
    if (label >= standardNames.length) return { row, label }
    labels[row] = label
    const to = row * 3 * plane
    for (let pixel = 0; pixel < plane; pixel++) {
      const from = start + 1 + pixel
      data[to + 3 * pixel] = bytes[from] ?? 0
      data[to + 3 * pixel + 1] = bytes[from + plane] ?? 0
      data[to + 3 * pixel + 2] = bytes[from + 2 * plane] ?? 0
    }
  }
  return { rows, columns: { image: { shape: [side, side, 3], data }, label: labels } }
}

const resized = (batch: ImageBatch, size: number, images: Images["Type"]): Effect.Effect<ImageBatch> => {
  const { data } = batch.columns.image
  const cell = 3 * plane
  const pixels = Array.from({ length: batch.rows }, (_, row) => ({
    width: side,
    height: side,
    data: data.subarray(row * cell, (row + 1) * cell)
  }))
  return Effect.map(images.resize(pixels, size), (resizedImages) => {
    const into = Buffer.concat(resizedImages.map((image) => image.data))
    return { rows: batch.rows, columns: { image: { shape: [size, size, 3], data: into }, label: batch.columns.label } }
  })
}

/** CIFAR-10's binary version: training batches by their number, records in the order of the files. */
export const open = (
  source: string,
  tree: FileTree,
  images: Images["Type"],
  options: { readonly imageSize: number | null }
) =>
  Effect.gen(function* () {
    const { train, test, names } = yield* partsOf(source, tree)
    const classes = yield* namesOf(tree, names)
    const { imageSize } = options
    const rows = (wanted: ReadonlyArray<Entry>): Stream.Stream<ImageBatch, CifarError> =>
      records(tree.read(wanted)).pipe(
        Stream.mapEffect(({ path, first, bytes }) =>
          Effect.gen(function* () {
            const batch = batchOf(bytes)
            if ("rows" in batch) {
              return imageSize === null || imageSize === side ? batch : yield* resized(batch, imageSize, images)
            }
            return yield* new CifarRefused({
              file: tree.nameOf(path),
              what: `has label ${batch.label} in record ${first + batch.row + 1}`,
              expected: `0 to ${standardNames.length - 1}`,
              fix: again
            })
          })
        )
      )
    return { classes, train: rows(train), test: rows(test) }
  })
