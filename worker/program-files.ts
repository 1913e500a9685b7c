import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** What the bundler writes before the code of each file that it bundles. */
const FILE = /^\/\/ (\S.*\.[cm]?[jt]sx?)$/

/** Where the code of a file of the program begins in the bundle, its lines counted from 1. */
interface Beginning {
  readonly line: number
  readonly file: string
}

// as they are before anybody replaces them
const readText = readFileSync
/** The bundle. */
export const here = fileURLToPath(import.meta.url)

const linesOf = (): ReadonlyArray<string> => readText(here, "utf8").split("\n")

let known: ReadonlyArray<Beginning> | null = null
const beginnings = (): ReadonlyArray<Beginning> => {
  known ??= linesOf().flatMap((text, at) => {
    const file = FILE.exec(text)?.[1]
    return file === undefined ? [] : [{ line: at + 1, file }]
  })
  return known
}

/** The first of some files of the program whose code, as it is bundled, has something; null where none has. */
export const mentioning = (files: ReadonlySet<string>, what: RegExp): string | null => {
  const lines = linesOf()
  const found = beginnings().find(
    ({ file, line }, at, all) =>
      files.has(file) &&
      lines.slice(line, (all[at + 1]?.line ?? Number.POSITIVE_INFINITY) - 1).some((one) => what.test(one))
  )
  return found?.file ?? null
}

const fileAt = (line: number): string | null => {
  const all = beginnings()
  let [low, high] = [0, all.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((all[middle] as Beginning).line <= line) low = middle + 1
    else high = middle
  }
  return all[low - 1]?.file ?? null
}

/** A place in what Node runs, its line and column counted from 1. */
export interface Frame {
  /** Such as `file:///…/worker.mjs` or `node:fs`; a path of a script. */
  readonly url: string
  readonly line: number
  readonly column: number
}

/** The frames of a stack that lie in a file, the topmost first. */
export const framesOf = (stack: string): ReadonlyArray<Frame> =>
  [...stack.matchAll(/^ +at .*?(node:[\w/]+|file:\/\/\S+?|\/\S+?):(\d+):(\d+)\)?$/gm)].map(
    ([, url = "", line, column]) => ({ url, line: Number(line), column: Number(column) })
  )

/** Where `promisify` calls for somebody. */
const CALLING = /^node:internal\/util$/
/** Where `require` loads a file for somebody. */
const LOADING = /^node:(internal\/modules\/.*|diagnostics_channel)$/

/** As many as lie between who calls `require` and its reading; some, as that of `Object.entries`, lie in no file. */
const FRAMES = 16

const stackBelow = (callee: (...args: ReadonlyArray<never>) => unknown): string => {
  const { stackTraceLimit, prepareStackTrace } = Error
  const holder: { stack?: string } = {}
  Error.stackTraceLimit = FRAMES
  Object.assign(Error, { prepareStackTrace: undefined })
  try {
    Error.captureStackTrace(holder, callee)
    // written when it is first asked for
    return holder.stack ?? ""
  } finally {
    Object.assign(Error, { stackTraceLimit, prepareStackTrace })
  }
}

/**
 * The file of the program whose code called a function, such as `stages/train.ts`, or that of a library that is bundled with
 * it; null where it was Node or a library beside the bundle. Who has Node load a file reads that, and not what Node looks up for
 * itself meanwhile.
 */
export const callerOf = (
  callee: (...args: ReadonlyArray<never>) => unknown,
  reads: "files" | "variables"
): string | null => {
  for (const { url, line } of framesOf(stackBelow(callee))) {
    if (CALLING.test(url) || (reads === "files" && LOADING.test(url))) continue
    return url.startsWith("file:") && fileURLToPath(url) === here ? fileAt(line) : null
  }
  return null
}

/** Whether it is code of others that is bundled. */
export const isLibrary = (file: string): boolean => /(^|\/)node_modules\//.test(file)

/** Where the program's own files lie, as the bundle names them: `node_modules/headrace/dist/`, nothing in its repository. */
let program: string | null = null
const self = (): string => callerOf(self, "files") ?? ""
const programOf = (thisFile: () => string): string => thisFile().replace(/worker\/program-files\.[jt]s$/, "")

/** The folder of the program that a file lies in, such as `engine`; null where it is a project's, whatever its folders are called. */
export const programFolder = (file: string): string | null => {
  program ??= programOf(self)
  return file.startsWith(program) ? (file.slice(program.length).split("/")[0] ?? null) : null
}

const PLATFORM = new Set<string | null>(["engine", "cache", "kinds", "project", "worker"])

/** Whether it is what computes nodes, of which no node's result is: its reads are not the stages'. */
export const isPlatform = (file: string): boolean => PLATFORM.has(programFolder(file))

/** Whether the time, or chance, that it asks for may get into a result: of the services of files only how new one is depends on it. */
export const mayTellTime = (file: string): boolean =>
  !isLibrary(file) && !isPlatform(file) && programFolder(file) !== "files"
