import { Either } from "effect"
import { Text } from "headrace"
import type { Level } from "./PlacedFiles.ts"
import * as PlacedFiles from "./PlacedFiles.ts"
import * as SplitChoice from "./SplitChoice.ts"
import type { SplitName } from "./SplitNames.ts"
import * as SplitNames from "./SplitNames.ts"

/** The files of each split, at the level of their class folders, and the folder they come from; null where there is none. */
export interface Parts {
  readonly levels: Readonly<Record<SplitName, Level | null>>
  readonly from: Readonly<Record<SplitName, string | null>>
  /** What a user should know of how the folders were understood. */
  readonly notices: ReadonlyArray<Text.Text>
}

/** Why the folders cannot be understood. */
export interface Unclear {
  readonly what: string
  readonly fix: Text.Text
}

type Found = Either.Either<Parts, Unclear>

const unclear = (what: string, fix: Text.Text): Found => Either.left({ what, fix })

const images = (count: number) => `${count} ${count === 1 ? "image" : "images"}`

const asClasses = (level: Level, notices: ReadonlyArray<Text.Text> = []): Found =>
  Either.right({
    levels: { train: level, validation: null, test: null },
    from: { train: null, validation: null, test: null },
    notices
  })

/** Whether a folder is called like a class folder of the level. */
const classOf = (level: Level) => {
  const classes = new Set(PlacedFiles.folders(level).map((name) => name.normalize("NFC").toLowerCase()))
  return (folder: string): boolean => classes.has(folder.normalize("NFC").toLowerCase())
}

/** What lies in a folder, without what lies in a folder inside of it that is named by itself: `images` and `images/test`. */
const withoutInner = (level: Level, folder: string, folders: ReadonlyArray<readonly [SplitName, string]>): Level => {
  const inner = folders.filter(([, other]) => other.startsWith(`${folder}/`))
  const taken = new Set(inner.flatMap(([, other]) => PlacedFiles.within(level, other).map(({ entry }) => entry)))
  return PlacedFiles.within(level, folder).filter(({ entry }) => !taken.has(entry))
}

/** The levels of the splits, each looked through down to its class folders, by those of the training images. */
const partsOf = (
  level: Level,
  folders: ReadonlyArray<readonly [SplitName, string]>,
  notices: ReadonlyArray<Text.Text>
): Parts => {
  const levelOf = (split: SplitName, isKept?: (folder: string) => boolean): Level | null => {
    const own = folders.filter(([name]) => name === split)
    if (own.length === 0) return null
    return own.flatMap(([, folder]) => {
      const name = folder.slice(folder.lastIndexOf("/") + 1)
      return PlacedFiles.unwrapped(withoutInner(level, folder, folders), name, isKept)
    })
  }
  const train = levelOf("train")
  const isClass = classOf(train ?? [])
  const from = (split: SplitName) => {
    const own = folders.flatMap(([name, folder]) => (name === split ? [`${folder}/`] : []))
    return own.length === 0 ? null : own.join(", ")
  }
  return {
    levels: { train, validation: levelOf("validation", isClass), test: levelOf("test", isClass) },
    from: { train: from("train"), validation: from("validation"), test: from("test") },
    notices
  }
}

/** Images beside the folders of the splits: without a class they can only be left out, with one they may be meant to count. */
const beside = (level: Level, { levels }: Parts, named: ReadonlySet<string>) => {
  const isClass = classOf(levels.train ?? [])
  const others = [...new Set(level.filter(PlacedFiles.isImage).map(({ folder }) => folder))]
  return others
    .filter((folder) => !named.has(folder))
    .map((folder) => {
      const own = level.filter((one) => one.folder === folder && PlacedFiles.isImage(one))
      const below = folder === "" ? [] : PlacedFiles.unwrapped(PlacedFiles.deeper(own), folder, isClass)
      return { folder, count: own.length, hasClasses: PlacedFiles.folders(below).length > 0 }
    })
}

/** A dataset that has images to validate on and none to test on: what is published of such ones is measured on the former. */
const withTest = (folders: ReadonlyArray<readonly [SplitName, string]>) => {
  const [validation] = folders.filter(([split]) => split === "validation")
  if (validation === undefined || folders.some(([split]) => split === "test")) return { folders, notices: [] }
  const [, name] = validation
  const notice = Text.text`There is no folder to test on, so ${name}/ is tested on, and the best epoch is chosen on images held out of the training images. To choose it on ${name}/, and test on a share of the training images: ${Text.setting("splits", SplitChoice.write(folders))}.`
  return {
    folders: folders.map(([split, folder]) => [split === "validation" ? "test" : split, folder] as const),
    notices: [notice]
  }
}

const byName = (level: Level, splits: SplitNames.Splits): Found => {
  const named = [...splits].map(([folder, split]) => [split, folder] as const)
  const { folders, notices } = withTest(named)
  const parts = partsOf(level, folders, notices)
  const others = beside(level, parts, new Set(splits.keys()))
  const labelled = others.find(({ hasClasses }) => hasClasses)
  const places = named.map(([, folder]) => `${folder}/`).join(", ")
  if (labelled !== undefined) {
    return unclear(
      `has ${images(labelled.count)} in class folders of ${labelled.folder}/, beside the splits ${places}`,
      Text.text`Say which folders count, such as ${Text.setting("splits", SplitChoice.write(named))}, or move ${labelled.folder}/ elsewhere.`
    )
  }
  const leftOut = others.map(({ folder, count }) => {
    const where = folder === "" ? `beside ${places}` : `in ${folder}/`
    return `${images(count)} ${where} ${count === 1 ? "has no class and is" : "have no class and are"} left out.`
  })
  return Either.right({ ...parts, notices: [...leftOut, ...notices] })
}

