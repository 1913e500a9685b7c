/**
 * How a use of a pipeline that trains on images fits what it makes to the size of these.
 *
 * @module
 */
import type { Artifact, Param } from "headrace"
import { dataset } from "../../stages/dataset.ts"
import { ingest } from "../../stages/ingest.ts"

const datasetParams = { ...dataset.params, ...ingest.params }

/** What a use reads of the run: the images that its network was trained on; and the parameters that their height and width decide. */
export const ofTrainedImages = <P extends object>(paramsOf: (height: number, width: number) => P) => ({
  /** The table of training images, of which only what its trace tells is read. */
  reads: (params: Param.Values<typeof datasetParams>) => ({
    train: ingest({ dataset: dataset(params) }, params).train
  }),
  /** The parameters for images of that size. */
  settings: ({ train }: { readonly train: Artifact.Stored }): Partial<P> => {
    const { shapes } = train.header as { readonly shapes: Readonly<Record<string, ReadonlyArray<number>>> }
    const [height, width] = shapes.image ?? []
    return height === undefined || width === undefined ? {} : paramsOf(height, width)
  }
})
