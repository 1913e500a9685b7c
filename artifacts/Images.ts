import * as ArrowTable from "./ArrowTable.ts"
import { open, tensor } from "./Column.ts"

/** Decoded images, uint8 [height, width, 3] in RGB, all of one size, each with the number of its class. */
export const Images = ArrowTable.make("Images", 1, { image: tensor([open, open, 3], "uint8"), label: "int32" })
