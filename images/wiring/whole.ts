/**
 * How a pipeline makes one model of a frozen network and the head behind it, for images of the size that the head was trained on.
 *
 * @module
 */
import type { Artifact, Param } from "headrace"
import { dataset } from "../../stages/dataset.ts"
import { ingest } from "../../stages/ingest.ts"
import { whole } from "../../stages/whole.ts"

const { imageHeight, imageWidth } = whole.params
const datasetParams = { ...dataset.params, ...ingest.params }

/** What such a use takes beside the parameters of the run, and where it has that from. */
export const ofImageSize = {
  params: { imageHeight, imageWidth },
  /** The images that the head was trained on. */
  reads: (params: Param.Values<typeof datasetParams>) => ({
    train: ingest({ dataset: dataset(params) }, params).train
  }),
  /** Their size, as their trace tells it. */
  settings: ({ train }: { readonly train: Artifact.Stored }) => {
    const { shapes } = train.header as { readonly shapes: Readonly<Record<string, ReadonlyArray<number>>> }
    const [height, width] = shapes.image ?? []
    return height === undefined || width === undefined ? {} : { imageHeight: height, imageWidth: width }
  }
}
