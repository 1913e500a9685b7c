import * as Machine from "../services/Machine.ts"
import * as TensorflowInstall from "../services/TensorflowInstall.ts"

/** What of the machine changes the bits that TensorFlow computes: its version, and how many threads share a sum. */
export const tensorflowFacts = { tensorflow: TensorflowInstall.version, threads: Machine.threads }
