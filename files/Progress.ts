import type { Effect } from "effect"

/** How far a long step outside of the pipeline has come, in bytes. The total is null where the other side doesn't say it. */
interface ProgressEvent {
  readonly what: string
  readonly done: number
  readonly total: number | null
}

/** Listens to how far such a step has come. */
export type OnProgress = (event: ProgressEvent) => Effect.Effect<void>
