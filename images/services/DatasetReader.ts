/**
 * A dataset's files read as rows of images and labels, for a stage that ingests them.
 *
 * @module
 */
import { Effect, Schema, Stream } from "effect"
import type { Files, Text } from "headrace"
import { FileDigests, SourceChanged } from "headrace/files"
import * as Archive from "./Archive.ts"
import * as CifarBinary from "./CifarBinary.ts"
import { CifarError } from "./CifarFormat.ts"
import type { FileTree, TreeError } from "./FileTree.ts"
import * as FolderTree from "./FolderTree.ts"
import { ImageExtras } from "./ImageExtras.ts"
import * as ImageFolder from "./ImageFolder.ts"
import type { LayoutOptions } from "./ImageLayout.ts"
import { Images } from "./Images.ts"
import type { ImageBatch } from "./LabelledImages.ts"
import type { SplitName } from "./SplitNames.ts"

/** Everything that reading a dataset may fail with, as a stage declares it. */
export const ReadError = Schema.Union(CifarError, ImageFolder.ImageFolderError)
export type ReadError = typeof ReadError.Type

/** How a dataset is read: what its splits are, and the size of its images. */
export interface ReadOptions extends LayoutOptions {
  /** Side in pixels of the square that images are stretched to; null keeps their size, which must then be one. */
  readonly imageSize: number | null
}

/** The rows may be read more than once; each reading goes through the files again. */
export interface Dataset {
  readonly classes: ReadonlyArray<string>
  readonly train: Stream.Stream<ImageBatch, ReadError>
  /** Without rows where the dataset has none to choose the best epoch on. */
  readonly validation: Stream.Stream<ImageBatch, ReadError>
  readonly test: Stream.Stream<ImageBatch, ReadError>
  /** The folder that a split's images come from; null where it has none, or they are a share of the training images. */
  readonly from: Readonly<Record<SplitName, string | null>>
  /** What a user should know of how the folders were understood, a sentence each. */
  readonly notices: ReadonlyArray<Text.Text>
  /** What the images are made without; known when their rows were read. */
  readonly extras: ImageExtras
}

/** The files of a dataset as a tree, if their bytes are still those of its digest. */
export const tree = (files: Files.Files): Effect.Effect<FileTree, TreeError, FileDigests> =>
  Effect.gen(function* () {
    const { digest, files: listed } = yield* (yield* FileDigests).listing(files.path)
    if (digest !== files.digest) return yield* new SourceChanged({ path: files.path, label: files.label })
    const [first] = listed
    const isArchive = listed.length === 1 && first?.path === ""
    return isArchive ? yield* Archive.open(files, first.stamp) : FolderTree.make(files, listed)
  })

/** The notice of what an archive has of a system; none of a folder, whose source tells it. */
export const leftOut = ({ leftOut: { text } }: FileTree): ReadonlyArray<string> => (text === null ? [] : [text])

/** Opens a folder or archive of images, or CIFAR-10's binary version. */
export const open = (
  files: Files.Files,
  options: ReadOptions
): Effect.Effect<Dataset, ReadError, Images | FileDigests> =>
  Effect.gen(function* () {
    const images = yield* Images
    const found = yield* tree(files)
    if (!CifarBinary.isCifar(found)) {
      const folder = yield* ImageFolder.open(files.path, found, images, options)
      return { ...folder, notices: [...folder.notices, ...leftOut(found)] }
    }
    const batches = yield* CifarBinary.open(files.path, found, images, options)
    const from = { train: null, validation: null, test: null }
    const notices = [...batches.notices, ...leftOut(found)]
    return { ...batches, validation: Stream.empty, from, notices, extras: new ImageExtras() }
  })
