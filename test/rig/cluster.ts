import { type ChildProcess, spawn } from "node:child_process"
import * as path from "node:path"
import { afterAll, expect, vi } from "vitest"
import { folder } from "./folder.ts"
import { heard } from "./heard.ts"
import { PATIENCE_MILLIS } from "./patience.ts"
import { waitingProject } from "./waiting-project.ts"

// Machines of a cluster: processes of the real command in one project, each with a store of its own, which have a shared one in common.

const program = path.resolve(import.meta.dirname, "../../bin/pipeline.mjs")

/** What a command printed, and how it ended. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs. */
export interface Machine {
  readonly child: ChildProcess
  readonly home: string
  readonly ended: Promise<Ended>
  /** What it said along the way so far. */
  readonly said: () => string
  /** Waits until it has said something. */
  readonly hears: (text: string | RegExp) => Promise<void>
}

const started = new Set<ChildProcess>()

/** Machines of one project that share a folder, as somebody whose key is trusted. */
export const cluster = async (environment: Readonly<Record<string, string>> = {}) => {
  const { root, counted } = waitingProject()
  const shared = {
    PIPELINE_REMOTE: folder("headrace-shared"),
    PIPELINE_KEY_FILE: path.join(folder("headrace-key"), "key"),
    ...environment
  }
  const start = (
    args: ReadonlyArray<string>,
    {
      home = folder("headrace-machine"),
      at = root,
      env = {}
    }: {
      readonly home?: string
      /** The checkout that it works in. */
      readonly at?: string
      readonly env?: Readonly<Record<string, string>>
    } = {}
  ): Machine => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: at,
      // as a shell does: what ends the command need not end what it started
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...shared, PIPELINE_HOME: home, PIPELINE_RESULTS: path.join(home, "results"), ...env }
    })
    started.add(child)
    const { stdout, stderr } = heard(child)
    const ended = new Promise<Ended>((resolve) =>
      child.once("close", (code) => {
        started.delete(child)
        resolve({ code, stdout: stdout(), stderr: stderr() })
      })
    )
    return {
      child,
      home,
      ended,
      said: stderr,
      hears: (text) =>
        Promise.race([
          vi.waitFor(() => expect(stderr()).toMatch(text), { timeout: PATIENCE_MILLIS, interval: 50 }),
          // whoever is over says no more
          ended.then((all) => expect(all.stderr + all.stdout).toMatch(text))
        ])
    }
  }
  const command = (...args: ReadonlyArray<string>) => start(args).ended
  const { key } = JSON.parse((await command("key", "new", "--json")).stdout) as { readonly key: string }
  expect((await command("key", "trust", "ada", key)).code).toBe(0)
  return { root, shared: shared.PIPELINE_REMOTE, counted, start, command }
}
export type Cluster = Awaited<ReturnType<typeof cluster>>

afterAll(() => {
  for (const child of started) child.kill("SIGKILL")
})

/** The nodes of a run's document that it had computed, sorted. */
export const ranIn = ({ stdout }: Ended): ReadonlyArray<string> =>
  (JSON.parse(stdout) as { readonly nodes: ReadonlyArray<{ readonly node: string; readonly status: string }> }).nodes
    .filter(({ status }) => status === "ran")
    .map(({ node }) => node)
    .sort()
