import { Schema } from "effect"
import { Param, Source } from "headrace"
import { local } from "headrace/files"
import { PhotoFiles } from "headrace-images/artifacts/PhotoFiles"

/** Finds a photo that nobody labelled, or a folder of such. */
export const photo = Source.make({
  name: "photo",
  artifact: PhotoFiles,
  params: { photo: Param.make(Schema.NonEmptyString, "photos", "The path of a photo, or of a folder of photos") },
  resolve: ({ photo: file }) => local(file)
})
