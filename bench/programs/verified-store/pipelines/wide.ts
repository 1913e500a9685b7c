import { Pipeline } from "headrace"
import { fillWide } from "../stages/fill-wide.ts"

export const wide = Pipeline.make({
  name: "wide",
  description: "Fills a table of wide rows",
  params: fillWide.params,
  build: (params) => fillWide({}, params)
})
