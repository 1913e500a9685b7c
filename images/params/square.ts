import { Schema } from "effect"
import { Param } from "headrace"

/** Named by the network that takes the images, so it tells no nodes apart. */
export const sizeParam = Param.make(
  Schema.Int.pipe(Schema.between(8, 1024)).annotations({ description: "a whole number from 8 to 1024" }),
  224,
  "Side of the square images that come out, in pixels",
  () => null
)
