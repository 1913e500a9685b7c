import { Context, type Effect } from "effect"
import type { Reporter } from "../terminal/Reporter.ts"

/** What is uploaded beside a command, for one that has no other end; null where nothing is. */
export class CurrentUploading extends Context.Reference<CurrentUploading>()("headrace/CurrentUploading", {
  defaultValue: (): Uploading | null => null
}) {}
export interface Uploading {
  /** Waits for its end, which is told, and gives how many results are not in the shared store then. */
  readonly finish: Effect.Effect<number, never, Reporter>
}
