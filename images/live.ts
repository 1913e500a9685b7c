import { Layer } from "effect"
import { Figures } from "./services/Figures.ts"
import { Images } from "./services/Images.ts"
import { Onnxruntime } from "./services/Onnxruntime.ts"
import { TensorflowLoader } from "./services/Tensorflow.ts"

/** The services that the stages of images need while they run. */
export const live = Layer.mergeAll(Figures.live, Images.live, TensorflowLoader.live, Onnxruntime.live)
