import { Duration, Effect, MutableRef, Schedule, type Scope } from "effect"
import type { BlobsFailed } from "./Blobs.ts"

/** Guards what may fail for a while: once it did, nobody waits for it any more until it answers again. */
export interface Breaker {
  /**
   * Does the work; while nobody answers, it fails at once with why that is. An answer that is wrong in itself gives null, and says
   * nothing of the others.
   */
  readonly guard: <A>(work: Effect.Effect<A, BlobsFailed>) => Effect.Effect<A | null, BlobsFailed>
  /** Whether nobody answers at the moment, as far as is known. */
  readonly isOpen: () => boolean
}

export interface Options {
  /** Hears of the failure that opens the breaker. */
  readonly onOpen: (failure: BlobsFailed) => Effect.Effect<void>
  /** Hears of an answer that is wrong. */
  readonly onWrong: (failure: BlobsFailed) => Effect.Effect<void>
  /** What another process could not do a moment ago, and why: the breaker is open from the beginning. */
  readonly failed?: { readonly work: Effect.Effect<unknown, BlobsFailed>; readonly failure: BlobsFailed }
}

const isWrong = ({ cause }: BlobsFailed): boolean => cause === "wrong"

/** Twice as long each time, at most half a minute: what was restarted is back soon, and what is gone is asked rarely. */
const asking = Schedule.union(Schedule.exponential("1 second"), Schedule.spaced(Duration.seconds(30)))

/**
 * A breaker that is open after one failure. In the background it does again what failed, and nothing else tells it that all is well:
 * there are stores that answer what is easy, and are silent where they have to read.
 */
export const make = ({ onOpen, onWrong, failed }: Options): Effect.Effect<Breaker, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    /** Why it is open; null while it is closed. */
    const open = MutableRef.make<BlobsFailed | null>(failed?.failure ?? null)
    const close = Effect.sync(() => MutableRef.set(open, null))
    const closeOnce = (work: Effect.Effect<unknown, BlobsFailed>) => {
      // a wrong answer is one
      const answered = Effect.catchIf(work, isWrong, () => Effect.void)
      const again = Effect.retry(Effect.delay(answered, "1 second"), asking)
      return Effect.forkIn(Effect.zipRight(again, close), scope)
    }
    const trip = (failure: BlobsFailed, work: Effect.Effect<unknown, BlobsFailed>) =>
      Effect.suspend(() =>
        MutableRef.getAndSet(open, failure) === null ? Effect.zipRight(onOpen(failure), closeOnce(work)) : Effect.void
      )
    if (failed !== undefined) yield* closeOnce(failed.work)
    return {
      isOpen: () => MutableRef.get(open) !== null,
      guard: (work) =>
        Effect.suspend(() => {
          const why = MutableRef.get(open)
          if (why !== null) return why
          return Effect.catchAll(work, (failure) =>
            isWrong(failure) ? Effect.as(onWrong(failure), null) : Effect.zipRight(trip(failure, work), failure)
          )
        })
    }
  })
