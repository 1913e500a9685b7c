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

/** Puts an object into the shared store unless it is there; gives how many bytes were sent. */
export const sharePart = ({
  object,
  bytes
}: Pick<StoredPart, "object" | "bytes">): Effect.Effect<number, BlobsFailed | ReadFailure, SharedStore | ObjectStore> =>
  Effect.gen(function* () {
    const shared = yield* SharedStore
    // one that is empty costs no more to send than to ask for
    if (bytes > 0 && (yield* shared.has(object, bytes))) return 0
    const here = yield* Effect.flatMap(ObjectStore, (store) => store.get(object))
    return (yield* shared.putObject(here, object)) ? bytes : 0
  })

/** Puts what a source is made of into the shared store unless it is there: the last part, by which the others are found, at the end. */
export const shareSource = (files: Files): Effect.Effect<number, BlobsFailed | SourceGone | StoreFailed, SharedStore> =>
  Effect.gen(function* () {
    const shared = yield* SharedStore
    const parts = yield* Effect.flatMap(SourceFiles, (access) => access.parts(files))
    const put = ({ object, bytes, read }: SourcePart) =>
      Effect.gen(function* () {
        if (bytes > 0 && (yield* shared.has(object, bytes))) return 0
        const checked = Verified.check(object, yield* read)
        if (Either.isLeft(checked)) return yield* new SourceGone({ ...files, what: "they were changed meanwhile" })
        return (yield* shared.putObject(checked.right, object)) ? bytes : 0
      })
    const sent = yield* Effect.forEach(parts.slice(0, -1), put, { concurrency: AT_ONCE })
    const last = yield* Effect.forEach(parts.slice(-1), put)
    return [...sent, ...last].reduce((sum, bytes) => sum + bytes, 0)
  })

/**
 * Makes sure that the shared store has all that a machine elsewhere needs to read these artifacts, sources among them, before it is
 * told of them. Needs no key: what is told by its digest is believed by nobody before it is hashed.
 */
export const share = (
  artifacts: ReadonlyArray<Stored>
): Effect.Effect<void, BlobsFailed | ReadFailure | SourceGone, SharedStore | ObjectStore> =>
  Effect.gen(function* () {
    const parts = new Map(artifacts.flatMap((artifact) => artifact.parts).map((part) => [part.object, part]))
    yield* Effect.forEach(parts.values(), sharePart, { concurrency: AT_ONCE, discard: true })
    const sources = artifacts.flatMap(({ kind, header }) => (kind === "files" && isFiles(header) ? [header] : []))
    yield* Effect.forEach(new Map(sources.map((files) => [files.digest, files])).values(), shareSource, {
      discard: true
    })
  })
