import { Either, Schema } from "effect"
import type { Entry } from "./FileTree.ts"
import * as TestShare from "./TestShare.ts"

/** Folders that don't say which image is of which class, or not for every split. */
export class ImageFolderRefused extends Schema.TaggedError<ImageFolderRefused>()("ImageFolderRefused", {
  source: Schema.String,
  what: Schema.String,
  expected: Schema.String,
  fix: Schema.String
}) {
  override get message() {
    return `${this.source} ${this.what}; expected ${this.expected}. ${this.fix}`
  }
}

export interface Labelled {
  readonly entry: Entry
  readonly label: number
}

export interface ImageLayout {
  /** Sorted; a label is an index into them. */
  readonly classes: ReadonlyArray<string>
  readonly train: ReadonlyArray<Labelled>
  readonly test: ReadonlyArray<Labelled>
}

interface Placed {
  readonly entry: Entry
  readonly folder: string
  readonly rest: string
}

const imageName = /\.(jpe?g|png|webp|gif|tiff?|avif|heic|bmp)$/i
const testFolders = ["test", "val", "validation"]
const shape = "train/CLASS/*.jpg and test/CLASS/*.jpg, or CLASS/*.jpg"

const place = (entry: Entry, path: string): Placed => {
  const slash = path.indexOf("/")
  return { entry, folder: path.slice(0, Math.max(slash, 0)), rest: path.slice(slash + 1) }
}

const deeper = (placed: ReadonlyArray<Placed>): ReadonlyArray<Placed> =>
  placed.map(({ entry, rest }) => place(entry, rest))

const foldersOf = (placed: ReadonlyArray<Placed>): ReadonlySet<string> =>
  new Set(placed.flatMap(({ folder }) => (folder === "" ? [] : [folder])))

/** Skips folders that hold everything, down to the one whose folders are the splits or the classes. */
const unwrapped = (placed: ReadonlyArray<Placed>): ReadonlyArray<Placed> => {
  const isWrapper = placed.every(({ folder }) => folder !== "") && foldersOf(placed).size === 1
  return isWrapper && placed.some(({ rest }) => rest.includes("/")) ? unwrapped(deeper(placed)) : placed
}

const byClassThenName = (a: Placed, b: Placed): number =>
  a.folder === b.folder ? (a.rest < b.rest ? -1 : 1) : a.folder < b.folder ? -1 : 1

/** A layout as it is found, however little there is to train or test on. */
export interface Assigned extends ImageLayout {
  /** The folder whose images are tested on; null where they are chosen by a hash of their path. */
  readonly testFolder: string | null
}

/** The paths of each class, of what lies in a class folder. */
const byClass = (
  placed: ReadonlyArray<Placed>,
  pathIn: (one: Placed) => string
): ReadonlyArray<ReadonlyArray<string>> => {
  const classes = new Map<string, Array<string>>()
  for (const one of placed) {
    if (one.folder === "") continue
    const paths = classes.get(one.folder) ?? []
    classes.set(one.folder, paths)
    paths.push(pathIn(one))
  }
  return [...classes.values()]
}

const refusing =
  (source: string) =>
  (what: string, expected: string, fix: string): Either.Either<never, ImageFolderRefused> =>
    Either.left(new ImageFolderRefused({ source, what, expected, fix }))

/**
 * Which file is an image of which class, in which split. Files beside the class folders, such as a README, are left out;
 * within a class folder, at any depth, everything is an image. With `train` and `test` (else `val`, `validation`) these
 * are the splits; otherwise `testFraction` of each class's images are tested on, chosen by hashes of their paths.
 */
export const assign = (
  source: string,
  entries: ReadonlyArray<Entry>,
  testFraction: number
): Either.Either<Assigned, ImageFolderRefused> => {
  const refuse = refusing(source)
  const strays = (placed: ReadonlyArray<Placed>) =>
    placed.find(({ folder, rest }) => folder === "" && imageName.test(rest))

  if (!entries.some((entry) => entry.path.includes("/") || imageName.test(entry.path))) {
    return refuse("holds no images", shape, "Give the folder, or an archive of it, that holds the class folders.")
  }
  const top = unwrapped(entries.map((entry) => place(entry, entry.path)))
  const folders = foldersOf(top)
  const testFolder = folders.has("train") ? testFolders.find((name) => folders.has(name)) : undefined
  const inFolder = (name: string) => deeper(top.filter(({ folder }) => folder === name))
  const isSplit = testFolder !== undefined
  const pathIn = ({ folder, rest }: Placed) => `${folder}/${rest}`
  const tested = isSplit ? new Set<string>() : TestShare.choose(byClass(top, pathIn), testFraction)
  const isTested = (placed: Placed) => tested.has(pathIn(placed))
  const train = isSplit ? inFolder("train") : top.filter((placed) => !isTested(placed))
  const test = isSplit ? inFolder(testFolder) : top.filter(isTested)

  const besides = [...folders].find((name) => isSplit && name !== "train" && !testFolders.includes(name))
  if (besides !== undefined && top.some(({ folder, rest }) => folder === besides && imageName.test(rest))) {
    return refuse(`has images in ${besides}/ beside train/ and ${testFolder}/`, shape, `Move ${besides}/ elsewhere.`)
  }
  const stray = strays(train) ?? strays(test) ?? strays(top)
  if (stray !== undefined) {
    return refuse(
      `has the image ${stray.entry.path} in no class folder`,
      shape,
      "Move it into the folder of its class."
    )
  }
  const classes = [...foldersOf([...train, ...test])].sort()
  const labels = new Map(classes.map((name, label) => [name, label]))
  const labelled = (placed: ReadonlyArray<Placed>): ReadonlyArray<Labelled> =>
    placed
      .filter(({ folder }) => folder !== "")
      .sort(byClassThenName)
      .map(({ entry, folder }) => ({ entry, label: labels.get(folder) ?? 0 }))
  return Either.right({ classes, train: labelled(train), test: labelled(test), testFolder: testFolder ?? null })
}

/** The layout of a folder that can be trained and tested on: images of two classes or more in training, one to test on. */
export const layout = (
  source: string,
  entries: ReadonlyArray<Entry>,
  testFraction: number
): Either.Either<ImageLayout, ImageFolderRefused> =>
  Either.flatMap(assign(source, entries, testFraction), ({ testFolder, ...found }) => {
    const refuse = refusing(source)
    const { classes, train, test } = found
    if (classes.length < 2) {
      return refuse(
        `has ${classes.length === 0 ? "no class" : `only the class ${classes[0]}`}`,
        `two or more, ${shape}`,
        "Add the folder of another class."
      )
    }
    const trained = new Set(train.map(({ label }) => label))
    const untrained = classes.find((_, label) => !trained.has(label))
    if (untrained !== undefined) {
      return refuse(
        `has no training image of the class ${untrained}`,
        "one of every class that is tested",
        `Add train/${untrained}/.`
      )
    }
    if (test.length === 0 && (testFolder !== null || testFraction > 0)) {
      if (testFolder !== null) return refuse("has no image to test on", "at least one", `Add images to ${testFolder}/.`)
      return refuse(
        `has one image of each class (${classes.slice(0, 5).join(", ")}${classes.length > 5 ? ", …" : ""})`,
        "a class with two or more: one to train on, the others to test on",
        "Add images."
      )
    }
    return Either.right(found)
  })
