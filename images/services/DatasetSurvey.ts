/**
 * A dataset's files read one by one as they are, for a stage that describes them: what cannot be read is told, and stops
 * nothing.
 *
 * @module
 */
import { Effect, Either, Schema, Stream } from "effect"
import { type Files, Text } from "headrace"
import type { FileDigests } from "headrace/files"
import { limits } from "./ArchiveRules.ts"
import * as CifarBinary from "./CifarBinary.ts"
import { CifarRefused } from "./CifarFormat.ts"
import * as DatasetReader from "./DatasetReader.ts"
import type { Decoded } from "./Decoded.ts"
import { type FileTree, TreeError, type WholeFile } from "./FileTree.ts"
import { ImageExtras } from "./ImageExtras.ts"
import * as ImageFolder from "./ImageFolder.ts"
import { assign, ImageFolderRefused, type Labelled, type LayoutOptions } from "./ImageLayout.ts"
import { Images } from "./Images.ts"
import type { ImageBatch } from "./LabelledImages.ts"
import type { SplitName } from "./SplitNames.ts"

/** What still stops a survey: bytes that cannot be had, folders that name no class, records that are no CIFAR-10. */
export const SurveyError = Schema.Union(TreeError, ImageFolderRefused, CifarRefused)
export type SurveyError = typeof SurveyError.Type

/** An image of a dataset, or why its file gives none. `file` is relative to the dataset; null in CIFAR-10's batches. */
export interface Surveyed {
  readonly label: number
  readonly file: string | null
  readonly image: Either.Either<Decoded, string>
  /** What the file holds other than 8-bit RGB; empty for nothing. */
  readonly colours: string
}

/** The images of one split. */
export interface Split {
  /** How many there will be; null where only reading tells. */
  readonly total: number | null
  readonly images: Stream.Stream<ReadonlyArray<Surveyed>, SurveyError>
}

/** A dataset whose images are about to be read. */
export interface Survey {
  readonly classes: ReadonlyArray<string>
  readonly splits: Readonly<Record<SplitName, Split>>
  /** The folder that a split's images come from; null where it has none, or they are a share of the training images. */
  readonly from: Readonly<Record<SplitName, string | null>>
  /** What a user should know of how the folders were understood, a sentence each. */
  readonly notices: ReadonlyArray<Text.Text>
  /** What the images are made without; known when they were read. */
  readonly extras: ImageExtras
}

/** Good files are decoded together; only where one is refused is each asked for its own reason. */
const decodeEach = (files: ReadonlyArray<WholeFile>, images: Images["Type"]) => {
  const encoded = files.map(({ path, bytes }) => ({ file: path, bytes }))
  return images.decode(encoded, null).pipe(
    Effect.map((decoded) => decoded.map((image): Either.Either<Decoded, string> => Either.right(image))),
    Effect.catchAll(() =>
      Effect.forEach(encoded, (one) =>
        images.decode([one], null).pipe(
          Effect.map(([image]) => Either.fromNullable(image, () => "gives no image")),
          Effect.catchAll(({ what }) => Effect.succeed(Either.left(Text.show(what))))
        )
      )
    )
  )
}

const ofFolder = (
  tree: FileTree,
  images: Images["Type"],
  labelled: ReadonlyArray<Labelled>,
  extras: ImageExtras
): Split => {
  const labels = new Map(labelled.map(({ entry, label }) => [entry.path, label]))
  const labelOf = (path: string) => labels.get(path) ?? 0
  const isHeld = ({ entry }: Labelled) => entry.size <= limits.entryBytes
  const tooLarge = labelled
    .filter((one) => !isHeld(one))
    .map(
      ({ entry: { path, size }, label }): Surveyed => ({
        label,
        file: path,
        image: Either.left(`has ${size} bytes, more than ${limits.entryBytes}`),
        colours: ""
      })
    )
  const survey = (files: ReadonlyArray<WholeFile>) =>
    Effect.gen(function* () {
      const colours = yield* images.colours(files.map(({ bytes }) => bytes))
      const decoded = yield* decodeEach(files, images)
      return files.map(({ path, bytes }, at): Surveyed => {
        const image = decoded[at] ?? Either.left("gives no image")
        if (Either.isRight(image)) extras.add(path, bytes)
        return { label: labelOf(path), file: path, image, colours: colours[at] ?? "" }
      })
    })
  const entries = labelled.filter(isHeld).map(({ entry }) => entry)
  return {
    total: labelled.length,
    images: Stream.concat(Stream.make(tooLarge), ImageFolder.inRuns(tree, images, entries, survey))
  }
}

const ofBatch = ({ rows, columns: { image, label } }: ImageBatch): ReadonlyArray<Surveyed> => {
  const [height, width] = image.shape
  const size = height * width * 3
  return Array.from({ length: rows }, (_, row) => ({
    label: label[row] ?? 0,
    file: null,
    image: Either.right({ height, width, data: image.data.subarray(row * size, (row + 1) * size) }),
    colours: ""
  }))
}

/**
 * Reads all of a dataset, whatever is wrong with single files: classes may lack images, sizes may differ, and a file that
 * cannot be decoded is told with its reason. In the order of ingest, each image in its own size.
 */
export const open = (
  files: Files.Files,
  options: LayoutOptions
): Effect.Effect<Survey, SurveyError, Images | FileDigests> =>
  Effect.gen(function* () {
    const images = yield* Images
    const tree = yield* DatasetReader.tree(files)
    if (CifarBinary.isCifar(tree)) {
      const { classes, train, test, notices } = yield* CifarBinary.open(files.path, tree, images, { imageSize: null })
      const split = (rows: typeof train): Split => ({ total: null, images: Stream.map(rows, ofBatch) })
      const none: Split = { total: 0, images: Stream.empty }
      return {
        classes,
        splits: { train: split(train), validation: none, test: split(test) },
        from: { train: null, validation: null, test: null },
        notices: [...notices, ...DatasetReader.leftOut(tree)],
        extras: new ImageExtras()
      }
    }
    const { classes, splits, from, notices } = yield* assign(files.path, tree.entries, options)
    if (classes.length === 0) {
      return yield* new ImageFolderRefused({
        source: files.path,
        what: "has no class",
        expected: "train/CLASS/*.jpg and test/CLASS/*.jpg, or CLASS/*.jpg",
        fix: "Put the images of each class into a folder of its name."
      })
    }
    const extras = new ImageExtras()
    const split = (name: SplitName) => ofFolder(tree, images, splits[name], extras)
    const found = { train: split("train"), validation: split("validation"), test: split("test") }
    return { classes, splits: found, from, notices: [...notices, ...DatasetReader.leftOut(tree)], extras }
  })
