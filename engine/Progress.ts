/**
 * Progress: how far a running stage has come.
 *
 * @module
 */
import { Context, Effect } from "effect"

/** How far a node has come. The total is null as long as nobody knows it. */
export interface Progress {
  readonly done: number
  readonly total: number | null
  readonly unit: string
  /** Part of `done` that was not computed but found in the cache. */
  readonly reused: number
  /** Figures worth a glance, such as an epoch's accuracy. */
  readonly note: string | null
  /** Numbers by what they measure as far as it has come, such as a loss: a page draws them over `done`. */
  readonly metrics?: Readonly<Record<string, number>> | undefined
}

/** Who listens to how far a node has come. Nobody does by default. */
export class ProgressListener extends Context.Reference<ProgressListener>()("headrace/ProgressListener", {
  defaultValue: (): ((progress: Progress) => Effect.Effect<void>) => () => Effect.void
}) {}

/**
 * Says how far the stage has come that runs; the command shows it.
 *
 * @example
 * const told = (epoch: number, loss: number) =>
 *   Progress.report({ done: epoch, total: 10, unit: "epochs", note: `loss ${loss.toFixed(3)}` })
 */
export const report = ({
  metrics,
  ...progress
}: Pick<Progress, "done" | "total" | "unit"> & Partial<Progress>): Effect.Effect<void> =>
  Effect.flatMap(ProgressListener, (listen) =>
    listen({ reused: 0, note: null, ...progress, ...(metrics === undefined ? {} : { metrics: finite(metrics) }) })
  )

/** What is no number any more, such as the loss of a training that diverges, has no place in a drawing, nor in JSON. */
const finite = (metrics: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)))

/** Who listens to what of the cache was found damaged and is made anew. Nobody does by default. */
export class DamageListener extends Context.Reference<DamageListener>()("headrace/DamageListener", {
  defaultValue: (): ((what: string) => Effect.Effect<void>) => () => Effect.void
}) {}

/** Who listens to for how many seconds a node has been in one native call. Nobody does by default. */
export class StillListener extends Context.Reference<StillListener>()("headrace/StillListener", {
  defaultValue: (): ((seconds: number) => Effect.Effect<void>) => () => Effect.void
}) {}

/** Who listens to which machine a node is computed by. Nobody does by default. */
export class PlacedListener extends Context.Reference<PlacedListener>()("headrace/PlacedListener", {
  defaultValue: (): ((by: string) => Effect.Effect<void>) => () => Effect.void
}) {}
