import { Context, Effect } from "effect"

/** How far a node is. `total` is null while nobody knows. */
export interface Progress {
  readonly done: number
  readonly total: number | null
  readonly unit: string
  /** Part of `done` that was not computed but found in the cache. */
  readonly reused: number
  /** Figures worth a glance, such as an epoch's accuracy. */
  readonly note: string | null
}

/** Where a running stage says how far it is; whoever runs it listens. Silent unless someone does. */
export class ProgressListener extends Context.Reference<ProgressListener>()("headrace/ProgressListener", {
  defaultValue: (): ((progress: Progress) => Effect.Effect<void>) => () => Effect.void
}) {}

export const report = (progress: Pick<Progress, "done" | "total" | "unit"> & Partial<Progress>): Effect.Effect<void> =>
  Effect.flatMap(ProgressListener, (listen) => listen({ reused: 0, note: null, ...progress }))

/** Where a running node says that something of the cache was damaged and is made anew. Silent unless someone listens. */
export class DamageListener extends Context.Reference<DamageListener>()("headrace/DamageListener", {
  defaultValue: (): ((what: string) => Effect.Effect<void>) => () => Effect.void
}) {}

/** Where is said that a node has been in one call for so many seconds. Silent unless someone listens. */
export class StillListener extends Context.Reference<StillListener>()("headrace/StillListener", {
  defaultValue: (): ((seconds: number) => Effect.Effect<void>) => () => Effect.void
}) {}
