import path from "node:path"
import { Effect, Schema } from "effect"
import { type Digest, Explained, type Files } from "headrace"
import type { FileDigests } from "headrace/files"
import type * as Catalogue from "./Catalogue.ts"
import type { Download } from "./Download.ts"
import * as EditionFiles from "./EditionFiles.ts"
import * as Editions from "./Editions.ts"

/** An edition was to be fetched, and another one is what this machine got. */
export class EditionChanged extends Explained.TaggedError<EditionChanged>()(
  "EditionChanged",
  { expected: Schema.String, found: Schema.String },
  ({ expected, found }) => ({
    what: `${expected} is not to be had any more; what is here now is ${found}`,
    expected: "the files whose digest was known before",
    fix: "Run again: what is here is taken then."
  })
) {}

/** An edition that is known by its digest. */
type Known = (Catalogue.Published | Catalogue.Cut) & { readonly sha256: string }

/** Files of an edition that is fetched once somebody reads them. */
export interface EditionLater<E> extends Files.Files {
  readonly fetch: Effect.Effect<void, E | EditionChanged, Download | FileDigests>
}

/** The edition that would be fetched, where none is on this machine; null where there is one, or its digest is not known before. */
const toFetch = (
  home: string,
  shelves: EditionFiles.Shelves,
  { name, editions }: Catalogue.Entry
): Effect.Effect<Known | null, never, FileDigests> =>
  Effect.gen(function* () {
    const remembered = yield* Editions.recall(home, name)
    const last = editions.findIndex((edition) => edition.file === remembered)
    // one that can't be read is looked at by whoever takes it
    const onDisk = (edition: Catalogue.Edition) =>
      Effect.orElseSucceed(EditionFiles.onDisk(shelves, edition), () => edition.file)
    for (const edition of editions) if ((yield* onDisk(edition)) !== null) return null
    const first = editions.find((edition, index) => edition._tag !== "Kept" && index >= last)
    const isKnown = (edition: Catalogue.Edition | undefined): edition is Known =>
      (edition?._tag === "Published" || edition?._tag === "Cut") && edition.sha256 !== null
    return isKnown(first) ? first : null
  })

/**
 * What a name of the catalogue stands for where no edition of it is on this machine, by the digest of the one that would be fetched;
 * null where that is not known. `getting` fetches it.
 */
export const make = <E>(
  home: string,
  shelves: EditionFiles.Shelves,
  entry: Catalogue.Entry,
  getting: Effect.Effect<Files.Files, E, Download | FileDigests>
): Effect.Effect<EditionLater<E> | null, never, FileDigests> =>
  Effect.map(toFetch(home, shelves, entry), (edition) => {
    if (edition === null) return null
    const at = path.join(shelves.downloads, edition.file)
    return {
      digest: edition.sha256 as Digest.Digest,
      path: at,
      label: edition.label,
      notice: edition.notice,
      fetch: Effect.flatMap(getting, (found) =>
        found.digest === edition.sha256 && found.path === at
          ? Effect.void
          : new EditionChanged({ expected: edition.label, found: found.label })
      )
    }
  })
