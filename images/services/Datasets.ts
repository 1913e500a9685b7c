/**
 * Where datasets and weight files come from: a name of the catalogue, found in a mirror or downloaded, or a path.
 *
 * @module
 */
import fs from "node:fs"
import path from "node:path"
import { Context, Effect, Layer, Schema } from "effect"
import { Explained, type Files, Text } from "headrace"
import { FileDigests, type OnProgress, SourceRefused, SourceUnreadable } from "headrace/files"
import * as Catalogue from "./Catalogue.ts"
import { type Download, DownloadError, type DownloadUnwritable } from "./Download.ts"
import * as EditionFiles from "./EditionFiles.ts"
import * as EditionLater from "./EditionLater.ts"
import * as Editions from "./Editions.ts"

/** Neither a known dataset nor something that exists. */
export class NoSuchSource extends Explained.TaggedError<NoSuchSource>()(
  "NoSuchSource",
  {
    name: Schema.String,
    path: Schema.String,
    known: Schema.Array(Schema.String),
    nearest: Schema.NullOr(Schema.String)
  },
  ({ name, path, known, nearest }) => ({
    what: `There is no dataset "${name}" (nothing lies at ${path})`,
    expected: `${known.join(", ")}, or the path of an image folder, a .tar, .tar.gz, .tgz or .zip`,
    fix: nearest === null ? "Check the path." : `Did you mean ${nearest}? If not, check the path.`
  })
) {}

/** A file of which no dataset can be read: it is neither a folder nor an archive. */
export class UnsupportedSource extends Explained.TaggedError<UnsupportedSource>()(
  "UnsupportedSource",
  {
    path: Schema.String
  },
  ({ path }) => ({
    what: `${path} is not something that can be read here`,
    expected: "a folder, a .tar, .tar.gz, .tgz or .zip",
    fix: "Pack or convert it."
  })
) {}

/** A file of a known name as people are told of it: its size, and the URL that gives it; null where that isn't known. */
const Wanted = Schema.Struct({
  file: Schema.String,
  bytes: Schema.NullOr(Schema.Int),
  url: Schema.NullOr(Schema.String)
})

/** A known name of which this machine can get no edition. */
export class SourceUnavailable extends Explained.TaggedError<SourceUnavailable>()(
  "SourceUnavailable",
  {
    name: Schema.String,
    files: Schema.Array(Wanted),
    mirror: Schema.String,
    why: Schema.String,
    instead: Text.Text
  },
  ({ name, files, mirror, why, instead }) => {
    const wanted = files.map(({ file, bytes, url }) => {
      const size = bytes === null ? "" : ` (${(bytes / 1e6).toFixed(1)} MB)`
      return `\n  ${file}${size}, ${url ?? "which only mirrors have"}`
    })
    const noNetwork = Text.text`${Text.setting("dataset", "sample")} and ${Text.setting("backbone", "random")}`
    return {
      what: `${name} is not to be had: ${why}`,
      expected: `${files.length === 1 ? "this file" : "one of these files"} in the mirror ${mirror}:${wanted.join("")}`,
      fix: Text.text`Copy it there, let PIPELINE_MIRROR name the folder that has it, or ${instead}; npx pipeline doctor tells what else is missing. What needs no network: ${noNetwork}.`
    }
  }
) {}

/** What may go wrong before there are files and a digest of a dataset or of weights. */
export const ResolveError = Schema.Union(
  NoSuchSource,
  UnsupportedSource,
  SourceUnavailable,
  SourceUnreadable,
  SourceRefused,
  DownloadError
)
export type ResolveError = typeof ResolveError.Type

/** How a name is looked for. */
export interface ResolveOptions {
  /** Tries better editions again that were out of reach last time. */
  readonly refresh: boolean
  /** Whether an edition whose digest is known is fetched only once somebody reads it, where none is on this machine. */
  readonly lazily?: boolean
  readonly onProgress?: OnProgress | undefined
}

/** The folders in which datasets are looked for, and where downloads are kept. */
export interface Places {
  /** Holds `downloads/` and `sources/`. */
  readonly home: string
  readonly projectRoot: string
  readonly workingDirectory: string
  /** What PIPELINE_MIRROR says; null means `../shared/data` beside the project. */
  readonly mirror: string | null
}

