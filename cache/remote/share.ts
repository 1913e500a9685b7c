import { Effect, Either, Schema } from "effect"
import type { Stored, StoredPart } from "../../artifacts/Artifact.ts"
import { Files } from "../../artifacts/Files.ts"
import * as Verified from "../../artifacts/Verified.ts"
import { ObjectStore, type ReadFailure, type StoreFailed } from "../ObjectStore.ts"
import { SourceFiles, SourceGone, type SourcePart } from "../SourceFiles.ts"
import type { BlobsFailed } from "./Blobs.ts"
import { SharedStore } from "./SharedStore.ts"

const isFiles = Schema.is(Files)

/** So many objects are asked for and sent side by side. */
const AT_ONCE = 8

type Part = Pick<StoredPart, "object" | "bytes">

/** Puts an object into the shared store unless it is there, in which case it isn't read; gives how many bytes were sent. */
const put = <E, R>({ object, bytes }: Part, read: Effect.Effect<Verified.Verified, E, R>) =>
  Effect.gen(function* () {
    const shared = yield* SharedStore
    // one that is empty costs no more to send than to ask for
    if (bytes > 0 && (yield* shared.has(object, bytes))) return 0
    return (yield* shared.putObject(yield* read, object)) ? bytes : 0
  })

/** Puts an object of this machine into the shared store unless it is there; gives how many bytes were sent. */
export const sharePart = (part: Part): Effect.Effect<number, BlobsFailed | ReadFailure, SharedStore | ObjectStore> =>
  put(
    part,
    Effect.flatMap(ObjectStore, (store) => store.get(part.object))
  )

/**
 * Puts what a source is made of into the shared store unless it is there: the last part, by which the others are found, at the end.
 * Gives how many bytes were sent; null where that is not worth it.
 */
export const shareSource = (
  files: Files,
  isWorth: (parts: ReadonlyArray<SourcePart>) => boolean = () => true
): Effect.Effect<number | null, BlobsFailed | SourceGone | StoreFailed, SharedStore> =>
  Effect.gen(function* () {
    const parts = yield* Effect.flatMap(SourceFiles, (access) => access.parts(files))
    if (!isWorth(parts)) return null
    const changed = () => new SourceGone({ ...files, what: "they were changed meanwhile" })
    const one = (part: SourcePart) =>
      put(
        part,
        Effect.flatMap(part.read, (bytes) => Either.mapLeft(Verified.check(part.object, bytes), changed))
      )
    const sent = yield* Effect.forEach(parts.slice(0, -1), one, { concurrency: AT_ONCE })
    const last = yield* Effect.forEach(parts.slice(-1), one)
    return [...sent, ...last].reduce((sum, bytes) => sum + bytes, 0)
  })

/** The sources among artifacts. */
export const sourcesIn = (artifacts: ReadonlyArray<Stored>): ReadonlyArray<Files> =>
  artifacts.flatMap(({ kind, header }) => (kind === "files" && isFiles(header) ? [header] : []))

/**
 * Makes sure that the shared store has all that a machine elsewhere needs to read these artifacts, sources among them, before it is
 * told of them. Needs no key: what is told by its digest is believed by nobody before it is hashed. `there`: digests of what
 * is known to be there, which is not asked for again; what is there by now is added.
 */
export const share = (
  artifacts: ReadonlyArray<Stored>,
  there: Set<string> = new Set()
): Effect.Effect<void, BlobsFailed | ReadFailure | SourceGone, SharedStore | ObjectStore> =>
  Effect.gen(function* () {
    const once = <A, E, R>(digest: string, sharing: Effect.Effect<A, E, R>) =>
      Effect.suspend(() =>
        there.has(digest) ? Effect.void : Effect.andThen(sharing, () => Effect.sync(() => void there.add(digest)))
      )
    const parts = new Map(artifacts.flatMap((artifact) => artifact.parts).map((part) => [part.object, part]))
    yield* Effect.forEach(parts.values(), (part) => once(part.object, sharePart(part)), {
      concurrency: AT_ONCE,
      discard: true
    })
    yield* Effect.forEach(sourcesIn(artifacts), (files) => once(files.digest, shareSource(files)), { discard: true })
  })
