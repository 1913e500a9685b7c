import type { Entry } from "./FileTree.ts"
import { isImageName } from "./ImageNames.ts"

/** A file at a level of its path: the folder there, empty where it lies at the level itself, and the path below. */
export interface Placed {
  readonly entry: Entry
  readonly folder: string
  readonly rest: string
}
export type Level = ReadonlyArray<Placed>

const place = (entry: Entry, path: string): Placed => {
  const slash = path.indexOf("/")
  return { entry, folder: path.slice(0, Math.max(slash, 0)), rest: path.slice(slash + 1) }
}

export const top = (entries: ReadonlyArray<Entry>): Level => entries.map((entry) => place(entry, entry.path))

/** The level below. */
export const deeper = (level: Level): Level => level.map(({ entry, rest }) => place(entry, rest))

/** What lies in a folder of the level, by `/`-separated path. */
export const within = (level: Level, folder: string): Level =>
  folder
    .split("/")
    .reduce((found, segment) => deeper(found.filter((one) => one.folder.normalize("NFC") === segment)), level)

export const isImage = ({ rest }: Placed): boolean => isImageName(rest)

/** Images at the level itself, in no folder. */
export const loose = (level: Level): Level => level.filter((one) => one.folder === "" && isImage(one))

export const folders = (level: Level): ReadonlyArray<string> => [
  ...new Set(level.flatMap(({ folder }) => (folder === "" ? [] : [folder])))
]

/** Folders in which something is an image by its name: documents and labels beside them are no part of the layout. */
export const imageFolders = (level: Level): ReadonlyArray<string> => folders(level.filter(isImage))

/** The level with the folders of two levels exchanged: `cat/train/1.jpg` as `train/cat/1.jpg`. */
export const exchanged = (level: Level): Level =>
  level.map(({ entry, folder, rest }) => {
    const inner = place(entry, rest)
    return { entry, folder: inner.folder, rest: inner.folder === "" ? rest : `${folder}/${inner.rest}` }
  })

/**
 * Looks through folders that hold everything, whatever else that is no image lies beside them. Stops above a folder whose
 * files lie in it directly, unless it is called as the one around it (`test/test/1.jpg`), and above those that `isKept` says.
 */
export const unwrapped = (level: Level, around = "", isKept: (folder: string) => boolean = () => false): Level => {
  const byName = imageFolders(level)
  const [only, another] = byName.length > 0 ? byName : folders(level)
  if (only === undefined || another !== undefined || isKept(only) || loose(level).length > 0) return level
  const inner = level.filter(({ folder }) => folder === only)
  const isWrapper = only === around || inner.some(({ rest }) => rest.includes("/"))
  return isWrapper ? unwrapped(deeper(inner), only, isKept) : level
}
