import { Schema } from "effect"

/** The sizes that a sweep goes through: different ones, since equal networks would be one node. */
export const sizes = Schema.Array(Schema.Int.pipe(Schema.between(1, 65_536)))
  .pipe(Schema.filter((list) => list.length >= 1 && list.length <= 20 && new Set(list).size === list.length))
  .annotations({ description: "a list of 1 to 20 different whole numbers from 1 to 65536" })
