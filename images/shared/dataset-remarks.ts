import { Effect } from "effect"
import { Remark, Text } from "headrace"
import { type ImageExtras, extras as kinds } from "../services/ImageExtras.ts"
import { type SplitName, splitNames } from "../services/SplitNames.ts"

interface Read {
  readonly classes: ReadonlyArray<string>
  /** The folder that a split's images come from, where it has one of its own. */
  readonly from: Readonly<Record<SplitName, string | null>>
  readonly notices: ReadonlyArray<Text.Text>
  readonly extras: ImageExtras
}

const purposes = { train: "to train on", validation: "to choose the best epoch on", test: "to test on" } as const
const mostNamed = 10
/** A name may hold whatever a folder's or file's may: a line of its own, or an escape of a terminal, is shown as such. */
const visible = (text: string): string =>
  text.replace(/\p{Cc}/gu, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, "0")}`)
const printed = (name: string): string => (/\p{Cc}/u.test(name) ? `"${visible(name)}"` : name)

/** Which classes a dataset has, and how many images each split of it: what was understood of its folders, in a sentence. */
const splitsText = ({ classes, from }: Read, rows: Readonly<Record<SplitName, number>>): string => {
  const more = classes.length > mostNamed ? `, … ${printed(classes.at(-1) ?? "")}` : ""
  const named = classes
    .slice(0, mostNamed - (more === "" ? 0 : 1))
    .map(printed)
    .join(", ")
  const splits = splitNames
    .filter((split) => split !== "validation" || rows[split] > 0)
    .map((split, at) => {
      const images = at > 0 ? "" : rows[split] === 1 ? "image " : "images "
      const place = from[split] === null ? "" : ` (${from[split]})`
      return `${rows[split].toLocaleString("en-US")} ${images}${purposes[split]}${place}`
    })
  return `${classes.length} ${classes.length === 1 ? "class" : "classes"} (${named}${more}); ${splits.join(", ")}`
}

/** Tells what a dataset was taken for, and what was taken from it; `rows` counts the images while they are read. */
export const tellOfDataset = (read: Read, rows: Readonly<Record<SplitName, number>>): Effect.Effect<void> =>
  Effect.forEach(
    [
      Effect.sync(() => splitsText(read, rows)),
      ...read.notices.map((notice) => Effect.succeed(Text.map(notice, visible))),
      ...kinds.map((kind) =>
        Effect.sync(() => {
          const text = read.extras.textOf(kind)
          return text === null ? null : visible(text)
        })
      )
    ],
    Remark.tell,
    { discard: true }
  )
