import { Context, Effect, Either, Layer, Schedule } from "effect"
import type { Stored } from "../../artifacts/Artifact.ts"
import type { Key } from "../Key.ts"
import type { ObjectStore, ReadFailure, StoreFailed } from "../ObjectStore.ts"
import * as StoreListener from "../StoreListener.ts"
import { isOf, type Trace, TraceStore } from "../Trace.ts"
import { whole } from "../TraceFormat.ts"
import type { BlobsFailed } from "./Blobs.ts"
import { type Address, SharedStore, type Terms } from "./SharedStore.ts"
import type { Writer } from "./Signature.ts"
import * as SignedTrace from "./SignedTrace.ts"
import * as SourceUploads from "./SourceUploads.ts"
import { share } from "./share.ts"
import { isPassing, upload } from "./Uploader.ts"
import type { Upload } from "./Uploads.ts"

/**
 * How machines that work together have their results in common: what one computed is in the shared store before it says so, and
 * what another says is believed by its signature. Nothing fails while the shared store is away for a while: it is waited for.
 */
export class Sharing extends Context.Tag("headrace/Sharing")<
  Sharing,
  {
    readonly terms: Terms
    /** Puts a result of this machine there: its objects, then its trace. */
    readonly putTrace: (upload: Upload) => Effect.Effect<void, BlobsFailed>
    /**
     * Puts what artifacts consist of there, as far as it isn't, and the files of sources where this machine has them. Fails where this machine
     * lacks an object as well.
     */
    readonly putInputs: (artifacts: ReadonlyArray<Stored>) => Effect.Effect<void, BlobsFailed | ReadFailure>
    /** Somebody says that an object is not there: it is put there when it is next needed. */
    readonly forget: (object: string) => Effect.Effect<void>
    /** A trace as another machine is told of it. */
    readonly seal: (trace: Trace) => string
    /** A trace that another machine tells of, where somebody trusted signed it; else why it doesn't count. */
    readonly open: (sealed: string, place: Omit<Address, "kind">) => Either.Either<Trace, string>
    /** Keeps a trace of another machine in the store of this one. */
    readonly keep: (trace: Trace) => Effect.Effect<void, StoreFailed>
  }
>() {}

/** How often a shared store that is away is asked whether it is back. */
const ASKING = "1 second"

/**
 * The stores in the context are this machine's own: what it puts there was computed here. `done` hears of each result that is
 * there.
 */
export const layer = (
  writer: Writer,
  done: (uploaded: Upload) => Effect.Effect<void> = () => Effect.void
): Layer.Layer<Sharing, never, SharedStore | ObjectStore | TraceStore> =>
  Layer.effect(
    Sharing,
    Effect.gen(function* () {
      const context = yield* Effect.context<SharedStore | ObjectStore | TraceStore>()
      const shared = yield* SharedStore
      const traces = yield* TraceStore
      const { terms } = shared

      const patiently = <A, E>(work: Effect.Effect<A, BlobsFailed | E>): Effect.Effect<A, BlobsFailed | E> =>
        Effect.suspend(() => {
          const say = StoreListener.once(StoreListener.tell)
          const tell = ({ message }: BlobsFailed) =>
            say("waits", `The shared store ${terms.shown} ${message}: what goes there waits for it.`)
          // it was there when these machines found each other by it: a disk that is mounted no longer is mounted again
          const isAway = (failure: BlobsFailed) => isPassing(failure) || failure.cause === "absent"
          const passes = (failure: BlobsFailed | E): failure is BlobsFailed =>
            (failure as { readonly _tag?: string })._tag === "BlobsFailed" && isAway(failure as BlobsFailed)
          return work.pipe(
            Effect.tapError((failure) => (passes(failure) ? tell(failure) : Effect.void)),
            Effect.retry({ schedule: Schedule.spaced(ASKING), while: passes })
          )
        })

      /** Objects that are known to be there: a sweep names the same ones for each of its points. */
      const there = new Set<string>()
      const sources = yield* SourceUploads.make

      const placeOf = (stage: string, key: Key): SignedTrace.Place => ({
        kind: "trace",
        namespace: terms.namespaces[0],
        stage,
        key
      })

      return {
        terms,
        putTrace: (address) =>
          Effect.zipRight(patiently(Effect.provide(upload(address, writer, sources), context)), done(address)),
        putInputs: (artifacts) =>
          Effect.forEach(
            artifacts,
            (artifact) =>
              patiently(Effect.provide(share([artifact], there), context)).pipe(
                // whoever computes may have a copy of its own, and else says so by name
                Effect.catchTag("SourceGone", () => Effect.void)
              ),
            { discard: true }
          ),
        forget: (object) => Effect.sync(() => void there.delete(object)),
        seal: (trace) =>
          Buffer.from(
            SignedTrace.seal(writer, placeOf(trace.text.stage, trace.key), Effect.runSync(whole.encode(trace)))
          ).toString("utf8"),
        open: (sealed, { stage, key }) =>
          Either.flatMap(SignedTrace.open(Buffer.from(sealed), placeOf(stage, key), terms.trust), (text) => {
            const trace = whole.decode(text)
            return Either.isRight(trace) && isOf(trace.right, key)
              ? Either.right(trace.right)
              : Either.left("it is signed, and is no trace of it")
          }),
        keep: traces.put
      }
    })
  )
