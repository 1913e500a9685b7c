import { Effect } from "effect"
import { Stage } from "headrace"
import { Total } from "../total.ts"

export const sum = Stage.make({
  name: "sum",
  inputs: { all: Stage.many(Total) },
  outputs: { sum: Total },
  run: ({ all }) => Effect.succeed({ sum: { total: all.reduce((total, one) => total + one.total, 0) } })
})
