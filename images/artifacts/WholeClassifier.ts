import * as LayersModel from "./LayersModel.ts"

/**
 * A whole classifier of images: a tfjs layers model from pixels [batch, height, width, 3], RGB from 0 to 255, to class
 * probabilities [batch, classes], with all that is done to pixels before.
 */
export const WholeClassifier = LayersModel.make("WholeClassifier", 1)
