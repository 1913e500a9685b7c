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

const { existsSync } = fs
const isThere = (given: unknown): boolean => {
  const file = pathOf(given)
  return file !== null && existsSync(file)
}

/** What flags say: whether nothing of a file that was there is left, whether one is made where none was, and whether it is read. */
const meaningOf = (flags: unknown): readonly [clears: boolean, creates: boolean, reads: boolean] => {
  if (typeof flags === "number") {
    const isExclusive = (flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL)
    return [(flags & O_TRUNC) !== 0 || isExclusive, (flags & O_CREAT) !== 0, (flags & O_ACCMODE) !== O_WRONLY]
  }
  const text = typeof flags === "string" ? flags : "r"
  return [/[wx]/.test(text), text.includes("a"), /[r+]/.test(text)]
}

/** Whether a file that is opened so is one of the past, and whether it is one that is made. */
const openedAs = (flags: unknown, file: unknown): { readonly isRead: boolean; readonly isMade: boolean } => {
  const [clears, creates, reads] = meaningOf(flags)
  const isMade = clears || (creates && !isThere(file))
  return { isMade, isRead: reads && !isMade }
}

type Arguments = ReadonlyArray<unknown>

/** What a function does with files. */
interface Doing {
  /** The failure that a call is to end with, where it reads what it must not. */
  readonly reads?: (args: Arguments, callee: Call) => Error | null
  /**
   * What of what a call gives tells the path that it made; null where it makes none. Asked before the call, as what is there by
   * then is not made, and told after it, as one that failed made nothing.
   */
  readonly makes?: (args: Arguments) => ((given: unknown) => unknown) | null
}

export interface Places {
  /** Folders that hold nothing of the user's: the store and the program. */
  readonly own: ReadonlyArray<string>
}
/** What the system says of itself. */
const SYSTEM = ["/proc", "/sys", "/dev"]
/** A disk in memory, where people keep datasets. */
const MEMORY_DISK = "/dev/shm"

/**
 * Hears of every file that is opened, copied or moved and every folder that is listed, through all of Node's own functions,
 * and remembers what is made by them.
 */
export const watchFiles = ({ own }: Places): void => {
  const isAllowed = (file: string): boolean => {
    const now = allowed()
    const isBelow = (folder: string) => isIn(folder, file)
    return (
      file.includes(`${path.sep}node_modules${path.sep}`) ||
      (SYSTEM.some(isBelow) && !isBelow(MEMORY_DISK)) ||
      [...own, ...(now?.declared.inputs ?? []), ...(now?.made ?? [])].some(isBelow)
    )
  }
  const hearOf = (given: unknown, callee: Call): Error | null => {
    const file = pathOf(given)
    if (file === null || isAllowed(file)) return null
    const by = callerOf(callee, "files")
    return by === null ? null : hear({ kind: "file", name: file, by })
  }

  /** Replaces a function by one that is told of its calls. */
  const replace = (
    functions: Functions,
    name: string,
    { reads, makes }: Doing,
    answers: "at once" | "to a callback" | "by a promise"
  ) => {
    const original = functions[name] as Call
    const watched: Call = function (this: unknown, ...args) {
      const failure = reads?.(args, watched) ?? null
      if (failure !== null && answers === "by a promise") return Promise.reject(failure)
      if (failure !== null) throw failure
      const node = allowed()
      const madeBy = node === null ? null : (makes?.(args) ?? null)
      if (madeBy === null) return Reflect.apply(original, this, args)
      const remember = (given: unknown): unknown => {
        const file = pathOf(madeBy(given))
        if (file !== null && !isAllowed(file)) node?.made.add(file)
        return given
      }
      if (answers === "at once") return remember(Reflect.apply(original, this, args))
      if (answers === "by a promise") return (Reflect.apply(original, this, args) as Promise<unknown>).then(remember)
      const done = args.at(-1)
      // refused by the function itself
      if (typeof done !== "function") return Reflect.apply(original, this, args)
      const told = (error: unknown, ...given: Arguments) => {
        if (error === null || error === undefined) remember(given[0])
        done(error, ...given)
      }
      return Reflect.apply(original, this, [...args.slice(0, -1), told])
    }
    functions[name] = Object.defineProperties(watched, Object.getOwnPropertyDescriptors(original))
  }

  const reads = ([file]: Arguments, callee: Call) => hearOf(file, callee)
  const writing = (usual: string): Doing => ({
    makes: ([file, , options]) => {
      const flag = (options as { readonly flag?: unknown } | undefined | null)?.flag
      return openedAs(flag ?? usual, file).isMade ? () => file : null
    }
  })
  const carrying: Doing = {
    reads,
    makes:
      ([, to]) =>
      () =>
        to
  }
  const WATCHED: Readonly<Record<string, Doing>> = {
    readFile: { reads },
    readdir: { reads },
    opendir: { reads },
    open: {
      reads: ([file, flags], callee) => (openedAs(flags, file).isRead ? hearOf(file, callee) : null),
      makes: ([file, flags]) => (openedAs(flags, file).isMade ? () => file : null)
    },
    copyFile: carrying,
    rename: carrying,
    link: carrying,
    // a folder that was there keeps what it had
    cp: { reads, makes: ([, to]) => (isThere(to) ? null : () => to) },
    writeFile: writing("w"),
    appendFile: writing("a"),
    // with those above it: the first that was not there is given
    mkdir: {
      makes: ([folder, options]) => {
        const isRecursive = (options as { readonly recursive?: unknown } | undefined | null)?.recursive === true
        return (first) => (isRecursive ? first : folder)
      }
    },
    mkdtemp: { makes: () => (made) => made }
  }
  const promises = fs.promises as unknown as Functions
  const functions = fs as unknown as Functions
  for (const [name, doing] of Object.entries(WATCHED)) {
    replace(promises, name, doing, "by a promise")
    replace(functions, name, doing, "to a callback")
    replace(functions, `${name}Sync`, doing, "at once")
  }
  // a stream that is written opens its file by `open`, as Node itself
  replace(functions, "createReadStream", { reads }, "at once")
  replace(functions, "openAsBlob", { reads }, "by a promise")
}
