/**
 * Switches of native libraries that change what they compute: a result would depend on something that no key holds. What
 * is needed of them is set below.
 */
const SWITCHES = /^(TF_|XLA_|ONEDNN_|DNNL_|MKL_|OMP_|KMP_|ORT_|EIGEN_|MALLOC_)/

/**
 * The environment of a worker process, made of the command's own. Libraries read these when they start, so they cannot be
 * set later: glibc keeps freed tensor memory instead of returning it (a quarter faster), TensorFlow and libuv get their
 * threads.
 */
export const workerEnvironment = (
  own: Readonly<Record<string, string | undefined>>,
  home: string,
  codeFile: string,
  threads: number
): Readonly<Record<string, string | undefined>> => {
  const count = String(threads)
  return {
    ...Object.fromEntries(Object.entries(own).filter(([name]) => !SWITCHES.test(name))),
    PIPELINE_HOME: home,
    PIPELINE_CODE: codeFile,
    PIPELINE_THREADS: count,
    MALLOC_MMAP_THRESHOLD_: "4294967296",
    MALLOC_TRIM_THRESHOLD_: "17179869184",
    TF_ENABLE_ONEDNN_OPTS: "1",
    TF_NUM_INTRAOP_THREADS: count,
    TF_NUM_INTEROP_THREADS: "1",
    OMP_NUM_THREADS: count,
    TF_CPP_MIN_LOG_LEVEL: "3",
    UV_THREADPOOL_SIZE: String(Math.max(4, threads))
  }
}
