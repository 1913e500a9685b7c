import { createHash } from "node:crypto"
import type { Decoded } from "../services/Decoded.ts"
import { type SplitName, splitNames } from "../services/SplitNames.ts"
import * as Thumbnails from "./thumbnails.ts"

/** An image's place in its dataset. */
export interface Place {
  readonly split: SplitName
  readonly row: number
  readonly label: number
  readonly file: string | null
}

interface Pair {
  readonly first: Place
  readonly second: Place
}

const mostExamples = 10

/** Pairs of one kind: how many, and a few of them, those of different classes first. */
export interface Found {
  images: number
  disagreeing: number
  readonly examples: { readonly agreeing: Array<Pair>; readonly disagreeing: Array<Pair> }
}

const none = (): Found => ({ images: 0, disagreeing: 0, examples: { agreeing: [], disagreeing: [] } })

/** By where they were found: within a split, or an image of one among those of a split before it. */
export type BySplit = Readonly<Record<SplitName | "across", Found>>

const record = (found: BySplit, first: Place, second: Place): void => {
  const into = found[first.split === second.split ? second.split : "across"]
  const agrees = first.label === second.label
  into.images++
  if (!agrees) into.disagreeing++
  const examples = into.examples[agrees ? "agreeing" : "disagreeing"]
  if (examples.length < mostExamples) examples.push({ first, second })
}

export const examplesOf = ({ examples }: Found): ReadonlyArray<Pair> =>
  [...examples.disagreeing, ...examples.agreeing].slice(0, mostExamples)

/** What was seen of a dataset: about 0.4 kB an image. */
export interface Seen {
  /** The first image with these pixels, in each split. */
  readonly byPixels: Readonly<Record<SplitName, Map<string, Place>>>
  readonly thumbnails: Thumbnails.Index<Place>
  readonly equal: BySplit
  readonly near: BySplit
  /** Images that are equal to an earlier one, wherever; and those that are only nearly. */
  duplicates: number
  nearDuplicates: number
}

const bySplit = (): BySplit => ({ train: none(), validation: none(), test: none(), across: none() })

export const empty = (): Seen => ({
  byPixels: { train: new Map(), validation: new Map(), test: new Map() },
  thumbnails: Thumbnails.empty(),
  equal: bySplit(),
  near: bySplit(),
  duplicates: 0,
  nearDuplicates: 0
})

/** Half of a sha256 over size and pixels, as a string of 16 bytes: no two images of a dataset share it by chance. */
const pixelsOf = ({ width, height, data }: Decoded): string =>
  createHash("sha256").update(`${width} ${height} `).update(data).digest().toString("latin1", 0, 16)

/** Compares an image with all before it, which come in the order of the splits, and remembers it. */
export const add = (seen: Seen, place: Place, image: Decoded): void => {
  const { byPixels, thumbnails, equal, near } = seen
  const pixels = pixelsOf(image)
  const splits = splitNames.slice(0, splitNames.indexOf(place.split) + 1)
  const equals = splits.flatMap((split) => byPixels[split].get(pixels) ?? [])
  for (const first of equals) record(equal, first, place)
  if (!byPixels[place.split].has(pixels)) byPixels[place.split].set(pixels, place)
  if (equals.length > 0) {
    // what it nearly equals is known from the first of its pixels
    seen.duplicates++
    return
  }
  const thumbnail = Thumbnails.of(image)
  const nearly = splits.flatMap(
    (split) => Thumbnails.nearest(thumbnails, thumbnail, (one) => one.split === split) ?? []
  )
  for (const first of nearly) record(near, first, place)
  if (nearly.length > 0) seen.nearDuplicates++
  Thumbnails.add(thumbnails, thumbnail, place)
}
