import { Effect } from "effect"
import type { Stored, StoredPart } from "../../artifacts/Artifact.ts"
import { ObjectStore, type ReadFailure } from "../ObjectStore.ts"
import type { BlobsFailed } from "./Blobs.ts"
import { SharedStore } from "./SharedStore.ts"

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

/**
 * Makes sure that the shared store has all that a machine elsewhere needs to read these artifacts, before it is told of them. Needs
 * no key: what is told by its digest is believed by nobody before it is hashed.
 */
export const share = (
  artifacts: ReadonlyArray<Stored>
): Effect.Effect<void, BlobsFailed | ReadFailure, SharedStore | ObjectStore> =>
  Effect.forEach(
    new Map(artifacts.flatMap(({ parts }) => parts).map((part) => [part.object, part])).values(),
    sharePart,
    { concurrency: AT_ONCE, discard: true }
  )
