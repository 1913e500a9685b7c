import { Effect, Schema, Stream } from "effect"
import { type Column, Param, Remark, Stage } from "headrace"
import { Images } from "headrace-images/artifacts/Images"
import { PhotoFiles } from "headrace-images/artifacts/PhotoFiles"
import { Photos } from "headrace-images/artifacts/Photos"
import { extras } from "headrace-images/services/ImageExtras"
import * as PhotoReader from "headrace-images/services/PhotoReader"

const side = Schema.NullOr(Schema.Int.pipe(Schema.between(1, 1 << 16))).annotations({
  description: "null, or a whole number from 1 to 65536"
})

/** Decodes photos that nobody labelled, as `ingest` does labelled images, in the order in which they are given. */
export const readPhotos = Stage.make({
  name: "read-photos",
  inputs: { photos: Stage.many(PhotoFiles) },
  params: {
    photoHeight: Param.make(side, null, "Height that photos are stretched to; null keeps their own"),
    photoWidth: Param.make(side, null, "Width that photos are stretched to; null keeps their own")
  },
  outputs: { images: Images, photos: Photos },
  errors: PhotoReader.PhotoError,
  run: ({ photos }, { photoHeight: height, photoWidth: width }) =>
    Effect.gen(function* () {
      const read = yield* PhotoReader.open(photos, height === null || width === null ? null : { height, width })
      yield* Effect.forEach(read.notices, (notice) => Remark.tell(Effect.succeed(notice)), { discard: true })
      yield* Effect.forEach(extras, (kind) => Remark.tell(Effect.sync(() => read.extras.textOf(kind))), {
        discard: true
      })
      const places: Column.Batch<typeof Photos.columns> = {
        rows: read.places.length,
        columns: {
          given: Int32Array.from(read.places, ({ given }) => given),
          file: read.places.map(({ file }) => file)
        }
      }
      return {
        images: { metadata: {}, batches: read.images },
        photos: { metadata: {}, batches: Stream.make(places) }
      }
    })
})
