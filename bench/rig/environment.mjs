import { availableParallelism } from "node:os"

export const threads = String(process.env.PIPELINE_THREADS ?? availableParallelism())

/** As worker/environment.ts has it, for what is measured in a process of its own; peers get the same. */
export const environment = {
  MALLOC_MMAP_THRESHOLD_: "4294967296",
  MALLOC_TRIM_THRESHOLD_: "17179869184",
  TF_NUM_INTRAOP_THREADS: threads,
  TF_NUM_INTEROP_THREADS: "1",
  TF_CPP_MIN_LOG_LEVEL: "3"
}
