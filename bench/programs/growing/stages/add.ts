import { Effect, Schema } from "effect"
import { Param, Stage } from "headrace"
import { Total } from "../total.ts"

export const add = Stage.make({
  name: "add",
  inputs: { before: Total },
  params: { term: Param.make(Schema.Int, 0, "What is added") },
  outputs: { after: Total },
  run: ({ before }, { term }) => Effect.succeed({ after: { total: before.total + term } })
})
