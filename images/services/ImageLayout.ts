import { Either, Schema } from "effect"
import { Explained, Text } from "headrace"
import * as ClassNaming from "./ClassNaming.ts"
import type { Entry } from "./FileTree.ts"
import { isImageName } from "./ImageNames.ts"
import * as PassedOver from "./PassedOver.ts"
import type { Level, Placed } from "./PlacedFiles.ts"
import * as PlacedFiles from "./PlacedFiles.ts"
import type { SplitChoice } from "./SplitChoice.ts"
import * as SplitFolders from "./SplitFolders.ts"
import { type SplitName, splitNames } from "./SplitNames.ts"
import * as TestShare from "./TestShare.ts"

/** Folders that don't say which image is of which class, or not for every split. */
export class ImageFolderRefused extends Explained.TaggedError<ImageFolderRefused>()(
  "ImageFolderRefused",
  {
    source: Schema.String,
    ...Explained.fields
  },
  ({ source, what, expected, fix }) => ({ what: Text.text`${source} ${what}`, expected, fix })
) {}

export interface Labelled {
  readonly entry: Entry
  readonly label: number
}

export interface LayoutOptions {
  readonly splits: SplitChoice
  /** How much of the training images is tested on where no folder says which, from 0 to below 1. */
  readonly testFraction: number
}

/** Which file is an image of which class, in which split, however little there is in a split. */
export interface ImageLayout {
  /** Sorted; a label is an index into them. */
  readonly classes: ReadonlyArray<string>
  readonly splits: Readonly<Record<SplitName, ReadonlyArray<Labelled>>>
  /** The folder that a split's images come from; null where it has none, or they are a share of the training images. */
  readonly from: Readonly<Record<SplitName, string | null>>
  /** What a user should know of how the folders were understood, a sentence each. */
  readonly notices: ReadonlyArray<Text.Text>
}

const shape = "train/CLASS/*.jpg and test/CLASS/*.jpg, perhaps val/CLASS/*.jpg, or CLASS/*.jpg"

/** An image, by the name of its class and its path below. */
interface Classed {
  readonly entry: Entry
  readonly class: string
  readonly name: string
}

const classed = (level: Level): ReadonlyArray<Classed> => {
  const classFolders = new Set(
    level.flatMap(({ entry, folder }) => (folder === "" || PassedOver.isNoClass(entry.path) ? [] : [folder]))
  )
  return level
    .filter(({ folder }) => classFolders.has(folder))
    .map(({ entry, folder, rest }: Placed) => ({
      entry,
      class: ClassNaming.classOf(folder),
      name: rest.normalize("NFC")
    }))
}

const compared = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const byClassThenName = (a: Classed, b: Classed): number =>
  compared(a.class, b.class) || compared(a.name, b.name) || compared(a.entry.path, b.entry.path)

const classesOf = (images: ReadonlyArray<Classed>): ReadonlySet<string> => new Set(images.map((one) => one.class))

/** The same images under the names that their classes have among the training images. */
const asTrained = (images: ReadonlyArray<Classed>, trained: ReadonlySet<string>): ReadonlyArray<Classed> => {
  const names = ClassNaming.matching(trained, classesOf(images))
  return images.map((one) => ({ ...one, class: names.get(one.class) ?? one.class }))
}

/** The share of each class that is tested on where no folder says which images are. */
const testShare = (images: ReadonlyArray<Classed>, fraction: number): ReadonlySet<Classed> => {
  const classes = new Map<string, Array<Classed>>()
  for (const one of images) {
    const own = classes.get(one.class) ?? []
    classes.set(one.class, own)
    own.push(one)
  }
  return TestShare.choose([...classes.values()], (one) => `${one.class}/${one.name}`, fraction)
}

const refusing =
  (source: string) =>
  (what: string, expected: string, fix: Text.Text): Either.Either<never, ImageFolderRefused> =>
    Either.left(new ImageFolderRefused({ source, what, expected, fix }))

/** Images in no class folder of a split that has class folders elsewhere: nobody can say of which class they are. */
const strayOf = ({ levels, from }: SplitFolders.Parts) => {
  for (const split of splitNames) {
    const loose = PlacedFiles.loose(levels[split] ?? [])
    const [first] = loose
    if (first === undefined) continue
    const place = from[split] ?? ""
    const count =
      loose.length === 1 ? `the image ${first.entry.path}` : `${loose.length} images, such as ${first.entry.path},`
    const isSplit = place !== ""
    const isClasses = isSplit && splitNames.every((name) => PlacedFiles.folders(levels[name] ?? []).length === 0)
    const fix = isClasses
      ? Text.text`Move them into the folders of their classes; if these folders are the classes, say ${Text.setting("splits", "none")}.`
      : isSplit && split !== "train" && from.train?.includes(",") === false
        ? Text.text`Move them into the folders of their classes, or leave ${place} out: ${Text.setting("splits", `train=${from.train?.slice(0, -1)}`)}.`
        : "Move them into the folders of their classes, or elsewhere."
    return { what: `has ${count} in no class folder`, fix }
  }
  return null
}

