import type { Entry } from "./FileTree.ts"
import { isImageName } from "./ImageNames.ts"
import * as PassedOver from "./PassedOver.ts"

/** A file at a level of its path: the folder there, empty where it lies at the level itself, and the path below. */
export interface Placed {
  readonly entry: Entry
  readonly folder: string
  readonly rest: string
  /** By its name; in a dataset without any such name, by where it lies. */
  readonly isImage: boolean
}
export type Level = ReadonlyArray<Placed>

const place = ({ entry, isImage }: Pick<Placed, "entry" | "isImage">, path: string): Placed => {
  const slash = path.indexOf("/")
  return { entry, isImage, folder: path.slice(0, Math.max(slash, 0)), rest: path.slice(slash + 1) }
}

/** Where no file is called as an image is, `cat/0001` is one as well: every file in a folder that has no other known ending. */
export const top = (entries: ReadonlyArray<Entry>): Level => {
  const isNamed = entries.some(({ path }) => isImageName(path))
  const isImage = (path: string) => (isNamed ? isImageName(path) : path.includes("/") && PassedOver.mayBeImage(path))
  return entries.map((entry) => place({ entry, isImage: isImage(entry.path) }, entry.path))
}

/** The level below. */
export const deeper = (level: Level): Level => level.map((placed) => place(placed, placed.rest))

/** What lies in a folder of the level, by `/`-separated path. */
export const within = (level: Level, folder: string): Level =>
  folder
    .split("/")
    .map((segment) => segment.normalize("NFC"))
    .reduce((found, segment) => deeper(found.filter((one) => one.folder.normalize("NFC") === segment)), level)

export const isImage = ({ isImage }: Placed): boolean => isImage

/** Images, by their names, at the level itself, in no folder. */
export const loose = (level: Level): Level => level.filter((one) => one.folder === "" && isImageName(one.rest))

export const folders = (level: Level): ReadonlyArray<string> => [
  ...new Set(level.flatMap(({ folder }) => (folder === "" ? [] : [folder])))
]

/** Folders in which something is an image: documents and labels beside them are no part of the layout. */
export const imageFolders = (level: Level): ReadonlyArray<string> => folders(level.filter(isImage))

/** The level with the folders of two levels exchanged: `cat/train/1.jpg` as `train/cat/1.jpg`. */
export const exchanged = (level: Level): Level =>
  level.map((placed) => {
    const inner = place(placed, placed.rest)
    return { ...inner, rest: inner.folder === "" ? placed.rest : `${placed.folder}/${inner.rest}` }
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
