import { DEFAULTS, isLocale, type Variables } from "../engine/Environment.ts"
import type { Settings } from "../engine/worker-process.ts"

/**
 * What a worker process gets of the command's environment beside what stages declare: what Node, the system's libraries and
 * the drivers need to find their files. Anything else could change a result that no key knows of, the switches of native
 * libraries among it: what is needed of those is set below.
 */
const NEEDED =
  /^(PATH|HOME|USER|LOGNAME|TMPDIR|TMP|TEMP|LD_LIBRARY_PATH|LD_PRELOAD|NODE_EXTRA_CA_CERTS|CUDA_\w+|NVIDIA_\w+)$/

/** Whether a variable is set in a worker whatever its stages declare. */
export const isCommon = (name: string): boolean => NEEDED.test(name) || isLocale(name)

/** How much memory it may take changes no result; any other of Node's options may. */
const heapOptions = (options = ""): Readonly<Record<string, string>> => {
  const heap = options.split(/\s+/).filter((option) => /^--max[-_](old|semi)[-_]space[-_]size=\d+$/.test(option))
  return heap.length === 0 ? {} : { NODE_OPTIONS: heap.join(" ") }
}

/** One locale on every machine, but for the variables of it that a node's stages declare, whose values its key has. */
export const localeOf = (own: Variables, declared: ReadonlyArray<string>): Variables => ({
  ...DEFAULTS,
  // it stands above every other variable of the language
  ...(declared.some((name) => name !== "TZ") ? {} : { LC_ALL: DEFAULTS.LANG }),
  ...Object.fromEntries(declared.filter((name) => own[name] !== undefined).map((name) => [name, own[name]]))
})

export interface Options extends Pick<Settings, "threads" | "locale"> {
  /** The command's own environment. */
  readonly own: Variables
  /** Names of the variables that stages declare. */
  readonly declared: ReadonlySet<string>
  readonly root: string
  readonly home: string
  readonly codeFile: string
}

/**
 * The environment of a worker process, made of the command's own. Libraries read these when they start, so they cannot be
 * set later: glibc keeps freed tensor memory instead of returning it (a quarter faster), TensorFlow and libuv get their
 * threads.
 */
export const workerEnvironment = ({ own, declared, root, home, codeFile, threads, locale }: Options): Variables => {
  const count = String(threads)
  return {
    ...Object.fromEntries(
      Object.entries(own).filter(([name]) => NEEDED.test(name) || (declared.has(name) && !isLocale(name)))
    ),
    ...localeOf(own, locale),
    ...heapOptions(own.NODE_OPTIONS),
    PIPELINE_ROOT: root,
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
