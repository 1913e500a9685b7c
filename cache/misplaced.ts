import * as fs from "node:fs/promises"
import * as path from "node:path"

// A file where a store has a folder is none of the store's, and may be somebody's all the same: it gives way, and nothing of it is lost.

/** What a store says of itself in, and is known by. */
export const STORE_FILE = "store.json"
/** Where in a store what is damaged, or in the way, is put, in a folder for each repair. */
export const QUARANTINE = "quarantine"

const kindOf = (file: string): Promise<"folder" | "file" | "nothing"> =>
  fs.stat(file).then(
    (stat) => (stat.isDirectory() ? "folder" : "file"),
    () => "nothing"
  )

/** The topmost of a folder and those above it that is none; null where each is one, or is not there. */
const inTheWayOf = async (folder: string): Promise<string | null> => {
  const above = path.dirname(folder)
  const higher = above === folder ? null : await inTheWayOf(above)
  return higher ?? ((await kindOf(folder)) === "file" ? folder : null)
}

/** The store that a file lies in, the innermost one; null where it lies in none. */
const storeOf = async (file: string): Promise<string | null> => {
  const above = path.dirname(file)
  if ((await kindOf(path.join(above, STORE_FILE))) === "file") return above
  return above === file ? null : storeOf(above)
}

/** What was in the way, and where it is by now. */
export interface Moved {
  readonly from: string
  readonly to: string
}

/** Gives a file another name, whose folder is there, and says whether nobody else had. A folder that has taken its place by now stays: none has two names. */
const renamed = async (from: string, to: string): Promise<boolean> => {
  const isFirst = await fs.link(from, to).then(
    () => true,
    (cause) => (cause.code === "EEXIST" ? false : Promise.reject(cause))
  )
  await fs.unlink(from).catch(() => undefined)
  return isFirst
}

/**
 * Puts aside what lies in the way of a folder of a store. Null where nothing does, as when another process was first, or where it lies in no store:
 * whose it is cannot be told there.
 */
export const putAside = async (folder: string): Promise<Moved | null> => {
  const from = await inTheWayOf(folder)
  const home = from === null ? null : await storeOf(from)
  if (from === null || home === null) return null
  const quarantine = path.join(home, QUARANTINE)
  try {
    // what lies there goes after a day, which begins now
    await fs.utimes(from, new Date(), new Date())
    // all that find it at once call it the same
    const name = `misplaced-${(await fs.lstat(from)).ino}`
    const to = path.join(quarantine, name, path.relative(home, from).replaceAll(path.sep, "-"))
    if (from === quarantine) {
      // it lies where it is to be put
      const beside = path.join(home, name)
      if (!(await renamed(from, beside))) return null
      await fs.mkdir(path.dirname(to), { recursive: true })
      await fs.rename(beside, to)
      return { from, to }
    }
    await fs.mkdir(path.dirname(to), { recursive: true })
    return (await renamed(from, to)) ? { from, to } : null
  } catch (cause) {
    if ((cause as { readonly code?: string }).code === "ENOENT") return null
    throw cause
  }
}
