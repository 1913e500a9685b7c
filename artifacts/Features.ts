import * as ArrowTable from "./ArrowTable.ts"
import { tensor } from "./Column.ts"

/** What a frozen MobileNetV2 1.0 sees in an image: 1,280 floats after global average pooling. */
export const Features = ArrowTable.make("Features", 1, { feature: tensor([1280], "float32"), label: "int32" })
