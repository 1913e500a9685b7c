import { Effect, Schema, Stream } from "effect"
import { ArrowTable, Kind, Stage } from "headrace"
import * as ClassNames from "headrace-images/artifacts/ClassNames"
import { Gallery } from "headrace-images/artifacts/Gallery"
import { Images } from "headrace-images/artifacts/Images"
import { PhotoPredictions } from "headrace-images/artifacts/PhotoPredictions"
import { imageGrid } from "headrace-images/charts/image-grid"
import { type Decoded, pictureAt } from "headrace-images/services/Decoded"
import { FigureFailed, Figures, fontVersion } from "headrace-images/services/Figures"
import { Images as ImageCodec } from "headrace-images/services/Images"

/** As many as a person looks at. */
const most = 64
/** Side of the largest picture that is drawn. */
const mostPixels = 256

/** So many of the rows, spread evenly. */
const spread = (rows: number): ReadonlyArray<number> => {
  const shown = Math.min(rows, most)
  return Array.from({ length: shown }, (_, at) => Math.floor((at * rows) / shown))
}

/** The pictures of some rows, which rise. */
const picturesOf = (images: ArrowTable.Table<typeof Images.columns, Stage.InputFailure>, rows: ReadonlyArray<number>) =>
  Effect.map(
    Stream.runFold(images.batches, { before: 0, found: [] as ReadonlyArray<Decoded> }, ({ before, found }, batch) => {
      const here = rows.filter((row) => row >= before && row < before + batch.rows)
      const pictures = here.map((row) => pictureAt(batch.columns.image, row - before))
      return { before: before + batch.rows, found: [...found, ...pictures] }
    }),
    ({ found }) => found
  )

/** Draws photos as a contact sheet, as the network saw them: each with the likeliest class, and its file. */
export const plotPredictions = Stage.make({
  name: "plot-predictions",
  inputs: { images: Images, predictions: PhotoPredictions },
  outputs: { sheet: Gallery },
  errors: Schema.Union(FigureFailed, ClassNames.ClassNamesMissing),
  facts: { font: fontVersion },
  run: ({ images, predictions }) =>
    Effect.gen(function* () {
      const figures = yield* Figures
      const codec = yield* ImageCodec
      const classes = yield* ClassNames.fromMetadata(predictions.header.metadata)
      const all = yield* ArrowTable.collectRows(predictions)
      const rows = spread(all.length)
      const pngs = yield* codec.png(yield* picturesOf(images, rows), mostPixels)
      const tiles = rows.map((row, at) => {
        const { file = "", given = 0, probability } = all[row] ?? {}
        const shares = [...(probability?.data ?? [])]
        const likeliest = shares.indexOf(Math.max(...shares))
        return {
          png: Buffer.from(pngs[at] ?? []).toString("base64"),
          title: `${classes[likeliest]} ${Kind.formatShare(shares[likeliest] ?? 0)}`,
          lines: [file === "" ? `photo ${given + 1}` : file]
        }
      })
      const which =
        rows.length < all.length
          ? `${rows.length} of ${Kind.formatCount(all.length)} photos`
          : `${Kind.formatCount(all.length)} photos`
      const note = `${which}; in bold the likeliest class of each`
      return { sheet: yield* figures.render(imageGrid(tiles, "What the photos show", note)) }
    })
})
