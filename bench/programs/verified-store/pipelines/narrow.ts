import { Pipeline } from "headrace"
import { fillNarrow } from "../stages/fill-narrow.ts"

export const narrow = Pipeline.make({
  name: "narrow",
  description: "Fills a table of narrow rows",
  params: fillNarrow.params,
  build: (params) => fillNarrow({}, params)
})
