import fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { callerOf } from "./program-files.ts"
import { allowed, hear } from "./read-watch.ts"

type Call = (this: unknown, ...args: ReadonlyArray<unknown>) => unknown
type Functions = Record<string, Call>

/** Null for what is no path: a descriptor, a handle that was opened before. */
const pathOf = (given: unknown): string | null => {
  if (typeof given === "string") return path.resolve(given)
  if (given instanceof URL) return fileURLToPath(given)
  return Buffer.isBuffer(given) ? path.resolve(given.toString()) : null
}

const isIn = (folder: string, file: string): boolean =>
  file === folder || file.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep)

const { O_WRONLY, O_TRUNC, O_EXCL, O_CREAT } = fs.constants
/** The bits of the flags that say whether a file is opened to be read, written or both. */
const O_ACCMODE = 3

/** Whether a file that is opened so is one of the past, and whether it is one that is made. */
const openedAs = (flags: unknown): { readonly isRead: boolean; readonly isMade: boolean } => {
  if (typeof flags === "number") {
    const isMade = (flags & O_TRUNC) !== 0 || (flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL)
    return { isMade, isRead: !isMade && (flags & O_ACCMODE) !== O_WRONLY }
  }
  const text = typeof flags === "string" ? flags : "r"
  const isMade = text.includes("w") || text.includes("x")
  return { isMade, isRead: !isMade && (text.includes("r") || text.includes("+")) }
}

export interface Places {
  /** Folders that hold nothing of the user's: the store and the program. */
  readonly own: ReadonlyArray<string>
}
/** What the system says of itself. */
const SYSTEM = ["/proc", "/sys", "/dev"]

/** Hears of every file that is opened or copied and every folder that is listed, through all of Node's own functions. */
export const watchFiles = ({ own }: Places): void => {
  const isAllowed = (file: string): boolean => {
    const now = allowed()
    return (
      file.includes(`${path.sep}node_modules${path.sep}`) ||
      [...own, ...SYSTEM, ...(now?.declared.inputs ?? []), ...(now?.made ?? [])].some((folder) => isIn(folder, file))
    )
  }
  const hearOf = (given: unknown, callee: Call): Error | null => {
    const file = pathOf(given)
    if (file === null || isAllowed(file)) return null
    const by = callerOf(callee)
    return by === null ? null : hear({ kind: "file", name: file, by })
  }
  const remember = (given: unknown): void => {
    const file = pathOf(given)
    if (file !== null && !isAllowed(file)) allowed()?.made.add(file)
  }

  /** Replaces a function by one that is told of a call's arguments first, and of what it gives. */
  const replace = (
    functions: Functions,
    name: string,
    before: (args: ReadonlyArray<unknown>, callee: Call) => Error | null,
    fails: "throws" | "rejects"
  ) => {
    const original = functions[name] as Call
    const watched: Call = function (this: unknown, ...args) {
      const failure = before(args, watched)
      if (failure === null) return Reflect.apply(original, this, args)
      if (fails === "throws") throw failure
      return Promise.reject(failure)
    }
    functions[name] = Object.defineProperties(watched, Object.getOwnPropertyDescriptors(original))
  }
  const reading = ([file]: ReadonlyArray<unknown>, callee: Call) => hearOf(file, callee)
  /** Its options stand at a place among the arguments, and say whether what was there is kept. */
  const making = (at: number) => (args: ReadonlyArray<unknown>) => {
    const options = args[at] as { readonly flag?: unknown; readonly flags?: unknown } | undefined
    if (openedAs(options?.flag ?? options?.flags ?? "w").isMade) remember(args[0])
    return null
  }
  const opening = ([file, flags]: ReadonlyArray<unknown>, callee: Call) => {
    const { isRead, isMade } = openedAs(flags)
    if (isMade) remember(file)
    return isRead ? hearOf(file, callee) : null
  }
  const WATCHED = {
    readFile: reading,
    readdir: reading,
    opendir: reading,
    open: opening,
    copyFile: reading,
    cp: reading,
    writeFile: making(2)
  }
  const promises = fs.promises as unknown as Functions
  const functions = fs as unknown as Functions
  for (const [name, before] of Object.entries(WATCHED)) {
    replace(promises, name, before, "rejects")
    replace(functions, name, before, "throws")
    replace(functions, `${name}Sync`, before, "throws")
  }
  replace(functions, "createReadStream", reading, "throws")
  replace(functions, "createWriteStream", making(1), "throws")
  replace(functions, "openAsBlob", reading, "rejects")
  rememberMade(functions, promises, remember)
}

/** Temporary folders get their names when they are made. */
const rememberMade = (functions: Functions, promises: Functions, remember: (folder: unknown) => void): void => {
  const [sync, inCallback, inPromise] = [functions.mkdtempSync, functions.mkdtemp, promises.mkdtemp] as [
    Call,
    Call,
    Call
  ]
  const told = (made: unknown) => {
    remember(made)
    return made
  }
  functions.mkdtempSync = (...args) => told(sync(...args))
  promises.mkdtemp = async (...args) => told(await inPromise(...args))
  functions.mkdtemp = (...args) => {
    const done = args.at(-1) as (error: unknown, made: unknown) => void
    return inCallback(...args.slice(0, -1), (error: unknown, made: unknown) =>
      done(error, error === null ? told(made) : made)
    )
  }
}
