/**
 * The facts of stages that compute with TensorFlow.
 *
 * @module
 */
import { Effect } from "effect"
import { Machine } from "headrace"
import * as Processor from "../services/Processor.ts"
import * as TensorflowInstall from "../services/TensorflowInstall.ts"

/** What changes the bits that TensorFlow computes: its version, the threads that share a sum, the width of a vector. */
export const tensorflowFacts = {
  tensorflow: TensorflowInstall.version,
  threads: Machine.threads,
  instructions: Processor.instructions
}

/** The same for a stage that may be given its number of threads; null takes the machine's. */
export const tensorflowFactsWith = ({ threads }: { readonly threads: number | null }) =>
  threads === null ? tensorflowFacts : { ...tensorflowFacts, threads: Effect.succeed(threads) }
