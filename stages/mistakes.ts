/**
 * The stage that picks the images which a classifier gets wrong most confidently.
 *
 * @module
 */
import { Effect, Schema, Stream } from "effect"
import { type ArrowTable, Explained, Param, Stage } from "headrace"
import * as ClassNames from "headrace-images/artifacts/ClassNames"
import { Images } from "headrace-images/artifacts/Images"
import { Mistakes } from "headrace-images/artifacts/Mistakes"
import { Predictions } from "headrace-images/artifacts/Predictions"
import { type Decoded, pictureAt } from "headrace-images/services/Decoded"
import { Images as ImageCodec } from "headrace-images/services/Images"

/** The predictions are not of these images: their number, classes or labels differ. */
export class PredictionsDiffer extends Explained.TaggedError<PredictionsDiffer>()(
  "PredictionsDiffer",
  {
    what: Schema.String
  },
  ({ what }) => ({
    what: `The predictions are not of these images: ${what}`,
    expected: "a prediction of every image, in their order",
    fix: "Give the table of images that was evaluated."
  })
) {}

interface Mistake {
  readonly row: number
  readonly label: number
  readonly predicted: number
  readonly probability: number
  readonly labelProbability: number
}

/** Side of the largest picture that is kept. */
const mostPixels = 256

/** Whether a mistake goes before another: by its probability, then by its row. */
const isBefore = (a: Mistake, b: Mistake): boolean =>
  a.probability === b.probability ? a.row < b.row : a.probability > b.probability

/** The `count` most confident mistakes, how many there are, and every row's label: 4 bytes a row are kept. */
const mostConfident = (predictions: ArrowTable.Table<typeof Predictions.columns, Stage.InputFailure>, count: number) =>
  Effect.gen(function* () {
    const labels = new Int32Array(predictions.rows)
    const worst: Array<Mistake> = []
    let mistakes = 0
    let before = 0
    yield* Stream.runForEach(predictions.batches, ({ rows, columns: { label, predicted, probability } }) =>
      Effect.sync(() => {
        const classes = probability.shape[0]
        labels.set(label, before)
        for (let at = 0; at < rows; at++) {
          const [truth = 0, taken = 0] = [label[at], predicted[at]]
          if (truth === taken) continue
          mistakes++
          const mistake = {
            row: before + at,
            label: truth,
            predicted: taken,
            probability: probability.data[at * classes + taken] ?? 0,
            labelProbability: probability.data[at * classes + truth] ?? 0
          }
          const after = worst.findIndex((other) => isBefore(mistake, other))
          worst.splice(after < 0 ? worst.length : after, 0, mistake)
          if (worst.length > count) worst.pop()
        }
        before += rows
      })
    )
    return { labels, worst, mistakes }
  })

/** The images of some rows, read chunk by chunk up to the last of them; every label on the way must be the predictions'. */
const imagesOf = (
  images: ArrowTable.Table<typeof Images.columns, Stage.InputFailure>,
  rows: ReadonlyArray<number>,
  labels: Int32Array
) =>
  Effect.gen(function* () {
    const found = new Map<number, Decoded>()
    const last = Math.max(-1, ...rows)
    let before = 0
    yield* Stream.runForEachWhile(last < 0 ? Stream.empty : images.batches, (batch) =>
      Effect.gen(function* () {
        const { image, label } = batch.columns
        const differing = label.findIndex((value, at) => value !== labels[before + at])
        if (differing >= 0) {
          const row = before + differing
          const what = `row ${row} has label ${label[differing]}, its prediction ${labels[row]}`
          return yield* new PredictionsDiffer({ what })
        }
        for (const row of rows.filter((one) => one >= before && one < before + batch.rows))
          found.set(row, pictureAt(image, row - before))
        before += batch.rows
        return before <= last
      })
    )
    return found
  })

/**
 * Picks the images that a classifier gets wrong most confidently: often a wrong label, or a class that looks like another.
 */
export const mistakes = Stage.make({
  name: "mistakes",
  inputs: { predictions: Predictions, images: Images },
  params: {
    count: Param.make(
      Schema.Int.pipe(Schema.between(1, 200)).annotations({ description: "a whole number from 1 to 200" }),
      24,
      "Wrongly classified test images to show, the most confident first"
    )
  },
  outputs: { mistakes: Mistakes },
  errors: Schema.Union(PredictionsDiffer, ClassNames.ClassNamesMissing),
  run: ({ predictions, images }, { count }) =>
    Effect.gen(function* () {
      const codec = yield* ImageCodec
      const classes = yield* ClassNames.fromMetadata(predictions.header.metadata)
      const others = yield* ClassNames.fromMetadata(images.header.metadata)
      if (predictions.rows !== images.rows) {
        return yield* new PredictionsDiffer({ what: `${predictions.rows} predictions, ${images.rows} images` })
      }
      if (classes.join("\n") !== others.join("\n")) {
        return yield* new PredictionsDiffer({ what: `classes ${classes.join(", ")} and ${others.join(", ")}` })
      }
      const { labels, worst, mistakes } = yield* mostConfident(predictions, count)
      const found = yield* imagesOf(
        images,
        worst.map(({ row }) => row),
        labels
      )
      const decoded = worst.flatMap(({ row }) => found.get(row) ?? [])
      const pngs = yield* codec.png(decoded, mostPixels)
      const shown = worst.map((mistake, at) => ({ ...mistake, png: Buffer.from(pngs[at] ?? []).toString("base64") }))
      return { mistakes: { classes, images: shown, rows: predictions.rows, mistakes } }
    })
})
