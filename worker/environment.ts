/**
 * The environment of a worker process. Libraries read these when they start, so they cannot be set later: glibc keeps
 * freed tensor memory instead of returning it (a quarter faster), TensorFlow and libuv get their threads.
 */
export const workerEnvironment = (
  home: string,
  codeFile: string,
  threads: number
): Readonly<Record<string, string>> => {
  const count = String(threads)
  return {
    PIPELINE_HOME: home,
    PIPELINE_CODE: codeFile,
    PIPELINE_THREADS: count,
    MALLOC_MMAP_THRESHOLD_: "4294967296",
    MALLOC_TRIM_THRESHOLD_: "17179869184",
    TF_NUM_INTRAOP_THREADS: count,
    TF_NUM_INTEROP_THREADS: "1",
    OMP_NUM_THREADS: count,
    TF_CPP_MIN_LOG_LEVEL: "3",
    UV_THREADPOOL_SIZE: String(Math.max(4, threads))
  }
}
