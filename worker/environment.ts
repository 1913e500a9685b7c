/**
 * What a worker process gets of the command's environment beside what stages declare: what Node, the system's libraries and
 * the drivers need to find their files. Anything else could change a result that no key knows of, the switches of native
 * libraries among it: what is needed of those is set below.
 */
const NEEDED =
  /^(PATH|HOME|USER|LOGNAME|TMPDIR|TMP|TEMP|LANG|LANGUAGE|LC_\w+|TZ|LD_LIBRARY_PATH|LD_PRELOAD|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|CUDA_\w+|NVIDIA_\w+)$/

/** Whether a variable reaches a worker whatever its stages declare. */
export const isNeeded = (name: string): boolean => NEEDED.test(name)

export interface Options {
  /** The command's own environment. */
  readonly own: Readonly<Record<string, string | undefined>>
  /** Names of the variables that stages declare. */
  readonly declared: ReadonlySet<string>
  readonly home: string
  readonly codeFile: string
  /** Native threads. */
  readonly threads: number
}

/**
 * The environment of a worker process, made of the command's own. Libraries read these when they start, so they cannot be
 * set later: glibc keeps freed tensor memory instead of returning it (a quarter faster), TensorFlow and libuv get their
 * threads.
 */
export const workerEnvironment = ({
  own,
  declared,
  home,
  codeFile,
  threads
}: Options): Readonly<Record<string, string | undefined>> => {
  const count = String(threads)
  return {
    ...Object.fromEntries(Object.entries(own).filter(([name]) => isNeeded(name) || declared.has(name))),
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
