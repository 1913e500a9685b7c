/**
 * How pipelines that train on images predict what photos show: which parameters that takes beside a run's, and where the photos come from.
 *
 * @module
 */
import { Schema } from "effect"
import { type Artifact, Param } from "headrace"
import { dataset } from "../../stages/dataset.ts"
import { ingest } from "../../stages/ingest.ts"
import { photo } from "../../stages/photo.ts"
import { readPhotos } from "../../stages/read-photos.ts"

/** What predicting takes beside the parameters of the run whose model is asked. */
export const photoParams = {
  files: Param.make(
    Schema.Array(Schema.NonEmptyString).annotations({ description: "a list of paths" }),
    [],
    "Photos, and folders of photos"
  ),
  ...readPhotos.params
}

const datasetParams = { ...dataset.params, ...ingest.params }

/** What predicting reads of the run: the images that the model was trained on, whose size photos are stretched to. */
export const asTrained = {
  /** The table of training images, of which only what its trace tells is read. */
  reads: (params: Param.Values<typeof datasetParams>) => ({
    train: ingest({ dataset: dataset(params) }, params).train
  }),
  /** The size of these images, as parameters of `readPhotos`. */
  settings: ({ train }: { readonly train: Artifact.Stored }) => {
    const { shapes } = train.header as { readonly shapes: Readonly<Record<string, ReadonlyArray<number>>> }
    const [height, width] = shapes.image ?? []
    return height === undefined || width === undefined ? {} : { photoHeight: height, photoWidth: width }
  }
}

/** The photos of the files and folders, in their order. */
export const photosOf = (params: Param.Values<typeof photoParams>) =>
  readPhotos({ photos: params.files.map((file) => photo({ photo: file })) }, params)
