import { Duration, Effect, Ref, Schedule, type Scope } from "effect"
import type { BlobsFailed } from "./Blobs.ts"

/** Guards what may fail for a while: once it did, nobody waits for it any more until it answers again. */
export interface Breaker {
  /** Does the work, and gives null at once while nobody answers, or where it fails. */
  readonly guard: <A>(work: Effect.Effect<A, BlobsFailed>) => Effect.Effect<A | null>
}

export interface Options {
  /** Asks something that costs nothing. */
  readonly probe: Effect.Effect<unknown, BlobsFailed>
  /** Hears of the failure that opens the breaker. */
  readonly onOpen: (failure: BlobsFailed) => Effect.Effect<void>
  /** Hears of an answer that is wrong in itself, and says nothing of the others. */
  readonly onWrong: (failure: BlobsFailed) => Effect.Effect<void>
}

/** Twice as long each time, at most half a minute: what was restarted is back soon, and what is gone is asked rarely. */
const asking = Schedule.union(Schedule.exponential("1 second"), Schedule.spaced(Duration.seconds(30)))

/** A breaker that is open after one failure, and looks in the background for the end of it. */
export const make = ({ probe, onOpen, onWrong }: Options): Effect.Effect<Breaker, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const open = yield* Ref.make(false)
    const close = Ref.set(open, false)
    const trip = (failure: BlobsFailed) =>
      Effect.flatMap(Ref.getAndSet(open, true), (wasOpen) =>
        wasOpen
          ? Effect.void
          : Effect.zipRight(
              onOpen(failure),
              Effect.forkIn(Effect.zipRight(Effect.retry(Effect.delay(probe, "1 second"), asking), close), scope)
            )
      )
    return {
      guard: (work) =>
        Effect.flatMap(Ref.get(open), (isOpen) =>
          isOpen
            ? Effect.succeed(null)
            : Effect.catchAll(work, (failure) =>
                Effect.as(failure.cause === "wrong" ? onWrong(failure) : trip(failure), null)
              )
        )
    }
  })
