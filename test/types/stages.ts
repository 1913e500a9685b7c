import { augment } from "../../stages/augment.ts"
import { dataset } from "../../stages/dataset.ts"
import { extractFeatures } from "../../stages/extract-features.ts"
import { ingest } from "../../stages/ingest.ts"
import { mobilenetV2Weights } from "../../stages/mobilenet-v2-weights.ts"
import { normalize } from "../../stages/normalize.ts"
import { resize } from "../../stages/resize.ts"
import { resizeTo224 } from "../../stages/resize-to-224.ts"
import { train } from "../../stages/train.ts"

// What the stages themselves are to `tsc`: every line under an `@ts-expect-error` must not compile. Never run.

const images = ingest({ dataset: dataset() })
const { normalized } = normalize({ images: images.train })
const weights = mobilenetV2Weights({ backbone: "mobilenet_v2_0.5_96" })
const { augmented } = augment({ pixels: normalized }, { view: 2, size: 96 })
const { resized } = resize({ pixels: normalized }, { size: 96 })
const { resized: resizedTo224 } = resizeTo224({ pixels: normalized })
const { features } = extractFeatures({ pixels: augmented, weights }, { backbone: "mobilenet_v2_0.5_96" })

// the one size that code fixes is a literal of the type, those that a parameter decides are open
export const fixed: readonly [224, 224, 3] = resizedTo224.artifact.columns.image.shape
// @ts-expect-error a size that a parameter decides
export const open: readonly [224, 224, 3] = resized.artifact.columns.image.shape
// @ts-expect-error a size that a parameter decides
export const view: readonly [224, 224, 3] = augmented.artifact.columns.image.shape

// views and images, features of any width
train({ features: [features, extractFeatures({ pixels: resizedTo224, weights }).features], validation: [] })
// @ts-expect-error pixels of a view where its features are wanted
train({ features: [features, augmented], validation: [] })
// @ts-expect-error images before they are brought to [0, 1]
augment({ pixels: images.train })
// @ts-expect-error features where images are wanted
extractFeatures({ pixels: features, weights })
// @ts-expect-error a width and size that Keras publishes no weights for
mobilenetV2Weights({ backbone: "mobilenet_v2_1.4_96" })
// @ts-expect-error no such backbone
extractFeatures({ pixels: resized, weights }, { backbone: "resnet50_224" })
// @ts-expect-error a share where only yes or no is meant
augment({ pixels: normalized }, { flip: 0.5 })
