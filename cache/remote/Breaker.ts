import { Duration, Effect, Ref, Schedule, type Scope } from "effect"
import type { BlobsFailed } from "./Blobs.ts"

/** Guards what may fail for a while: once it did, nobody waits for it any more until it answers again. */
export interface Breaker {
  /** Does the work, and gives null at once while nobody answers, or where it fails. */
  readonly guard: <A>(work: Effect.Effect<A, BlobsFailed>) => Effect.Effect<A | null>
}

export interface Options {
  /** Hears of the failure that opens the breaker. */
  readonly onOpen: (failure: BlobsFailed) => Effect.Effect<void>
  /** Hears of an answer that is wrong in itself, and says nothing of the others. */
  readonly onWrong: (failure: BlobsFailed) => Effect.Effect<void>
}

const isWrong = ({ cause }: BlobsFailed): boolean => cause === "wrong"

/** Twice as long each time, at most half a minute: what was restarted is back soon, and what is gone is asked rarely. */
const asking = Schedule.union(Schedule.exponential("1 second"), Schedule.spaced(Duration.seconds(30)))

/**
 * A breaker that is open after one failure. In the background it does again what failed, and nothing else tells it that all is well:
 * there are stores that answer what is easy, and are silent where they have to read.
 */
export const make = ({ onOpen, onWrong }: Options): Effect.Effect<Breaker, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const open = yield* Ref.make(false)
    const trip = (failure: BlobsFailed, work: Effect.Effect<unknown, BlobsFailed>) =>
      Effect.gen(function* () {
        if (yield* Ref.getAndSet(open, true)) return
        yield* onOpen(failure)
        // a wrong answer is one
        const answered = Effect.catchIf(work, isWrong, () => Effect.void)
        const again = Effect.retry(Effect.delay(answered, "1 second"), asking)
        yield* Effect.forkIn(Effect.zipRight(again, Ref.set(open, false)), scope)
      })
    return {
      guard: (work) =>
        Effect.flatMap(Ref.get(open), (isOpen) =>
          isOpen
            ? Effect.succeed(null)
            : Effect.catchAll(work, (failure) =>
                Effect.as(isWrong(failure) ? onWrong(failure) : trip(failure, work), null)
              )
        )
    }
  })
