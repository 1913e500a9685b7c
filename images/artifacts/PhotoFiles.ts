import { Files } from "headrace"

/** A photo that nobody labelled, or a folder of such. */
export const PhotoFiles = Files.make("PhotoFiles", 1)
