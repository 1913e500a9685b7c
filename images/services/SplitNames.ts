/**
 * What the names of folders say of the splits of a dataset.
 *
 * @module
 */
/** Images are trained on, the best epoch is chosen on others, and the result is tested on others again. */
export const splitNames = ["train", "validation", "test"] as const
/** The name of a split. */
export type SplitName = (typeof splitNames)[number]

/** What a folder's name says: the split, and the rest of the name, which the folders of one dataset have in common. */
interface Reading {
  readonly folder: string
  /** "held" is for the test, or for validation where something else is for the test. */
  readonly split: SplitName | "held"
  readonly rest: string
}

const words: Readonly<Record<string, Reading["split"]>> = {
  train: "train",
  training: "train",
  trainval: "train",
  trn: "train",
  val: "validation",
  valid: "validation",
  validate: "validation",
  validation: "validation",
  dev: "validation",
  test: "test",
  tests: "test",
  testing: "test",
  tst: "test",
  eval: "held",
  evaluation: "held",
  holdout: "held"
}

/** `seg_train`, `Training Set`, `train2017`, `hold-out`: the one word among others that names a split. */
const read = (folder: string): Reading | null => {
  const spaced = folder.normalize("NFKC").replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
  const tokens = spaced
    .toLowerCase()
    .replace(/hold[^a-z]out/, "holdout")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((token) => token !== "")
  const found = tokens.flatMap((token, at) => {
    const [, word = ""] = token.match(/^([a-z]+?)(set)?\d*$/) ?? []
    const split = Object.hasOwn(words, word) ? words[word] : undefined
    return split === undefined ? [] : [{ at, split, rest: token.slice(word.length) }]
  })
  const [only] = found
  if (only === undefined || found.length > 1) return null
  const rest = [...tokens.slice(0, only.at), only.rest, ...tokens.slice(only.at + 1)].filter((part) => part !== "")
  return { folder, split: only.split, rest: rest.join(" ") }
}

/** Folders, and the split that each is. */
export type Splits = ReadonlyMap<string, SplitName>

/** Folders by split; or why their names leave it open; or that they are no names of splits. */
export type Resolution =
  | { readonly _tag: "Splits"; readonly splits: Splits }
  | { readonly _tag: "Unclear"; readonly what: string }
  | { readonly _tag: "NoSplits" }

const unclear = (what: string): Resolution => ({ _tag: "Unclear", what })

const list = (folders: ReadonlyArray<{ readonly folder: string }>) =>
  folders.map(({ folder }) => `${folder}/`).join(" and ")

/** Of one set of folders with a common rest of their names. */
const assigned = (group: ReadonlyArray<Reading>): Resolution => {
  const hasTest = group.some(({ split }) => split === "test")
  const splits = new Map<string, SplitName>()
  for (const { folder, split } of group)
    splits.set(folder, split === "held" ? (hasTest ? "validation" : "test") : split)
  for (const name of splitNames) {
    const folders = group.filter(({ folder }) => splits.get(folder) === name)
    if (folders.length > 1) return unclear(`has ${list(folders)}, which both say ${name}`)
  }
  return { _tag: "Splits", splits }
}

/**
 * What the names of folders that lie beside each other say. Only with one to train on and another, `train` and `test`,
 * are they splits: a class may be called `train`, among buses. `isOfFolders` says of a folder that it has folders and no
 * images of its own, as a split has and a class mostly not.
 */
export const resolve = (folders: ReadonlyArray<string>, isOfFolders: (folder: string) => boolean): Resolution => {
  const readings = folders.flatMap((folder) => read(folder) ?? [])
  const groups = new Map<string, Array<Reading>>()
  for (const reading of readings) groups.set(reading.rest, [...(groups.get(reading.rest) ?? []), reading])
  const whole = [...groups.values()].filter(
    (group) => group.some(({ split }) => split === "train") && group.some(({ split }) => split !== "train")
  )
  const [first, second] = whole
  if (first !== undefined && second !== undefined)
    return unclear(`has two sets of splits, ${list([...first, ...second])}`)
  if (first !== undefined) return assigned(first)
  const plain = readings.filter(({ rest }) => rest === "")
  const nested = plain.filter(({ folder }) => isOfFolders(folder))
  const isNothingElse = readings.length === folders.length
  if (nested.length === 0 && !(isNothingElse && new Set(readings.map(({ split }) => split)).size > 1))
    return { _tag: "NoSplits" }
  const named = isNothingElse ? readings : nested
  return unclear(`has ${list(named)}, which ${named.length === 1 ? "looks like a split" : "look like splits"}`)
}
