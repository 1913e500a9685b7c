import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { afterAll, expect } from "vitest"
import { folder } from "./folder.ts"
import { heard } from "./heard.ts"
import { mirror } from "./mirror.ts"
import { mount, unshare } from "./mounts.ts"
import { PATIENCE_MILLIS } from "./patience.ts"

const root = path.resolve(import.meta.dirname, "../..")
const binary = path.join(root, "bin", "pipeline.mjs")

export interface Ended {
  readonly exit: number | null
  readonly stdout: string
  readonly stderr: string
}

const running = new Set<ChildProcess>()
afterAll(() => {
  for (const child of running) child.kill("SIGKILL")
})

const ended = (command: string, args: ReadonlyArray<string>, env: Readonly<Record<string, string>>): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: PATIENCE_MILLIS,
      killSignal: "SIGKILL"
    })
    running.add(child)
    const { stdout, stderr } = heard(child)
    child.once("error", reject)
    child.once("close", (exit) => {
      running.delete(child)
      resolve({ exit, stdout: stdout(), stderr: stderr() })
    })
  })

/** Every file under a folder with its size and time, so that two moments can be compared. */
const filesUnder = (at: string): ReadonlyArray<string> =>
  fs
    .readdirSync(at, { recursive: true, withFileTypes: true })
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => fs.lstatSync(file).isFile())
    .map((file) => `${path.relative(at, file)} ${fs.statSync(file).size} ${fs.statSync(file).mtimeMs}`)
    .sort()

/** A cache and a results folder that holds an earlier run's result. */
export interface Place {
  readonly home: string
  readonly results: string
}

export const place = (home = path.join(folder("bad-input"), "home")): Place => {
  const results = folder("bad-input-results")
  fs.mkdirSync(path.join(results, "transfer"))
  fs.writeFileSync(path.join(results, "transfer", "metrics.json"), "{}")
  return { home, results }
}

export interface Options {
  readonly env?: Readonly<Record<string, string>>
  readonly at?: Place
  /** What the command is run by, such as `unshare`; the command is appended. */
  readonly under?: (at: Place) => ReadonlyArray<string>
}

let standard: string | undefined

/** Runs the real binary, with a mirror of weights unless another is named. */
export const pipeline = (args: ReadonlyArray<string>, { env = {}, at = place(), under }: Options = {}) => {
  const [command = "", ...rest] = [...(under?.(at) ?? []), process.execPath, binary, ...args]
  standard ??= mirror()
  return ended(command, rest, {
    PIPELINE_HOME: at.home,
    PIPELINE_RESULTS: at.results,
    PIPELINE_MIRROR: standard,
    ...env
  })
}

export interface Refusal {
  readonly tag: string
  readonly what: string
  readonly expected: string
  readonly fix: string
}

export interface Refused extends Refusal {
  /** What the command printed with `--json`. */
  readonly document: {
    readonly status: string
    readonly run?: string
    readonly nodes?: ReadonlyArray<{
      readonly node: string
      readonly status: string
      readonly key: string | null
      readonly error: Refusal | null
    }>
  }
}

const STACK = /^\s+at .+[:(]|node:internal|This is a bug|\[object |Effect\.|FiberFailure/m

/** Written by `mounted`: what lay in a cache that is gone with its mount. */
const listing = (home: string): string => `${home}.files`

/** What a command may leave behind: nothing that is unfinished, held, or says that the failed stage has a result. */
const expectClean = ({ home, results }: Place, before: ReadonlyArray<string>, failed: ReadonlyArray<string>) => {
  const left = fs.existsSync(listing(home))
    ? fs.readFileSync(listing(home), "utf8").split("\n")
    : fs.existsSync(home)
      ? filesUnder(home)
      : []
  expect(left.filter((file) => /\.tmp|\.part|^leases\//.test(file))).toEqual([])
  for (const key of failed) expect(left.filter((file) => file.includes(key))).toEqual([])
  expect(filesUnder(results)).toEqual(before)
}

const word = /\S/

/**
 * Runs the command while a file system with these mount options lies at its cache, or where `at` says. `after` is more of
 * the shell's, in which "$@" is the command; it runs once the file system is there.
 */
export const mounted =
  (options: string, where: (place: Place) => string = ({ home }) => home, after = '"$@"') =>
  (place: Place): ReadonlyArray<string> => {
    const at = where(place)
    const list = `code=$?; cd "${at}" && find . -type f | sed 's#^./##' > "${listing(place.home)}"; exit $code`
    return [...unshare("-m"), "sh", "-c", `${mount(at, options)} || exit 99; ${after}; ${list}`, "sh"]
  }

/** Runs the command without any network. */
export const offline = (): ReadonlyArray<string> => unshare("-n")

/**
 * Runs a command that must be refused, for people and with --json, each in a cache of its own unless one is given.
 * Checks all that refusals share: exit code, one message in three parts, one document, no stack trace, nothing left.
 */
export const refused = async (args: ReadonlyArray<string>, exit: 1 | 2, options: Options = {}): Promise<Refused> => {
  const [plainAt, jsonAt] = [options.at ?? place(), options.at ?? place()]
  const [plainBefore, jsonBefore] = [filesUnder(plainAt.results), filesUnder(jsonAt.results)]
  const asPlain = () => pipeline(args, { ...options, at: plainAt })
  const asJson = () => pipeline([...args, "--json"], { ...options, at: jsonAt })
  // one after the other where they share a cache: who waits for the other's lease says so
  const [plain, json] =
    options.at === undefined ? await Promise.all([asPlain(), asJson()]) : [await asPlain(), await asJson()]

  expect(json.stdout, json.stderr).toMatch(/^\{[\s\S]*\}\n$/)
  const document = JSON.parse(json.stdout) as Refused["document"] & { readonly error: Refusal }
  const { error } = document
  expect(document.status).toBe("failed")
  for (const part of ["tag", "what", "expected", "fix"] as const) expect(error[part], part).toMatch(word)

  const sentence = `${error.what}; expected ${error.expected}. ${error.fix}`
  expect(withoutRun(plain.stderr)).toContain(withoutRun(sentence))
  expect(sentence).toMatch(/[.?!]$/)
  for (const text of [plain.stdout, plain.stderr, json.stdout, json.stderr]) expect(text).not.toMatch(STACK)
  expect({ plain: plain.exit, json: json.exit }).toEqual({ plain: exit, json: exit })

  const failed = (document.nodes ?? []).filter(({ status }) => status === "failed")
  for (const node of failed) expect(node.error?.what, node.node).toMatch(word)
  const keys = failed.flatMap(({ key }) => key ?? [])
  expectClean(plainAt, plainBefore, keys)
  expectClean(jsonAt, jsonBefore, keys)
  if (process.env.SHOW === "1") console.log(`${args.join(" ")}\n  ${error.tag}: ${sentence}`)
  return { ...error, document }
}

/** What differs between two runs of one command: where their caches lie, and the names of temporary files. */
const withoutRun = (text: string): string => text.replaceAll(/\/[^ ]*\/(?:bad-input|headrace-test)-[^ ]*/g, "PATH")
