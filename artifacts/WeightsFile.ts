import * as Files from "./Files.ts"

/** The weights of a network, in the HDF5 layout of Keras' applications. */
export const WeightsFile = Files.make("KerasWeights", 1)
