import { Effect } from "effect"
import { Stage } from "headrace"
import { ClassCounts } from "headrace-images/artifacts/ClassCounts"
import { ClassSamples } from "headrace-images/artifacts/ClassSamples"
import { Bars } from "headrace-images/artifacts/Curves"
import { Gallery } from "headrace-images/artifacts/Gallery"
import { classCounts } from "headrace-images/charts/class-counts"
import { imageGrid } from "headrace-images/charts/image-grid"
import { FigureFailed, Figures, fontVersion } from "headrace-images/services/Figures"

/** Draws the numbers of images by class as bars, and the first image of each class in a grid. */
export const plotDataset = Stage.make({
  name: "plot-dataset",
  inputs: { counts: ClassCounts, samples: ClassSamples },
  outputs: { counts: Bars, grid: Gallery },
  errors: FigureFailed,
  facts: { font: fontVersion },
  run: ({ counts: { classes }, samples: { samples, classes: all } }) =>
    Effect.gen(function* () {
      const figures = yield* Figures
      const tiles = samples.map(({ class: name, split, row, png }) => ({
        png,
        title: name,
        lines: [`${split} row ${row}`]
      }))
      const shown = samples.length < all ? `${samples.length} of ${all} classes` : `${all} classes`
      return {
        counts: yield* figures.render(classCounts(classes, "Images by class")),
        grid: yield* figures.render(imageGrid(tiles, "The first image of every class", shown))
      }
    })
})
