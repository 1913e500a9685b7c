/**
 * Photos that nobody labelled, read as the images that a network was trained on.
 *
 * @module
 */
import * as path from "node:path"
import { Array as Arr, Effect, Schema, Stream } from "effect"
import { Explained, type Files } from "headrace"
import { FileDigests, LeftOut, SourceChanged } from "headrace/files"
import type { Decoded } from "./Decoded.ts"
import { type Entry, type FileTree, TreeError, type WholeFile } from "./FileTree.ts"
import * as FolderTree from "./FolderTree.ts"
import { ImageExtras } from "./ImageExtras.ts"
import { inRuns } from "./ImageFolder.ts"
import { ImageRefused } from "./ImageRefused.ts"
import { type Encoded, Images } from "./Images.ts"
import { batches, type ImageBatch, ImageSizesDiffer } from "./LabelledImages.ts"
import * as PassedOver from "./PassedOver.ts"
import { load, ofPixels } from "./Sharp.ts"

/** What was given for photos has none. */
export class NoPhotos extends Explained.TaggedError<NoPhotos>()("NoPhotos", Explained.fields, (parts) => parts) {}

/** What reading photos may fail with, as a stage declares it. */
export const PhotoError = Schema.Union(TreeError, ImageRefused, ImageSizesDiffer, NoPhotos)

/** The size that photos are stretched to; null keeps their own, which must then be one. */
export interface Size {
  readonly height: number
  readonly width: number
}

/** A file or folder as it was given, read as a tree, and the entries of it that may be photos. */
interface Opened {
  readonly given: number
  readonly tree: FileTree
  readonly paths: ReadonlyArray<string>
  readonly isFile: boolean
}

const openOne = (files: Files.Files, given: number) =>
  Effect.gen(function* () {
    const { digest, files: listed } = yield* (yield* FileDigests).listing(files.path)
    if (digest !== files.digest) return yield* new SourceChanged({ path: files.path, label: files.label })
    const [first] = listed
    if (listed.length === 1 && first?.path === "") {
      const name = path.basename(files.path)
      const tree = FolderTree.make({ ...files, path: path.dirname(files.path) }, [{ ...first, path: name }])
      return { given, tree, paths: [name], isFile: true } satisfies Opened
    }
    const tree = FolderTree.make(files, listed)
    const paths = tree.entries.map((entry) => entry.path).filter(PassedOver.mayBeImage)
    if (paths.length > 0) return { given, tree, paths, isFile: false } satisfies Opened
    const instead = PassedOver.instead(tree.entries)
    return yield* new NoPhotos({
      what: `${files.path} holds no photos${instead === null ? "" : `, but ${instead.what}`}`,
      expected: "photos in it, at any depth",
      fix: "Give photos, or a folder that holds some."
    })
  })

/** An entry of one of several trees. */
interface Placed {
  readonly tree: FileTree
  readonly given: number
  readonly entry: Entry
}

/** Trees as one, whose entries have the number of their tree before their paths. */
const together = (all: ReadonlyArray<Opened>): FileTree => {
  const placed = new Map<string, Placed>(
    all.flatMap(({ tree, given, paths }) => {
      const wanted = new Set(paths)
      return tree.entries
        .filter((entry) => wanted.has(entry.path))
        .map((entry) => [`${given}/${entry.path}`, { tree, given, entry }] as const)
    })
  )
  return {
    leftOut: new LeftOut(),
    entries: [...placed].map(([name, { entry }]) => ({ ...entry, path: name })),
    // what lies in one folder is read together: a read an image would take longer than a small image does
    read: (wanted) => {
      const entries = wanted.flatMap(({ path: name }) => placed.get(name) ?? [])
      const runs = Arr.isNonEmptyArray(entries) ? Arr.groupWith(entries, (one, other) => one.tree === other.tree) : []
      return Stream.flatMap(Stream.fromIterable(runs), (run) => {
        const { tree, given } = Arr.headNonEmpty(run)
        const found = tree.read(run.map(({ entry }) => entry))
        return Stream.map(found, (piece) => ({ ...piece, path: `${given}/${piece.path}` }))
      })
    },
    nameOf: (name) => {
      const one = placed.get(name)
      return one === undefined ? name : one.tree.nameOf(one.entry.path)
    }
  }
}

/** An image as large as those that the network was trained on: stretched as they were, whatever its aspect ratio. */
const stretched = (image: Decoded, { height, width }: Size): Effect.Effect<Decoded> =>
  image.height === height && image.width === width
    ? Effect.succeed(image)
    : Effect.promise(async () => {
        const make = await load()
        const data = await ofPixels(make, image).resize(width, height, { fit: "fill" }).raw().toBuffer()
        return { height, width, data }
      })

/** What is told of a file among labelled images, of one that belongs to no class. */
const asPhoto = ({ fix, ...refused }: ImageRefused) =>
  new ImageRefused({
    ...refused,
    fix: typeof fix === "string" ? fix.replace("Remove it from the class folder", "Leave it out") : fix
  })

/** Photos as images without a class, and where each comes from. */
export interface Photos {
  readonly images: Stream.Stream<ImageBatch, typeof PhotoError.Type>
  /** In the order of the images: by the number of what was given, and the path in it, which is empty for a file that was given itself. */
  readonly places: ReadonlyArray<{ readonly given: number; readonly file: string }>
  readonly notices: ReadonlyArray<string>
  /** What the images are made without; known when they were read. */
  readonly extras: ImageExtras
}

/** What of folders is no photo by its name, told in a sentence. */
const passedOver = (others: ReadonlyArray<Entry>): ReadonlyArray<string> => {
  const [first] = others
  if (first === undefined) return []
  const files = others.length === 1 ? "1 file is" : `${others.length.toLocaleString("en-US")} files are`
  return [`${files} passed over (${others.length === 1 ? "" : "such as "}${first.path}).`]
}

/** The label of an image that nobody labelled. */
const UNLABELLED = -1

/** Reads photos in the order in which they were given, those of a folder sorted by their paths. */
export const open = (
  given: ReadonlyArray<Files.Files>,
  size: Size | null
): Effect.Effect<Photos, typeof PhotoError.Type, Images | FileDigests> =>
  Effect.gen(function* () {
    const images = yield* Images
    const opened = yield* Effect.forEach(given, openOne)
    if (opened.length === 0)
      return yield* new NoPhotos({ what: "No photos are given", expected: "one or more", fix: "Name some." })
    const tree = together(opened)
    const extras = new ImageExtras()
    // a square is what decoders reduce to at once
    const side = size !== null && size.height === size.width ? size.height : null
    const decode = (group: ReadonlyArray<WholeFile>) =>
      Effect.gen(function* () {
        const encoded = group.map(({ path: name, bytes }): Encoded => ({ file: tree.nameOf(name), bytes }))
        const decoded = yield* Effect.mapError(images.decode(encoded, side), asPhoto)
        for (const { file, bytes } of encoded) extras.add(file, bytes)
        const sized = size === null ? decoded : yield* Effect.forEach(decoded, (image) => stretched(image, size))
        return sized.map((image, at) => ({ file: encoded[at]?.file ?? "", image, label: UNLABELLED }))
      })
    const places = opened.flatMap(({ given: number, paths, isFile }) =>
      paths.map((name) => ({ given: number, file: isFile ? "" : name }))
    )
    const others = opened.flatMap(({ tree: { entries }, paths }) => {
      const used = new Set(paths)
      return entries.filter((entry) => !used.has(entry.path))
    })
    return {
      images: batches(inRuns(tree, images, tree.entries, decode), { first: null }),
      places,
      notices: passedOver(others),
      extras
    }
  })
