import { Schema } from "effect"
import { Param, Pipeline } from "headrace"
import { add } from "../stages/add.ts"
import { begin } from "../stages/begin.ts"

export const points = Pipeline.make({
  name: "points",
  description: "A node that all points share, and one for each",
  params: { term: Param.make(Schema.Int, 0, "What is added") },
  build: ({ term }) => ({ total: add({ before: begin({}).begun }, { term }).after })
})