/** A class folder may have the splits inside: `cat/train`, `cat/test`, `dog/train`, `dog/test`. */
const insideClasses = (level: Level): Found | null => {
  const exchanged = PlacedFiles.exchanged(level)
  const inner = PlacedFiles.imageFolders(exchanged)
  const resolution = SplitNames.resolve(inner, () => false)
  if (resolution._tag === "NoSplits") return null
  const plain = Text.text`say that all of them are plain folders: ${Text.setting("splits", "none")}.`
  if (resolution._tag === "Unclear")
    return unclear(`${resolution.what}, inside of class folders`, Text.text`Rename them, or ${plain}`)
  const { splits } = resolution
  const odd = exchanged.find((one) => PlacedFiles.isImage(one) && !splits.has(one.folder))
  const found = [...splits.keys()].map((folder) => `${folder}/`).join(" and ")
  // what lies below the outer folder and the split: several folders there may be the classes, and the outer ones parts or domains
  const below = exchanged.filter((one) => PlacedFiles.isImage(one)).map(({ rest }) => rest.split("/"))
  const innermost = new Set(below.flatMap(([, folder = "", ...more]) => (more.length === 0 ? [] : [folder])))
  if (odd === undefined && innermost.size > 1) {
    const [[outer = ""] = []] = below
    return unclear(
      `has folders ${found} inside of others such as ${outer}/, and in those again folders, ${[...innermost].slice(0, 3).join(", ")}`,
      `Give one of the outer folders by itself, such as ${outer}/, if the innermost ones are the classes; if the outer ones are, put the images right into their splits.`
    )
  }
  if (odd === undefined) return byName(exchanged, splits)
  return unclear(
    `has folders ${found} inside of class folders, but also ${odd.entry.path}`,
    Text.text`Put every image of a class into one of its splits, or ${plain}`
  )
}

/** The folders inside of one, where all of its images lie in such; null where some lie right in it. */
const foldersInside = (level: Level, folder: string): ReadonlyArray<string> | null => {
  const own = PlacedFiles.deeper(level.filter((one) => one.folder === folder && PlacedFiles.isImage(one)))
  const inner = PlacedFiles.unwrapped(own, folder)
  return inner.some((one) => one.folder === "") ? null : [...PlacedFiles.folders(inner)].sort()
}

/** `fold1/cat`, `fold1/dog`, `fold2/cat`, `fold2/dog`: the outer folders may be parts or domains, and the inner ones the classes. */
const likeParts = (level: Level): ReadonlyArray<Text.Text> => {
  const [first, second, ...more] = PlacedFiles.imageFolders(level)
  if (first === undefined || second === undefined) return []
  const inside = foldersInside(level, first) ?? []
  const isAlike = [second, ...more].every((folder) => foldersInside(level, folder)?.join("/") === inside.join("/"))
  if (inside.length < 2 || !isAlike) return []
  const named = `${inside.slice(0, 3).join(", ")}${inside.length > 3 ? ", …" : ""}`
  return [
    Text.text`${first}/, ${second}/${more.length > 0 ? " and the others" : ""} are taken for the classes, though each has the same folders inside (${named}). If those are the classes, say which of the outer ones count as what, such as ${Text.setting("splits", `train=${first},test=${second}`)}.`
  ]
}

const automatic = (level: Level): Found => {
  const isOfFolders = (folder: string) => foldersInside(level, folder) !== null
  const resolution = SplitNames.resolve(PlacedFiles.imageFolders(level), isOfFolders)
  switch (resolution._tag) {
    case "Splits":
      return byName(level, resolution.splits)
    case "NoSplits":
      return insideClasses(level) ?? asClasses(level, likeParts(level))
    case "Unclear":
      return unclear(
        resolution.what,
        Text.text`Say which folder is what, such as ${Text.setting("splits", "train=FOLDER,val=FOLDER,test=FOLDER")}, or ${Text.setting("splits", "none")} if they are classes.`
      )
  }
}

const chosen = (all: Level, level: Level, folders: ReadonlyArray<readonly [SplitName, string]>): Found => {
  const isThere = (base: Level, folder: string) => PlacedFiles.within(base, folder).length > 0
  const base = folders.every(([, folder]) => isThere(all, folder)) ? all : level
  const missing = folders.find(([, folder]) => !isThere(base, folder))
  if (missing !== undefined) {
    const seen = PlacedFiles.folders(level)
      .slice(0, 8)
      .map((folder) => `${folder}/`)
    return unclear(
      `has no folder ${missing[1]}/`,
      Text.text`There ${seen.length === 1 ? "is" : "are"} ${seen.join(", ")}: name one of them in ${Text.parameter("splits")}.`
    )
  }
  const used = new Set(folders.flatMap(([, folder]) => PlacedFiles.within(base, folder).map(({ entry }) => entry.path)))
  const rest = all.filter((one) => PlacedFiles.isImage(one) && !used.has(one.entry.path)).length
  const notices =
    rest === 0
      ? []
      : [Text.text`${images(rest)} outside of the folders that ${Text.parameter("splits")} names are left out.`]
  return Either.right(partsOf(base, folders, notices))
}

/** Finds the splits of a dataset: by the names of its folders, or as the user says. */
export const find = (all: Level, choice: SplitChoice.SplitChoice): Found => {
  const level = PlacedFiles.unwrapped(all)
  switch (choice._tag) {
    case "ByName":
      return automatic(level)
    case "None":
      return asClasses(level)
    case "Folders":
      return chosen(
        all,
        level,
        choice.folders.map(({ split, folder }) => [split, folder] as const)
      )
  }
}