/** From what a user calls a dataset or weight file to bytes on this machine, and their digest. */
export class Datasets extends Context.Tag("headrace/Datasets")<
  Datasets,
  {
    /** Finds a dataset, by the name of the catalogue or the path that a user gives. */
    readonly resolve: (
      name: string,
      options: ResolveOptions
    ) => Effect.Effect<Files.Files | Files.Expected, ResolveError>
    /** Finds a weight file of the catalogue. */
    readonly resolveWeights: (
      weights: Catalogue.Weights,
      options: ResolveOptions
    ) => Effect.Effect<Files.Files, ResolveError>
    /** What resolving a known name would try, up to the first file that is there; asks no network and reads no file. */
    readonly look: (entry: Catalogue.Entry) => Effect.Effect<ReadonlyArray<EditionFiles.Origin>, SourceUnavailable>
  }
>() {
  /** `datasets` are those that have a name; tests bring their own. */
  static readonly layer = (
    places: Places,
    datasets: ReadonlyArray<Catalogue.Entry> = Catalogue.datasets
  ): Layer.Layer<Datasets, never, Download | FileDigests> =>
    Layer.effect(
      Datasets,
      Effect.gen(function* () {
        const context = yield* Effect.context<Download | FileDigests>()
        return {
          resolve: (name, options) =>
            Effect.map(Effect.provide(resolve(places, datasets, name, options), context), (found) =>
              "fetch" in found ? { ...found, fetch: Effect.provide(found.fetch, context) } : found
            ),
          resolveWeights: (weights, options) =>
            Effect.provide(fromCatalogue(places, Catalogue.weights(weights), options), context),
          look: (entry) => look(places, entry)
        }
      })
    )
}

const readable = /\.(tar|tar\.gz|tgz|zip)$/i

const shelvesOf = (places: Places): EditionFiles.Shelves => ({
  mirror: path.resolve(places.workingDirectory, places.mirror ?? path.join(places.projectRoot, "..", "shared", "data")),
  downloads: path.join(places.home, "downloads")
})

const statOf = (file: string): fs.Stats | undefined => fs.statSync(file, { throwIfNoEntry: false })

const digested = (at: string, label: string, notice: Text.Text | null, options: ResolveOptions) =>
  Effect.gen(function* () {
    const digests = yield* FileDigests
    const { digest, leftOut } = yield* digests.of(at, options.onProgress)
    return { digest, path: at, label, notice: notice ?? leftOut.text }
  })

const fromPath = (places: Places, datasets: ReadonlyArray<Catalogue.Entry>, name: string, options: ResolveOptions) =>
  Effect.gen(function* () {
    const at = path.resolve(places.workingDirectory, name)
    const stats = yield* Effect.try({
      try: () => statOf(at),
      catch: () => new SourceUnreadable({ path: at, what: "its folder cannot be entered" })
    })
    if (stats === undefined) {
      const known = datasets.map((entry) => entry.name)
      return yield* new NoSuchSource({ name, path: at, known, nearest: Explained.nearest(name, known) })
    }
    if (!stats.isDirectory() && !readable.test(at)) return yield* new UnsupportedSource({ path: at })
    return yield* digested(at, name, null, options)
  })

const fromDisk = (edition: Catalogue.Edition, at: string, options: ResolveOptions) =>
  Effect.gen(function* () {
    const files = yield* digested(at, edition.label, edition.notice, options)
    if (edition.sha256 === null || edition.sha256 === files.digest) return files
    // a mirror is its site's own choice, so it is taken, but not for the official bytes
    const other = `${at} is not the file known as ${edition.label} (its sha256 is ${files.digest}, not ${edition.sha256}); results won't compare with published ones.`
    return { ...files, label: `${edition.label}, altered`, notice: other }
  })

const NOWHERE = "no edition lies in the mirror or among the downloads"

/** The files of which each would do, or would give it. */
const wantedFor = (edition: Catalogue.Edition): ReadonlyArray<typeof Wanted.Type> => {
  switch (edition._tag) {
    case "Kept":
      return [{ file: edition.file, bytes: edition.bytes, url: null }]
    case "Published":
      return [{ file: edition.file, bytes: edition.bytes, url: edition.url }]
    case "Cut":
      return wantedFor(edition.from)
    case "Made":
      return []
  }
}

