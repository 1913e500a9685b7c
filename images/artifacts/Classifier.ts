import * as LayersModel from "./LayersModel.ts"

/** A head over `Features`: a tfjs layers model from [batch, features] to class probabilities [batch, classes]. */
export const Classifier = LayersModel.make("Classifier", 2)
