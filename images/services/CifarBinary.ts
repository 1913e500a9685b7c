import { Effect, Option, Stream } from "effect"
import {
  again,
  type CifarError,
  CifarRefused,
  checkRecords,
  cifar10,
  cifar100,
  type Format,
  imageBytes,
  plane,
  side
} from "./CifarFormat.ts"
import * as CifarVersion from "./CifarVersion.ts"
import { type Entry, type FileTree, joined, type Piece } from "./FileTree.ts"
import type { Images } from "./Images.ts"
import type { ImageBatch } from "./LabelledImages.ts"
import * as PassedOver from "./PassedOver.ts"

const batchRows = 256

/** The names of CIFAR-100's other labels, which are not used. */
const coarseNames = "coarse_label_names.txt"

const partOf = (path: string, format: Format) =>
  path.match(
    format === cifar10 ? /^(?:(.*)\/)?(?:data_batch_(\d+)|(test_batch))\.bin$/ : /^(?:(.*)\/)?(?:(train)|(test))\.bin$/
  )

interface Parts {
  readonly train: ReadonlyArray<Entry>
  readonly test: ReadonlyArray<Entry>
  readonly names: Entry | undefined
}

/** Whether a tree holds CIFAR-10 or CIFAR-100, in whatever form. */
export const isCifar = (tree: FileTree): boolean => CifarVersion.of(tree.entries) !== null

/** How the files are laid out. Pickles are never opened: reading one runs what is in it. */
const formatOf = (source: string, tree: FileTree): Effect.Effect<Format, CifarRefused> => {
  const version = CifarVersion.of(tree.entries) ?? { dataset: "CIFAR-10", form: "binary" }
  if (version.form === "binary") return Effect.succeed(version.dataset === "CIFAR-10" ? cifar10 : cifar100)
  const archive = CifarVersion.archiveOf(version)
  return Effect.fail(
    new CifarRefused({
      file: source,
      what: `is ${version.dataset} in its ${version.form} version`,
      expected: "its binary version",
      fix: `Get ${archive} from https://www.cs.toronto.edu/~kriz/${archive} and give that, or a folder of it.`
    })
  )
}

const partsOf = (source: string, tree: FileTree, format: Format): Effect.Effect<Parts, CifarError> =>
  Effect.gen(function* () {
    const parts = tree.entries.flatMap((entry) => {
      const match = partOf(entry.path, format)
      return match === null
        ? []
        : [{ entry, folder: match[1] ?? "", number: Number(match[2] ?? 0) || 0, isTest: match[3] !== undefined }]
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
      const what = `has no ${test.length === 0 ? format.testFile : format.trainFile}`
      return yield* new CifarRefused({ file: source, what, expected: "batches to train and to test on", fix: again })
    }
    yield* checkRecords(
      source,
      tree,
      format,
      parts.map(({ entry }) => entry)
    )
    const prefix = folders[0] === "" ? "" : `${folders[0]}/`
    const names = tree.entries.find((entry) => entry.path === `${prefix}${format.namesFile}`)
    return { train: train.map(({ entry }) => entry), test: test.map(({ entry }) => entry), names }
  })

const namesOf = (
  source: string,
  tree: FileTree,
  format: Format,
  file: Entry | undefined
): Effect.Effect<ReadonlyArray<string>, CifarError> =>
  Effect.gen(function* () {
    if (file === undefined) {
      if (format.standardNames !== null) return format.standardNames
      const what = `has no ${format.namesFile}`
      return yield* new CifarRefused({ file: source, what, expected: "the names of its classes there", fix: again })
    }
    const read = yield* Stream.runHead(joined(tree.read([file])))
    const text = new TextDecoder().decode(Option.getOrUndefined(read)?.bytes)
    const names = text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== "")
    const twice = names.find((name, index) => names.indexOf(name) < index)
    if (names.length === format.classes && twice === undefined) return names
    return yield* new CifarRefused({
      file: tree.nameOf(file.path),
      what:
        twice === undefined
          ? `names ${names.length} ${names.length === 1 ? "class" : "classes"}`
          : `names ${JSON.stringify(twice)} twice`,
      expected: `${format.classes} names, one a line`,
      fix: again
    })
  })

/** Cuts the bytes of batches into runs of whole records, at most `batchRows` of one file at a time. */
const records = <E>(parts: Stream.Stream<Piece, E>, recordBytes: number) =>
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
const batchOf = (
  bytes: Uint8Array,
  { recordBytes, labels: layout, classes }: Format
): ImageBatch | { readonly row: number; readonly label: number } => {
  const rows = bytes.length / recordBytes
  const data = new Uint8Array(rows * 3 * plane)
  const labels = new Int32Array(rows)
  for (let row = 0; row < rows; row++) {
    const start = row * recordBytes
    const label = bytes[start + layout.length - 1] ?? 255
    if (label >= classes) return { row, label }
    labels[row] = label
    const to = row * 3 * plane
    for (let pixel = 0; pixel < plane; pixel++) {
      const from = start + recordBytes - imageBytes + pixel
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

/** CIFAR's binary version: training batches by their number, records in the order of the files. */
export const open = (
  source: string,
  tree: FileTree,
  images: Images["Type"],
  options: { readonly imageSize: number | null }
) =>
  Effect.gen(function* () {
    const format = yield* formatOf(source, tree)
    const { train, test, names } = yield* partsOf(source, tree, format)
    const classes = yield* namesOf(source, tree, format, names)
    const { imageSize } = options
    const rows = (wanted: ReadonlyArray<Entry>): Stream.Stream<ImageBatch, CifarError> =>
      records(tree.read(wanted), format.recordBytes).pipe(
        Stream.mapEffect(({ path, first, bytes }) =>
          Effect.gen(function* () {
            const batch = batchOf(bytes, format)
            if ("rows" in batch) {
              return imageSize === null || imageSize === side ? batch : yield* resized(batch, imageSize, images)
            }
            return yield* new CifarRefused({
              file: tree.nameOf(path),
              what: `has label ${batch.label} in record ${first + batch.row + 1}`,
              expected: `0 to ${format.classes - 1}`,
              fix: again
            })
          })
        )
      )
    const known = new Set([...train, ...test, ...(names === undefined ? [] : [names])])
    const others = tree.entries.filter((entry) => !known.has(entry) && !entry.path.endsWith(coarseNames))
    return { classes, train: rows(train), test: rows(test), notices: PassedOver.notices(others) }
  })
