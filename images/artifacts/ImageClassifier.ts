import * as LayersModel from "./LayersModel.ts"

/** A network over `Pixels`: a tfjs layers model from images [batch, height, width, 3] to class probabilities [batch, classes]. */
export const ImageClassifier = LayersModel.make("ImageClassifier", 1)
