import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { Effect } from "effect"
import type { Revision } from "./Revision.ts"

const run = promisify(execFile)

/** The project alone, also where it is a folder of a repository; a new file that nobody ignores is a change of it. */
const STATUS = ["status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--", "."]

/** Nobody waits for it; it must end. */
const MOST_MILLIS = 10_000
/** One change is enough to know. */
const MOST_BYTES = 64 * 1024

/** What leads git elsewhere, as a hook's environment does; and it is to write nothing, not even its index. */
const environment = (own: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const { GIT_DIR, GIT_WORK_TREE, GIT_INDEX_FILE, GIT_PREFIX, ...others } = own
  return { ...others, GIT_OPTIONAL_LOCKS: "0" }
}

/** The commit, and whether there is a line about any file; null in a repository without a commit. */
const read = (status: string): Revision | null => {
  const lines = status.split("\n").filter((line) => line !== "")
  const commit = /^# branch\.oid ([0-9a-f]{40,64})$/m.exec(status)?.[1]
  return commit === undefined ? null : { commit, isDirty: lines.some((line) => !line.startsWith("#")) }
}

/** Asks git. Null where there is no git or no repository, or where it does not say. */
export const revisionOf = (root: string, git = "git"): Effect.Effect<Revision | null> =>
  Effect.tryPromise({
    try: (signal) =>
      run(git, STATUS, {
        cwd: root,
        signal,
        timeout: MOST_MILLIS,
        killSignal: "SIGKILL",
        maxBuffer: MOST_BYTES,
        env: environment(process.env)
      }),
    catch: (error) => error as { readonly code?: unknown; readonly stdout?: string }
  }).pipe(
    Effect.map(({ stdout }) => read(stdout)),
    Effect.catchAll(({ code, stdout = "" }) =>
      Effect.succeed(code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER" ? read(stdout) : null)
    )
  )
