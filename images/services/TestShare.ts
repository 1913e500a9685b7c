import { createHash } from "node:crypto"

/** The path as every system spells it: some store é as one code point, some as two. */
const digestOf = (path: string): string => createHash("sha256").update(path.normalize("NFC")).digest("hex")

/** How many of a class's images are tested on: the share, rounded; at least one, unless it is the only one. */
const quota = (images: number, fraction: number): number =>
  fraction <= 0 ? 0 : Math.min(images - 1, Math.max(1, Math.round(images * fraction)))

/**
 * Which images are tested on where a dataset has no folder that says it: of each class its share, those with the least
 * digests of their paths. Which they are depends on nothing but the names within a class: an image more or less changes
 * nothing in other classes, and moves at most one other image of its own from one split to the other.
 */
export const choose = <A>(
  classes: ReadonlyArray<ReadonlyArray<A>>,
  pathOf: (image: A) => string,
  fraction: number
): ReadonlySet<A> =>
  new Set(
    classes.flatMap((images) =>
      images
        .map((image) => ({ image, digest: digestOf(pathOf(image)) }))
        .sort((a, b) => (a.digest < b.digest ? -1 : a.digest > b.digest ? 1 : 0))
        .slice(0, quota(images.length, fraction))
        .map(({ image }) => image)
    )
  )