const unavailable = (places: Places, { name, editions, instead }: Catalogue.Entry, why: string): SourceUnavailable => {
  const { mirror } = shelvesOf(places)
  return new SourceUnavailable({ name, files: editions.flatMap(wantedFor), mirror, why, instead })
}

/** The best edition to be had. Better ones than `remembered` are looked for on this machine only. */
const best = (places: Places, entry: Catalogue.Entry, remembered: string | null, options: ResolveOptions) =>
  Effect.gen(function* () {
    const shelves = shelvesOf(places)
    let unwritable: DownloadUnwritable | null = null
    let why: string = NOWHERE
    const last = entry.editions.findIndex((edition) => edition.file === remembered)
    for (const [index, edition] of entry.editions.entries()) {
      const at = yield* EditionFiles.onDisk(shelves, edition)
      if (at !== null) return { edition, at }
      if (edition._tag === "Kept" || index < last) continue
      const attempt = yield* EditionFiles.obtain(shelves, edition, options.onProgress).pipe(
        Effect.map((obtained) => ({ edition, at: obtained })),
        // out of reach or replaced on the way: the next edition will do; broken off half-way: the user decides
        Effect.catchTags({
          NoNetwork: (error) => Effect.succeed(`${error.url} is out of reach (${error.what})`),
          HttpStatus: (error) => Effect.succeed(`${error.url} answers with status ${error.status}`),
          DigestMismatch: (error) => Effect.succeed(`${error.url} gives a file with another ${error.kind}`),
          CutFailed: (error) => Effect.succeed(`nothing can be cut out of ${error.archive}, since ${error.what}`),
          DownloadUnwritable: (error) => {
            unwritable = error
            return Effect.succeed(error.what)
          }
        })
      )
      if (typeof attempt !== "string") return attempt
      why = attempt
    }
    if (unwritable !== null) return yield* unwritable as DownloadUnwritable
    return yield* unavailable(places, entry, why)
  })

const look = (places: Places, entry: Catalogue.Entry) =>
  Effect.gen(function* () {
    const remembered = yield* Editions.recall(places.home, entry.name)
    const last = entry.editions.findIndex((edition) => edition.file === remembered)
    const origins: Array<EditionFiles.Origin> = []
    for (const [index, edition] of entry.editions.entries()) {
      const origin = EditionFiles.look(shelvesOf(places), edition)
      if (origin === null || (origin._tag !== "Lies" && index < last)) continue
      origins.push(origin)
      if (origin._tag === "Lies") return origins
    }
    return origins.length > 0 ? origins : yield* unavailable(places, entry, NOWHERE)
  })

const fromCatalogue = (places: Places, entry: Catalogue.Entry, options: ResolveOptions) =>
  Effect.gen(function* () {
    const remembered = options.refresh ? null : yield* Editions.recall(places.home, entry.name)
    const { edition, at } = yield* best(places, entry, remembered, options).pipe(
      // what was remembered is gone: look everywhere
      Effect.catchIf(
        (error) => error._tag === "SourceUnavailable" && remembered !== null,
        () => best(places, entry, null, options)
      )
    )
    yield* Editions.remember(places.home, entry.name, edition.file)
    return yield* fromDisk(edition, at, options)
  })

const resolve = (
  places: Places,
  datasets: ReadonlyArray<Catalogue.Entry>,
  name: string,
  options: ResolveOptions
): Effect.Effect<Files.Files | EditionLater.EditionLater<ResolveError>, ResolveError, Download | FileDigests> =>
  Effect.gen(function* () {
    const entry = datasets.find((candidate) => candidate.name === name)
    if (entry === undefined) return yield* fromPath(places, datasets, name, options)
    const getting = fromCatalogue(places, entry, options)
    const isLazy = options.lazily === true && !options.refresh
    const later = isLazy ? yield* EditionLater.make(places.home, shelvesOf(places), entry, getting) : null
    return later ?? (yield* getting)
  })
