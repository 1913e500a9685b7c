import { Effect } from "effect"
import { Gallery } from "../artifacts/Gallery.ts"
import { Mistakes } from "../artifacts/Mistakes.ts"
import * as Stage from "../engine/Stage.ts"
import { FigureFailed, Figures, fontVersion } from "../services/Figures.ts"
import { imageGrid } from "./charts/image-grid.ts"

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
const count = (images: number): string => images.toLocaleString("en-US")

/** The most confident mistakes as a gallery: each image with what it was taken for, and what it is. */
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
        title: `${classes[predicted]} ${percent(probability)}`,
        lines: [`is ${classes[label]} (${percent(labelProbability)})`, `row ${row}`]
      }))
      const note = `${count(mistakes)} of ${count(rows)} test images are wrong; in bold what each was taken for`
      return { gallery: yield* figures.render(imageGrid(tiles, "The most confident mistakes", note)) }
    })
})
