import * as path from "node:path"
import { root } from "./bundle.ts"

/** Where the real datasets and weights lie, for tests in `test/real` alone: all others make what they need. */
export const dataFolder = path.resolve(root, process.env.PIPELINE_MIRROR ?? "../shared/data")

export const dataFiles = {
  /** 4,000 + 1,000 of the official records. */
  cifar10Part: path.join(dataFolder, "cifar-10-binary-5k.tar.gz"),
  /** All 60,000 images, as an image folder of lossless WebP. */
  cifar10Lossless: path.join(dataFolder, "cifar10-images-lossless.tar.gz"),
  /** ImageNet MobileNetV2 1.0/224. */
  weights: path.join(dataFolder, "mobilenet_v2_1.0_224_no_top.dequantized.h5")
}
