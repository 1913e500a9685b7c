import type { Effect } from "effect"

/** How far a long step outside the pipeline has come, in bytes. `total` is null where the other side doesn't say. */
interface ProgressEvent {
  readonly what: string
  readonly done: number
  readonly total: number | null
}

export type OnProgress = (event: ProgressEvent) => Effect.Effect<void>
