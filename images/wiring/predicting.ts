/**
 * How pipelines that train on images predict what photos show: which parameters that takes beside a run's, and where the photos come from.
 *
 * @module
 */
import { Schema } from "effect"
import { Param } from "headrace"
import { photo } from "../../stages/photo.ts"
import { readPhotos } from "../../stages/read-photos.ts"
import { ofTrainedImages } from "./trained-images.ts"

/** What predicting takes beside the parameters of the run whose model is asked. */
export const photoParams = {
  files: Param.make(
    Schema.Array(Schema.NonEmptyString).annotations({ description: "a list of paths" }),
    [],
    "Photos, and folders of photos"
  ),
  ...readPhotos.params
}

/** Photos are stretched to the size of the images that the model was trained on. */
export const asTrained = ofTrainedImages((photoHeight, photoWidth) => ({ photoHeight, photoWidth }))

/** The photos of the files and folders, in their order. */
export const photosOf = (params: Param.Values<typeof photoParams>) =>
  readPhotos({ photos: params.files.map((file) => photo({ photo: file })) }, params)
