import { Effect } from "effect"
import type { ObjectStore } from "../../cache/ObjectStore.ts"
import { Using } from "../../cache/Using.ts"
import { trickle } from "../../cache/verify/trickle.ts"
import { type RunEvent, RunEvents } from "../../engine/RunEvent.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import { Place } from "../../project/Place.ts"
import { bytesOf, keepWithin } from "../budget/housekeeping.ts"
import type { Reporter } from "../terminal/Reporter.ts"
import { liveEvents } from "./live-events.ts"

/** Who hears of a run or sweep while it goes on, and who tells people and programs of it once it is over. */
interface Listeners<R> {
  readonly publish: (event: RunEvent) => Effect.Effect<void>
  readonly tell: (record: RunRecord) => Effect.Effect<void, never, R>
}

/** Carries out a run or a sweep, and tells of it when it is over, also when it is interrupted; the exit code. */
export const carryOut = <R, R2>(
  work: Effect.Effect<RunRecord, never, R>,
  { publish, tell }: Listeners<R2>
): Effect.Effect<number, never, Exclude<R, RunEvents> | R2 | Place | Reporter | Using | ObjectStore> =>
  Effect.gen(function* () {
    yield* Effect.flatMap(Using, ({ begin }) => begin)
    const context = yield* Effect.context<R2>()
    const { home } = yield* Place
    // an interrupted run ends with this event, and gives no record to whoever waits for one
    const telling = (live: (event: RunEvent) => Effect.Effect<void>) => (event: RunEvent) =>
      Effect.zipRight(live(event), publish(event)).pipe(
        Effect.zipRight(event._tag === "RunFinished" ? Effect.provide(tell(event.record), context) : Effect.void)
      )
    // while others compute, this process has little to do
    const looking = Effect.forkScoped(trickle(home))
    const record = yield* Effect.flatMap(Effect.zipRight(looking, liveEvents(home)), (live) =>
      Effect.provideService(work, RunEvents, { publish: telling(live) })
    ).pipe(Effect.scoped)
    // the work is done, and its results are kept: no housekeeping makes a failure of it
    if (record.nodes.some(({ status }) => status === "ran"))
      yield* Effect.ignore(Effect.sandbox(keepWithin(bytesOf(record))))
    return record.status === "done" ? 0 : 1
  })
