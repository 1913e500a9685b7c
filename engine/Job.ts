import type * as Key from "../cache/Key.ts"
import type { StageEntry } from "./Graph.ts"
import type * as NodeKey from "./NodeKey.ts"

/** One node, ready to be computed. */
export interface Job {
  readonly pipeline: string
  readonly entry: StageEntry
  readonly inputs: NodeKey.ResolvedInputs
  readonly key: Key.Key
  readonly text: Key.KeyText
  /** Whether all of it is computed, also the chunks and steps that are kept. */
  readonly isAgain: boolean
}
