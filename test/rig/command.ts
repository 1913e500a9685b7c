import { type ExecFileOptions, execFile } from "node:child_process"

export interface Ended {
  /** Null where a signal ended it. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end, whatever that is. Never the synchronous way: a process that stands still loses vitest. */
export const command = (
  file: string,
  args: ReadonlyArray<string> = [],
  options: ExecFileOptions = {}
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = execFile(
      file,
      [...args],
      { maxBuffer: 1e8, ...options, encoding: "utf8" },
      (error, stdout, stderr) => {
        // a number is the process's exit code, a word says that there was no process
        if (typeof error?.code === "string") reject(error)
        else resolve({ status: child.exitCode, stdout, stderr })
      }
    )
  })
