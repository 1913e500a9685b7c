import { Schema } from "effect"
import { Param, Pipeline } from "headrace"
import { add } from "../stages/add.ts"
import { begin } from "../stages/begin.ts"
import { sum } from "../stages/sum.ts"

export const nodes = Pipeline.make({
  name: "nodes",
  description: "Half of its nodes beside each other, and half one after the other",
  params: { count: Param.make(Schema.Int.pipe(Schema.greaterThan(1)), 10, "How many nodes") },
  build: ({ count }) => {
    const half = Math.floor(count / 2)
    const beside = Array.from({ length: half }, (_, at) => begin({}, { at }).begun)
    let after = sum({ all: beside }).sum
    for (let term = 1; term < count - half; term++) after = add({ before: after }, { term }).after
    return { total: after }
  }
})
