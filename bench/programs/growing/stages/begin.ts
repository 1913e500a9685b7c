import { Effect, Schema } from "effect"
import { Param, Stage } from "headrace"
import { Total } from "../total.ts"

export const begin = Stage.make({
  name: "begin",
  inputs: {},
  params: { at: Param.make(Schema.Int, 0, "The number") },
  outputs: { begun: Total },
  run: (_, { at }) => Effect.succeed({ begun: { total: at } })
})
