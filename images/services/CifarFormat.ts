import { Effect, Schema, Stream } from "effect"
import { Explained, Text } from "headrace"
import { type Entry, type FileTree, TreeError } from "./FileTree.ts"

/** Files named like CIFAR's that are not what its format says, or are in a form that is not read. */
export class CifarRefused extends Explained.TaggedError<CifarRefused>()(
  "CifarRefused",
  {
    file: Schema.String,
    ...Explained.fields
  },
  ({ file, what, expected, fix }) => ({ what: Text.text`${file} ${what}`, expected, fix })
) {}

export const CifarError = Schema.Union(TreeError, CifarRefused)
export type CifarError = typeof CifarError.Type

export const side = 32
export const plane = side * side
/** The red, green and blue planes, row-major (https://www.cs.toronto.edu/~kriz/cifar.html). */
export const imageBytes = 3 * plane

/** How one of the two datasets is laid out; a record is its labels, one byte each, and an image. */
export interface Format {
  readonly dataset: "CIFAR-10" | "CIFAR-100"
  readonly recordBytes: number
  /** How many values each label of a record can have; the last one is the class. */
  readonly labels: readonly [number, ...ReadonlyArray<number>]
  readonly classes: number
  readonly trainFile: string
  readonly testFile: string
  readonly namesFile: string
  /** The names where that file is missing; null where there is none to train without. */
  readonly standardNames: ReadonlyArray<string> | null
}

export const standardNames = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

export const cifar10: Format = {
  dataset: "CIFAR-10",
  recordBytes: 1 + imageBytes,
  labels: [10],
  classes: 10,
  trainFile: "data_batch_1.bin",
  testFile: "test_batch.bin",
  namesFile: "batches.meta.txt",
  standardNames
}

/** Its labels are a coarse and a fine one. */
export const cifar100: Format = {
  dataset: "CIFAR-100",
  recordBytes: 2 + imageBytes,
  labels: [20, 100],
  classes: 100,
  trainFile: "train.bin",
  testFile: "test.bin",
  namesFile: "fine_label_names.txt",
  standardNames: null
}

export const again = "Download or copy the archive again."

const isWhole = ({ size }: Entry, { recordBytes }: Format): boolean => size > 0 && size % recordBytes === 0

/** Whether every label that a record's layout has in these bytes of a file is one of its values. */
const labelsFit = (bytes: Uint8Array, before: number, { labels, recordBytes }: Format): boolean =>
  labels.every((values, place) => {
    const first = (((place - before) % recordBytes) + recordBytes) % recordBytes
    for (let at = first; at < bytes.length; at += recordBytes) if ((bytes[at] ?? 0) >= values) return false
    return true
  })

/** Of the formats those whose labels are in bounds in all of the files. */
const fitting = (tree: FileTree, files: ReadonlyArray<Entry>, formats: ReadonlyArray<Format>) =>
  Effect.gen(function* () {
    const left = new Set(formats)
    let file = ""
    let before = 0
    yield* Stream.runForEach(tree.read(files), ({ path, bytes }) =>
      Effect.sync(() => {
        if (path !== file) before = 0
        file = path
        for (const format of left) if (!labelsFit(bytes, before, format)) left.delete(format)
        before += bytes.length
      })
    )
    return left
  })

const asNamed = ({ trainFile, testFile, namesFile }: Format) => `${trainFile} and ${testFile}, beside ${namesFile}`

/**
 * Refuses files that are not whole records of their format. Those of the other dataset under these names are told by their
 * length, or, where the length fits both, by the labels of all records; where these fit both too, nobody can say.
 */
export const checkRecords = (
  source: string,
  tree: FileTree,
  format: Format,
  files: ReadonlyArray<Entry>
): Effect.Effect<void, CifarError> =>
  Effect.gen(function* () {
    const other = format === cifar10 ? cifar100 : cifar10
    const odd = files.find((file) => !isWhole(file, format))
    const isOthers = files.every((file) => isWhole(file, other))
    if (odd !== undefined && !isOthers) {
      return yield* new CifarRefused({
        file: tree.nameOf(odd.path),
        what: `is a truncated or wrong-sized batch of ${odd.size} bytes`,
        expected: `a multiple of ${format.recordBytes}, and not zero`,
        fix: again
      })
    }
    if (!isOthers) return
    const left = odd === undefined ? yield* fitting(tree, files, [format, other]) : new Set([other])
    if (!left.has(other)) return
    return yield* new CifarRefused({
      file: source,
      what: left.has(format)
        ? `may hold records of ${format.recordBytes} bytes, ${format.dataset}'s, or of ${other.recordBytes}, ${other.dataset}'s: sizes and labels fit both`
        : `holds ${other.dataset}'s records of ${other.recordBytes} bytes under the names of ${format.dataset}'s files`,
      expected: `${format.dataset}'s records, of ${format.recordBytes} bytes`,
      fix: left.has(format)
        ? `Get the archive again from https://www.cs.toronto.edu/~kriz/cifar.html.`
        : `Name the files ${asNamed(other)}.`
    })
  })
