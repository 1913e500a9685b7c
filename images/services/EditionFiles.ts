import fs from "node:fs"
import path from "node:path"
import { Data, Effect, Schema } from "effect"
import { Digest, Explained } from "headrace"
import { AtomicFile, FileDigests, type OnProgress } from "headrace/files"
import type * as Catalogue from "./Catalogue.ts"
import { Download, DownloadUnwritable } from "./Download.ts"

/** Where editions lie, and where those that this machine fetches or makes are put. */
export interface Shelves {
  readonly mirror: string
  readonly downloads: string
}

/** The archive that a part is to be cut out of is damaged, or is not the published one. */
export class CutFailed extends Explained.TaggedError<CutFailed>()(
  "CutFailed",
  {
    archive: Schema.String,
    what: Schema.String
  },
  ({ archive, what }) => ({
    what: `Nothing can be cut out of ${archive}: ${what}`,
    expected: "the published archive",
    fix: "Replace it with a fresh copy, or remove it."
  })
) {}

/** How an edition would come to this machine: nothing is asked of a network to find that out. */
export type Origin = Data.TaggedEnum<{
  Lies: { readonly label: string; readonly at: string }
  Downloads: { readonly label: string; readonly url: string; readonly bytes: number | null }
  Cuts: { readonly label: string; readonly from: Origin }
  Makes: { readonly label: string }
}>
export const Origin = Data.taggedEnum<Origin>()

const isFile = (file: string): boolean => fs.existsSync(file) && fs.statSync(file).isFile()

/** A file of the edition's name where it already lies. Mirrors have none of those that this machine makes. */
const lying = ({ mirror, downloads }: Shelves, { _tag, file }: Catalogue.Edition): string | null => {
  const places = _tag === "Kept" || _tag === "Published" ? [mirror, downloads] : [downloads]
  return places.map((place) => path.join(place, file)).find(isFile) ?? null
}

/** The file of an edition that this machine makes, if it was made before; one with other bytes is as good as none. */
const madeBefore = (shelves: Shelves, edition: Catalogue.Cut | Catalogue.Made) =>
  Effect.gen(function* () {
    const at = lying(shelves, edition)
    if (at === null) return null
    const { digest } = yield* (yield* FileDigests).of(at)
    return digest === edition.sha256 ? at : null
  })

/** The edition's file, if it is on this machine. */
export const onDisk = (shelves: Shelves, edition: Catalogue.Edition) =>
  edition._tag === "Kept" || edition._tag === "Published"
    ? Effect.sync(() => lying(shelves, edition))
    : madeBefore(shelves, edition)

/** What getting the edition would take. */
export const look = (shelves: Shelves, edition: Catalogue.Edition): Origin | null => {
  const { label } = edition
  const at = lying(shelves, edition)
  if (at !== null) return Origin.Lies({ label, at })
  switch (edition._tag) {
    case "Kept":
      return null
    case "Published":
      return Origin.Downloads({ label, url: edition.url, bytes: edition.bytes })
    case "Cut": {
      const from = look(shelves, edition.from)
      return from === null ? null : Origin.Cuts({ label, from })
    }
    case "Made":
      return Origin.Makes({ label })
  }
}

const download = (
  { downloads }: Shelves,
  { file, url, bytes, md5, sha256 }: Catalogue.Published,
  onProgress: OnProgress | undefined
) =>
  Effect.gen(function* () {
    const { fetch } = yield* Download
    const destination = path.join(downloads, file)
    yield* fetch({ url, destination, bytes, md5, sha256, onProgress })
    return destination
  })

const write = ({ downloads }: Shelves, file: string, bytes: Uint8Array) => {
  const at = path.join(downloads, file)
  return AtomicFile.write(at, bytes).pipe(
    Effect.as(at),
    Effect.mapError(({ what }) => new DownloadUnwritable({ path: at, what }))
  )
}

const cut = (shelves: Shelves, edition: Catalogue.Cut, onProgress: OnProgress | undefined) =>
  Effect.gen(function* () {
    const archive = lying(shelves, edition.from) ?? (yield* download(shelves, edition.from, onProgress))
    const bytes = yield* edition.cut(archive).pipe(
      Effect.catchTags({
        ArchiveRefused: ({ what }) => new CutFailed({ archive, what: `it ${what}` }),
        SourceUnreadable: ({ what }) => new CutFailed({ archive, what: `it cannot be read: ${what}` })
      })
    )
    const found = Digest.ofBytes(bytes)
    if (found === edition.sha256) return yield* write(shelves, edition.file, bytes)
    const what = `its first records are not the published ones (their sha256 is ${found}, not ${edition.sha256})`
    return yield* new CutFailed({ archive, what })
  })

const make = (shelves: Shelves, { file, label, sha256, make }: Catalogue.Made) =>
  Effect.gen(function* () {
    const bytes = make()
    const found = Digest.ofBytes(bytes)
    if (found !== sha256) return yield* Effect.dieMessage(`${label} comes out with sha256 ${found}, not ${sha256}`)
    return yield* write(shelves, file, bytes)
  })

/** Brings an edition that is not on this machine to it. */
export const obtain = (
  shelves: Shelves,
  edition: Catalogue.Published | Catalogue.Cut | Catalogue.Made,
  onProgress: OnProgress | undefined
) => {
  switch (edition._tag) {
    case "Published":
      return download(shelves, edition, onProgress)
    case "Cut":
      return cut(shelves, edition, onProgress)
    case "Made":
      return make(shelves, edition)
  }
}
