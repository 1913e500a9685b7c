import { Schema } from "effect"
import type * as Key from "../cache/Key.ts"
import type { StageEntry } from "./Graph.ts"
import type { StageDefinition } from "./Node.ts"
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

/** Some of the chunks of a row stage's base, by their numbers: from `from` on, up to `to` and without it. */
export const Range = Schema.Struct({ from: Schema.NonNegativeInt, to: Schema.NonNegativeInt })
export type Range = typeof Range.Type

const streamedIn = (inputs: NodeKey.ResolvedInputs): ReadonlyArray<StageDefinition> =>
  Object.values(inputs)
    .flat()
    .flatMap((resolved: NodeKey.Resolved) =>
      resolved._tag === "Streamed" ? [resolved.node.definition, ...streamedIn(resolved.inputs)] : []
    )

/** The stages that compute it: its own, and those that its inputs are streamed by. */
export const stagesOf = ({ entry, inputs }: Pick<Job, "entry" | "inputs">): ReadonlyArray<StageDefinition> => [
  entry.node.definition,
  ...streamedIn(inputs)
]

/** The names of the variables that they declare. */
export const variablesOf = (job: Pick<Job, "entry" | "inputs">): ReadonlySet<string> =>
  new Set(stagesOf(job).flatMap(({ environment, secrets }) => [...environment, ...secrets]))

/** The names of the secrets that may come up while it is computed. */
export const secretsOf = (job: Pick<Job, "entry" | "inputs">): ReadonlyArray<string> =>
  stagesOf(job).flatMap(({ secrets }) => secrets)