const purposes = { validation: "to choose the best epoch on", test: "to test on" } as const
const mostClassesNamed = 5

/** Of which classes a split that has images has none: of them nothing is measured, whatever a mean over all images says. */
const unmeasured = (
  classes: ReadonlyArray<string>,
  splits: ImageLayout["splits"],
  split: keyof typeof purposes
): ReadonlyArray<string> => {
  const measured = new Set(splits[split].map(({ label }) => label))
  const missing = classes.filter((_, label) => !measured.has(label))
  if (measured.size === 0 || missing.length === 0) return []
  const named = missing.length > mostClassesNamed ? [...missing.slice(0, mostClassesNamed - 1), "…"] : missing
  const what = missing.length === 1 ? "1 class has" : `${missing.length.toLocaleString("en-US")} classes have`
  return [`${what} no image ${purposes[split]} (${named.join(", ")}).`]
}

/**
 * Which file is an image of which class, in which split. Files beside the class folders that are no images, and folders of
 * such alone, are passed over, and told of unless they are documents; within a class folder, at any depth, everything is an
 * image. Folders named like splits are the splits, or those that the user names; where none is tested on, `testFraction` of
 * each class's training images is.
 */
export const assign = (
  source: string,
  entries: ReadonlyArray<Entry>,
  { splits: choice, testFraction }: LayoutOptions
): Either.Either<ImageLayout, ImageFolderRefused> => {
  const refuse = refusing(source)
  const all = PlacedFiles.top(entries)
  const isPromising = ({ entry, folder }: Placed) =>
    folder === "" ? isImageName(entry.path) : PassedOver.mayBeImage(entry.path)
  if (!all.some(isPromising)) {
    const instead = PassedOver.instead(entries)
    return refuse(
      instead === null ? "holds no images" : `holds no images, but ${instead.what}`,
      shape,
      instead?.fix ?? "Give the folder, or an archive of it, that holds the class folders."
    )
  }
  const parts = SplitFolders.find(all, choice)
  if (Either.isLeft(parts)) return refuse(parts.left.what, shape, parts.left.fix)
  const { levels, from, notices } = parts.right
  const stray = strayOf(parts.right)
  if (stray !== null) return refuse(stray.what, shape, stray.fix)

  const training = classed(levels.train ?? [])
  const trained = classesOf(training)
  const tested = levels.test === null ? testShare(training, testFraction) : null
  const images = {
    train: tested === null ? training : training.filter((one) => !tested.has(one)),
    validation: asTrained(classed(levels.validation ?? []), trained),
    test: tested === null ? asTrained(classed(levels.test ?? []), trained) : [...tested]
  }
  const classes = [...new Set(splitNames.flatMap((split) => [...classesOf(images[split])]))].sort()
  const labels = new Map(classes.map((name, label) => [name, label]))
  const labelled = (some: ReadonlyArray<Classed>): ReadonlyArray<Labelled> =>
    [...some].sort(byClassThenName).map((one) => ({ entry: one.entry, label: labels.get(one.class) ?? 0 }))
  const used = new Set([...images.train, ...images.validation, ...images.test].map((one) => one.entry))
  // of the images among the others, the splits have told
  const others = entries.filter((entry) => !used.has(entry) && !isImageName(entry.path))
  const splits = {
    train: labelled(images.train),
    validation: labelled(images.validation),
    test: labelled(images.test)
  }
  return Either.right({
    classes,
    splits,
    from,
    notices: [
      ...notices,
      ...unmeasured(classes, splits, "validation"),
      ...unmeasured(classes, splits, "test"),
      ...PassedOver.notices(others)
    ]
  })
}

/** The layout of a folder that can be trained and tested on: images of two classes or more in training, one to test on. */
export const layout = (
  source: string,
  entries: ReadonlyArray<Entry>,
  options: LayoutOptions
): Either.Either<ImageLayout, ImageFolderRefused> =>
  Either.flatMap(assign(source, entries, options), (found) => {
    const refuse = refusing(source)
    const { classes, splits, from } = found
    if (classes.length < 2) {
      return refuse(
        `has ${classes.length === 0 ? "no class" : `only the class ${classes[0]}`}`,
        `two or more, ${shape}`,
        "Add the folder of another class."
      )
    }
    const trained = new Set(splits.train.map(({ label }) => label))
    const untrained = classes.find((_, label) => !trained.has(label))
    if (untrained !== undefined) {
      return refuse(
        `has no training image of the class ${untrained}`,
        "one of every class that is tested",
        `Add ${from.train ?? ""}${untrained}/.`
      )
    }
    if (splits.test.length === 0 && (from.test !== null || options.testFraction > 0)) {
      if (from.test !== null) return refuse("has no image to test on", "at least one", `Add images to ${from.test}.`)
      return refuse(
        `has one image of each class (${classes.slice(0, 5).join(", ")}${classes.length > 5 ? ", …" : ""})`,
        "a class with two or more: one to train on, the others to test on",
        "Add images."
      )
    }
    return Either.right(found)
  })
