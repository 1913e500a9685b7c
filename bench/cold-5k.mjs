import { cold } from "./rig/cold.mjs"
import { cifar5k } from "./rig/datasets.mjs"
import { build, inScratch, place } from "./rig/product.mjs"
import { write } from "./rig/report.mjs"

export const about = "transfer on 5,000 images with an empty store: seconds, images a second, memory, accuracy"

/** Options: --images N takes the first N images only. */
export const run = ({ images, out }) =>
  inScratch(async (scratch) => {
    const { dataset } = await cifar5k(scratch, images)
    await build()
    const { figures } = await cold("cold-5k", dataset, place(scratch))
    return write(out, "cold-5k", figures)
  })
