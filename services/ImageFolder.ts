import { Chunk, Effect, Schema, Stream } from "effect"
import { type FileTree, joined, TreeError, type WholeFile } from "./FileTree.ts"
import { ImageFolderRefused, type Labelled, layout } from "./ImageLayout.ts"
import { ImageRefused, type Images } from "./Images.ts"
import { batches, type ImageBatch, ImageSizesDiffer, type SizeReference } from "./LabelledImages.ts"

export const ImageFolderError = Schema.Union(TreeError, ImageFolderRefused, ImageRefused, ImageSizesDiffer)
export type ImageFolderError = typeof ImageFolderError.Type

const groupFiles = 16
const groupBytes = 256 << 10

/** Small files are decoded in groups, large ones alone: few are in memory at once, and grouping costs nothing. */
const grouped = (files: Chunk.Chunk<WholeFile>): Chunk.Chunk<ReadonlyArray<WholeFile>> => {
  const groups: Array<Array<WholeFile>> = []
  let room = 0
  for (const file of files) {
    const group = groups.at(-1)
    room -= file.bytes.length
    if (group === undefined || room < 0 || group.length === groupFiles) {
      groups.push([file])
      room = groupBytes - file.bytes.length
    } else group.push(file)
  }
  return Chunk.unsafeFromArray(groups)
}

/** Decodes the images of a tree, several at a time, in the order of the layout: by class, then by name. */
export const open = (
  source: string,
  tree: FileTree,
  images: Images["Type"],
  options: { readonly imageSize: number | null; readonly testFraction: number }
) =>
  Effect.map(layout(source, tree.entries, options.testFraction), ({ classes, train, test }) => {
    const reference: SizeReference = { first: null }
    const rows = (labelled: ReadonlyArray<Labelled>): Stream.Stream<ImageBatch, ImageFolderError> => {
      const labels = new Map(labelled.map(({ entry, label }) => [entry.path, label]))
      const decode = (group: ReadonlyArray<WholeFile>) => {
        const encoded = group.map(({ path, bytes }) => ({ file: tree.nameOf(path), bytes }))
        return Effect.map(images.decode(encoded, options.imageSize), (decoded) =>
          decoded.map((image, index) => {
            const path = group[index]?.path ?? ""
            return { file: tree.nameOf(path), image, label: labels.get(path) ?? 0 }
          })
        )
      }
      const decoded = joined(tree.read(labelled.map(({ entry }) => entry))).pipe(
        Stream.mapChunks(grouped),
        Stream.mapEffect(decode, { concurrency: images.parallel })
      )
      return batches(decoded, reference)
    }
    return { classes, train: rows(train), test: rows(test) }
  })
