import { Files } from "headrace"

/** The files of a labelled dataset: an archive, or an image folder. */
export const DatasetFiles = Files.make("Dataset", 1)
