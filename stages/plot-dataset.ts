import { Effect } from "effect"
import { ClassCounts } from "../artifacts/ClassCounts.ts"
import { ClassSamples } from "../artifacts/ClassSamples.ts"
import { Bars } from "../artifacts/Curves.ts"
import { Gallery } from "../artifacts/Gallery.ts"
import * as Stage from "../engine/Stage.ts"
import { FigureFailed, Figures, fontVersion } from "../services/Figures.ts"
import { classCounts } from "./charts/class-counts.ts"
import { imageGrid } from "./charts/image-grid.ts"

/** Images by class as bars, and the first image of each class in a grid. */
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
