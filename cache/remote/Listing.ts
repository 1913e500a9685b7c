import { Chunk, Effect, Option, Stream } from "effect"
import type * as Digest from "../../artifacts/Digest.ts"
import { type Blobs, BlobsFailed } from "./Blobs.ts"
import { ACCEPTED, OBJECTS, objectOf, placeOf, TRACES } from "./names.ts"
import type * as SignedTrace from "./SignedTrace.ts"

/** What lies in a shared store, for whoever counts, checks or tidies it. */
interface Lying {
  readonly bytes: number
  /** Milliseconds since 1970, by the clock of the store: a machine's own may be another. */
  readonly modified: number
}
export interface SharedObject extends Lying {
  readonly object: Digest.Digest
}
/** A trace of any namespace, of which nobody has seen yet whether it is believed. */
export interface SharedTrace extends Lying {
  readonly place: SignedTrace.Place
}

/** What lies in a shared store by its listings, in which what is none of it is left out. */
export const of = (blobs: typeof Blobs.Service) => {
  const signed = (prefix: string): Stream.Stream<SharedTrace, BlobsFailed> =>
    Stream.filterMap(blobs.list(prefix), ({ name, bytes, modified }) =>
      Option.map(Option.fromNullable(placeOf(name)), (place) => ({ place, bytes, modified }))
    )
  return {
    objects: Stream.filterMap(blobs.list(OBJECTS), ({ name, bytes, modified }) =>
      Option.map(Option.fromNullable(objectOf(name)), (object): SharedObject => ({ object, bytes, modified }))
    ),
    traces: Stream.concatAll(Chunk.fromIterable(TRACES.map(signed))),
    accepted: signed(ACCEPTED),
    /** The time by the clock of the store, in milliseconds since 1970: that of a probe which is put there under this name. */
    now: (probe: string): Effect.Effect<number, BlobsFailed> =>
      Effect.zipRight(blobs.putNew(probe, new Uint8Array()), Stream.runHead(blobs.list(probe))).pipe(
        Effect.ensuring(Effect.ignore(blobs.remove(probe))),
        Effect.flatMap(
          Option.match({
            onNone: () => new BlobsFailed({ cause: "wrong", message: "does not list what was put there a moment ago" }),
            onSome: ({ modified }) => Effect.succeed(modified)
          })
        )
      )
  }
}
