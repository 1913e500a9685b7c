import { Duration, Effect, Ref, Schedule, type Scope } from "effect"
import type { BlobsFailed } from "./Blobs.ts"

/** Guards what may fail for a while: once it did, nobody waits for it any more until it answers again. */
export interface Breaker {
  /**
   * Does the work; while nobody answers, it fails at once with why that is. An answer that is wrong in itself gives null, and says
   * nothing of the others.
   */
  readonly guard: <A>(work: Effect.Effect<A, BlobsFailed>) => Effect.Effect<A | null, BlobsFailed>
}

export interface Options {
  /** Asks something that costs nothing. */
  readonly probe: Effect.Effect<unknown, BlobsFailed>
  /** Hears of the failure that opens the breaker. */
  readonly onOpen: (failure: BlobsFailed) => Effect.Effect<void>
  /** Hears of an answer that is wrong. */
  readonly onWrong: (failure: BlobsFailed) => Effect.Effect<void>
}

/** Twice as long each time, at most half a minute: what was restarted is back soon, and what is gone is asked rarely. */
const asking = Schedule.union(Schedule.exponential("1 second"), Schedule.spaced(Duration.seconds(30)))

/** A breaker that is open after one failure, and looks in the background for the end of it. */
export const make = ({ probe, onOpen, onWrong }: Options): Effect.Effect<Breaker, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    /** Why it is open; null while it is closed. */
    const open = yield* Ref.make<BlobsFailed | null>(null)
    const close = Ref.set(open, null)
    const trip = (failure: BlobsFailed) =>
      Effect.flatMap(Ref.getAndSet(open, failure), (before) =>
        before !== null
          ? Effect.void
          : Effect.zipRight(
              onOpen(failure),
              Effect.forkIn(Effect.zipRight(Effect.retry(Effect.delay(probe, "1 second"), asking), close), scope)
            )
      )
    return {
      guard: (work) =>
        Effect.flatMap(Ref.get(open), (failure) =>
          failure !== null
            ? failure
            : Effect.catchAll(work, (failed) =>
                failed.cause === "wrong" ? Effect.as(onWrong(failed), null) : Effect.zipRight(trip(failed), failed)
              )
        )
    }
  })
