/**
 * Which folders of a dataset are its splits, as the parameter `splits` says it.
 *
 * @module
 */
import { Schema } from "effect"
import { type SplitName, splitNames } from "./SplitNames.ts"

/** Which folders of a dataset are its splits, as a user says it. */
export type SplitChoice =
  | { readonly _tag: "ByName" }
  | { readonly _tag: "None" }
  | {
      readonly _tag: "Folders"
      readonly folders: ReadonlyArray<{ readonly split: SplitName; readonly folder: string }>
    }

const written: Readonly<Record<string, SplitName>> = {
  train: "train",
  val: "validation",
  validation: "validation",
  test: "test"
}

/** `auto`, `none` or `train=FOLDER,val=FOLDER,test=FOLDER`; null where it is none of them. */
const parse = (text: string): SplitChoice | null => {
  if (text === "auto") return { _tag: "ByName" }
  if (text === "none") return { _tag: "None" }
  const folders = text.split(",").flatMap((part) => {
    const [, name = "", folder = ""] = part.match(/^\s*(\w+)\s*=\s*(?:\.\/)?(.+?)\/?\s*$/u) ?? []
    const split = Object.hasOwn(written, name) ? written[name] : undefined
    return split === undefined ? [] : [{ split, folder: folder.normalize("NFC") }]
  })
  const isWhole = folders.length === text.split(",").length && folders.some(({ split }) => split === "train")
  const isOnce = new Set(folders.map(({ folder }) => folder)).size === folders.length
  return isWhole && isOnce ? { _tag: "Folders", folders } : null
}

/** A choice as it is written; every text that the schema accepts has one. */
export const of = (text: SplitText): SplitChoice => parse(text) ?? { _tag: "ByName" }

/** The text of a choice: the folders that count, several to a split where they are joined. */
export const SplitText = Schema.String.pipe(Schema.filter((text) => parse(text) !== null)).annotations({
  description: '"auto", "none", or folders by split, such as "train=a,val=b,test=c"'
})
export type SplitText = typeof SplitText.Type

/** Such a text for these folders, for messages that tell what could be written. */
export const write = (folders: ReadonlyArray<readonly [SplitName, string]>): string =>
  [...folders]
    .sort(([a], [b]) => splitNames.indexOf(a) - splitNames.indexOf(b))
    .map(([split, folder]) => `${split === "validation" ? "val" : split}=${folder}`)
    .join(",")
