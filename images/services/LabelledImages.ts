/**
 * Images with their labels, gathered into batches of a table.
 *
 * @module
 */
import { Effect, Schema, Stream } from "effect"
import { type Column, Explained, Text } from "headrace"
import type { Images as ImagesTable } from "../artifacts/Images.ts"
import type { Decoded } from "./Decoded.ts"

/** A batch of the table `Images`. */
export type ImageBatch = Column.Batch<typeof ImagesTable.columns>

/** Rows of a table have one size; these images have two. */
export class ImageSizesDiffer extends Explained.TaggedError<ImageSizesDiffer>()(
  "ImageSizesDiffer",
  {
    first: Schema.String,
    firstSize: Schema.String,
    other: Schema.String,
    otherSize: Schema.String
  },
  ({ other, otherSize, first, firstSize }) => ({
    what: `${other} is ${otherSize} (width x height), ${first} is ${firstSize}`,
    expected: "images of one size",
    fix: Text.text`Try ${Text.setting("imageSize", 224)}.`
  })
) {}

/** An image, the file that it comes from, and the number of its class. */
export interface LabelledImage {
  readonly file: string
  readonly image: Decoded
  readonly label: number
}

const mostRows = 256
/** Beyond this, a batch has fewer rows. */
const mostBytes = 16 << 20

const batchOf = (rows: ReadonlyArray<LabelledImage>, { height, width }: Decoded): ImageBatch => {
  const cell = height * width * 3
  const data = new Uint8Array(rows.length * cell)
  for (const [index, row] of rows.entries()) data.set(row.image.data, index * cell)
  return {
    rows: rows.length,
    columns: { image: { shape: [height, width, 3], data }, label: Int32Array.from(rows, (row) => row.label) }
  }
}

/** Where the size of a dataset's images is kept, so that its streams agree on it. */
export interface SizeReference {
  first: LabelledImage | null
}

/** Groups of images as batches of at most 256 rows and 16 MB. Fails when one is of another size than the first. */
export const batches = <E>(
  groups: Stream.Stream<ReadonlyArray<LabelledImage>, E>,
  reference: SizeReference
): Stream.Stream<ImageBatch, E | ImageSizesDiffer> =>
  Stream.suspend(() => {
    let held: Array<LabelledImage> = []
    let bytes = 0
    const flush = (): ReadonlyArray<ImageBatch> => {
      const [first] = held
      const batch = first === undefined ? [] : [batchOf(held, first.image)]
      held = []
      bytes = 0
      return batch
    }
    const differing = (next: LabelledImage): ImageSizesDiffer | null => {
      reference.first ??= { ...next, image: { ...next.image, data: new Uint8Array() } }
      const { image, file } = reference.first
      if (image.width === next.image.width && image.height === next.image.height) return null
      const sizeOf = ({ width, height }: Decoded) => `${width}x${height}`
      return new ImageSizesDiffer({
        first: file,
        firstSize: sizeOf(image),
        other: next.file,
        otherSize: sizeOf(next.image)
      })
    }
    const add = (group: ReadonlyArray<LabelledImage>): Effect.Effect<ReadonlyArray<ImageBatch>, ImageSizesDiffer> => {
      const full: Array<ImageBatch> = []
      for (const next of group) {
        const failure = differing(next)
        if (failure !== null) return failure
        held.push(next)
        bytes += next.image.data.length
        if (held.length === mostRows || bytes >= mostBytes) full.push(...flush())
      }
      return Effect.succeed(full)
    }
    return groups.pipe(Stream.mapConcatEffect(add), Stream.concat(Stream.suspend(() => Stream.fromIterable(flush()))))
  })
