import { Effect } from "effect"
import { Kind, Stage } from "headrace"
import { Gallery } from "headrace-images/artifacts/Gallery"
import { Mistakes } from "headrace-images/artifacts/Mistakes"
import { imageGrid } from "headrace-images/charts/image-grid"
import { FigureFailed, Figures, fontVersion } from "headrace-images/services/Figures"

/** Draws the most confident mistakes as a gallery: each image with what it was taken for, and what it is. */
export const plotMistakes = Stage.make({
  name: "plot-mistakes",
  inputs: { mistakes: Mistakes },
  outputs: { gallery: Gallery },
  errors: FigureFailed,
  facts: { font: fontVersion },
  run: ({ mistakes: { classes, images, rows, mistakes } }) =>
    Effect.gen(function* () {
      const figures = yield* Figures
      const tiles = images.map(({ png, row, label, predicted, probability, labelProbability }) => ({
        png,
        title: `${classes[predicted]} ${Kind.formatShare(probability)}`,
        lines: [`is ${classes[label]} (${Kind.formatShare(labelProbability)})`, `row ${row}`]
      }))
      const note = `${Kind.formatCount(mistakes)} of ${Kind.formatCount(rows)} test images are wrong; in bold what each was taken for`
      return { gallery: yield* figures.render(imageGrid(tiles, "The most confident mistakes", note)) }
    })
})
