import { type Deferred, Effect } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import type { Explained } from "../artifacts/Explained.ts"
import type * as Text from "../artifacts/Text.ts"
import type { Key } from "../cache/Key.ts"
import type { StoreFailed } from "../cache/ObjectStore.ts"
import type * as Reason from "../cache/Reason.ts"
import type { Trace } from "../cache/Trace.ts"
import * as Cores from "./Cores.ts"
import type { InputLost } from "./Failure.ts"
import type { Given } from "./Given.ts"
import type * as Graph from "./Graph.ts"
import * as NodeKey from "./NodeKey.ts"
import type { Audited } from "./RunRecord.ts"
import type { Found, SourceFailed } from "./Sources.ts"
import type { Origin } from "./Union.ts"

export type Outcome =
  | {
      readonly _tag: "Done"
      readonly status: "reused" | "ran"
      readonly trace: Trace
      readonly reasons: ReadonlyArray<Reason.Reason>
    }
  | {
      readonly _tag: "Failed"
      readonly error: Explained
      readonly key: string | null
      readonly reasons: ReadonlyArray<Reason.Reason>
      /** By its stage until it failed, as far as it is kept. */
      readonly printed: string
    }
  | { readonly _tag: "Skipped"; readonly because: ReadonlyArray<string> }

/** What a run has found out so far. */
export interface RunState {
  readonly graph: Graph.Graph
  /** What a process elsewhere needs to find the node: parameters of its pipeline, and its name with these. */
  readonly origin: (entry: Graph.StageEntry) => Pick<Origin, "graph" | "entry" | "params">
  /** Filled once the sources are resolved, before any node is asked for. */
  readonly sources: Record<string, Readonly<Record<string, Stored>>>
  /** Sources whose bytes are brought once somebody reads them. */
  readonly expected: Map<string, Effect.Effect<void, SourceFailed>>
  /** Sources that cannot be had: what needs them fails. */
  readonly unresolved: Map<string, SourceFailed>
  readonly outcomes: Map<string, Outcome>
  /** Nodes that were started, so that an interrupted run can say what it was at. */
  readonly begun: Map<string, { readonly key: string; readonly reasons: ReadonlyArray<Reason.Reason> }>
  /** What was said of no node in particular, such as of the machine. */
  readonly notices: Array<Text.Text>
  /** Whether somebody has told, or tells, what an upgrade of Headrace costs. */
  readonly upgrade: { isTold: boolean }
  /** Nodes that are computed though their results are kept. */
  readonly again: ReadonlySet<string>
  /** What another run made, and is taken as it is; null where nothing is. */
  readonly given: Given | null
  /** What came of computing results again that were reused. */
  readonly audited: Array<Audited>
  /** Keys that are being computed, and those that failed: their twins take what becomes of them. */
  readonly computing: Map<Key, Deferred.Deferred<Outcome | InputLost, StoreFailed>>
  readonly locks: ReadonlyMap<string, Effect.Semaphore>
  readonly machine: Cores.Cores
  /** Null where nodes are computed elsewhere. */
  readonly cores: number | null
  readonly stages: ReadonlyMap<string, Graph.StageEntry>
}

/** Takes what was found of sources. */
export const take = ({ sources, expected }: RunState, found: Found): void => {
  Object.assign(sources, found.outputs)
  for (const [name, bring] of found.expected) expected.set(name, bring)
}

/** What a run knows before it has done anything. Nodes that take one core run side by side up to `cores`. */
export const begin = (
  graph: Graph.Graph,
  origin: RunState["origin"],
  cores: number | null,
  again: ReadonlySet<string> = new Set(),
  given: Given | null = null
): RunState => {
  const stages = graph.stages.filter(({ node }) => !NodeKey.isStreamed(node))
  return {
    graph,
    origin,
    sources: { ...given?.outputs },
    expected: new Map(given?.expected),
    unresolved: new Map(),
    outcomes: new Map(),
    begun: new Map(),
    notices: [],
    upgrade: { isTold: false },
    again,
    given,
    audited: [],
    computing: new Map(),
    locks: new Map(stages.map(({ name }) => [name, Effect.unsafeMakeSemaphore(1)])),
    machine: Cores.make(cores ?? 0),
    cores,
    stages: new Map(stages.map((entry) => [entry.name, entry]))
  }
}

/** What the settled parents yielded, by name; by outcomes that somebody has seen, which may not be the newest. */
export const outputsOf = (
  state: RunState,
  parents: ReadonlyArray<Graph.Entry>,
  outcomes: ReadonlyMap<string, Outcome> = state.outcomes
): NodeKey.Outputs =>
  Object.fromEntries(
    parents.map(({ name }): [string, Readonly<Record<string, Stored>>] => {
      const outcome = outcomes.get(name)
      return [name, outcome?._tag === "Done" ? outcome.trace.outputs : (state.sources[name] ?? {})]
    })
  )

/** The same outputs under the names that their nodes have where the node comes from. */
export const outputsAt = (
  state: RunState,
  { graph, entry }: Pick<Origin, "graph" | "entry">,
  outputs: NodeKey.Outputs
) =>
  Object.fromEntries(
    NodeKey.storedParents(graph, entry).map((parent) => [parent.name, outputs[state.graph.like(parent).name] ?? {}])
  )
