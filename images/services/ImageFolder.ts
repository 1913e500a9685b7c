import { Chunk, Effect, Schema, Stream } from "effect"
import { type Entry, type FileTree, joined, TreeError, type WholeFile } from "./FileTree.ts"
import { ImageExtras } from "./ImageExtras.ts"
import { ImageFolderRefused, type Labelled, type LayoutOptions, layout } from "./ImageLayout.ts"
import { ImageRefused } from "./ImageRefused.ts"
import type { Images } from "./Images.ts"
import { batches, type ImageBatch, ImageSizesDiffer, type SizeReference } from "./LabelledImages.ts"

export const ImageFolderError = Schema.Union(TreeError, ImageFolderRefused, ImageRefused, ImageSizesDiffer)
export type ImageFolderError = typeof ImageFolderError.Type

const groupFiles = 64
const groupBytes = 1 << 20
/** What may be decoded, or wait decoded, at a time: four photographs of 12 megapixels. What needs more is alone. */
const bytesInFlight = 192 << 20

interface Group {
  readonly files: ReadonlyArray<WholeFile>
  /** Of the files, and of their pixels once decoded. */
  readonly bytes: number
}

/** Small images are decoded in groups, large ones alone: few are in memory at once, and grouping costs nothing. */
const grouped = (files: Chunk.Chunk<WholeFile>, pixels: ReadonlyArray<number>): Chunk.Chunk<Group> => {
  const groups: Array<{ readonly files: Array<WholeFile>; bytes: number }> = []
  for (const [index, file] of Chunk.toReadonlyArray(files).entries()) {
    const bytes = file.bytes.length + 3 * (pixels[index] ?? 0)
    const group = groups.at(-1)
    if (group === undefined || group.bytes + bytes > groupBytes || group.files.length === groupFiles) {
      groups.push({ files: [file], bytes })
    } else {
      group.files.push(file)
      group.bytes += bytes
    }
  }
  return Chunk.unsafeFromArray(groups)
}

/**
 * As many at once as `parallel` says and `bytesInFlight` lets, in order. Room is taken in that order too, so that no group
 * waits for one behind it.
 */
const inFlight = <A, E, F>(
  groups: Stream.Stream<Group, E>,
  parallel: number,
  decode: (files: ReadonlyArray<WholeFile>) => Effect.Effect<A, F>
): Stream.Stream<A, E | F> =>
  Stream.unwrap(
    Effect.map(Effect.makeSemaphore(bytesInFlight), (room) => {
      const share = ({ bytes }: Group) => Math.min(bytes, bytesInFlight)
      return groups.pipe(
        Stream.tap((group) => room.take(share(group))),
        Stream.mapEffect((group) => Effect.map(decode(group.files), (decoded) => ({ group, decoded })), {
          concurrency: parallel
        }),
        Stream.mapEffect(({ group, decoded }) => Effect.as(room.release(share(group)), decoded))
      )
    })
  )

/** What `decode` makes of the entries, run by run of small files, several runs at a time, in the order asked for. */
export const inRuns = <A, F>(
  tree: FileTree,
  images: Images["Type"],
  entries: ReadonlyArray<Entry>,
  decode: (files: ReadonlyArray<WholeFile>) => Effect.Effect<A, F>
): Stream.Stream<A, TreeError | F> => {
  const groups = joined(tree.read(entries)).pipe(
    Stream.mapChunksEffect((files) =>
      Effect.map(images.pixels(Chunk.toReadonlyArray(files).map(({ bytes }) => bytes)), (pixels) =>
        grouped(files, pixels)
      )
    )
  )
  return inFlight(groups, images.parallel, decode)
}

/** Decodes the images of a tree, several at a time, in the order of the layout: by class, then by name. */
export const open = (
  source: string,
  tree: FileTree,
  images: Images["Type"],
  options: LayoutOptions & { readonly imageSize: number | null }
) =>
  Effect.map(layout(source, tree.entries, options), ({ classes, splits, from, notices }) => {
    const reference: SizeReference = { first: null }
    const extras = new ImageExtras()
    const rows = (labelled: ReadonlyArray<Labelled>): Stream.Stream<ImageBatch, ImageFolderError> => {
      const labels = new Map(labelled.map(({ entry, label }) => [entry.path, label]))
      const decode = (group: ReadonlyArray<WholeFile>) => {
        const encoded = group.map(({ path, bytes }) => ({ file: tree.nameOf(path), bytes }))
        return Effect.map(images.decode(encoded, options.imageSize), (decoded) =>
          decoded.map((image, index) => {
            const { path, bytes } = group[index] ?? { path: "", bytes: new Uint8Array() }
            extras.add(path, bytes)
            return { file: tree.nameOf(path), image, label: labels.get(path) ?? 0 }
          })
        )
      }
      const entries = labelled.map(({ entry }) => entry)
      return batches(inRuns(tree, images, entries, decode), reference)
    }
    const { train, validation, test } = splits
    return { classes, train: rows(train), validation: rows(validation), test: rows(test), from, notices, extras }
  })
