import { Files } from "headrace"

/** The weights of a network, in the HDF5 layout of Keras' applications. */
export const WeightsFile = Files.make("KerasWeights", 1)
