import { Pipeline } from "headrace"
import { dataset } from "../stages/dataset.ts"
import { describe } from "../stages/describe.ts"
import { plotDataset } from "../stages/plot-dataset.ts"

export const explore = Pipeline.make({
  name: "explore",
  description: "What is in a dataset: images by class, colours, duplicates, and files that are not as they should be",
  params: { ...dataset.params, ...describe.params },
  build: (params) => {
    const { summary, counts, samples } = describe({ dataset: dataset(params) }, params)
    const figures = plotDataset({ counts, samples })
    return { summary, table: counts, counts: figures.counts, grid: figures.grid }
  }
})
