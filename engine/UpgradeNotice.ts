import { Effect } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import * as Key from "../cache/Key.ts"
import * as Reason from "../cache/Reason.ts"
import { Release } from "../cache/Release.ts"
import { listOnce, TraceStore } from "../cache/Trace.ts"
import * as Upgrade from "../cache/Upgrade.ts"
import type { Code } from "./Code.ts"
import * as Decide from "./Decide.ts"
import type * as Graph from "./Graph.ts"
import * as NodeKey from "./NodeKey.ts"
import type { RunRecords } from "./RunRecord.ts"

// One sentence for all that is computed again because Headrace was upgraded, said before it is.

export const isUpgrade = (reasons: ReadonlyArray<Reason.Reason>): boolean =>
  reasons.some(({ _tag }) => _tag === "Upgraded")

/** The version that wrote a result which an upgrade keeps from being found; null where that does not say. */
type Writer = string | null

interface Looked {
  /** By the names of the nodes that an upgrade has computed again: who wrote their results. */
  readonly writers: Map<string, Writer>
  /** Nodes whose inputs are not known before these are computed again, and whose results may be found then. */
  readonly perhaps: Set<string>
  /** Of sources, and of nodes that are kept. */
  readonly outputs: Record<string, Readonly<Record<string, Stored>>>
}

/**
 * Looks at one node. Where an upgrade has its inputs computed again as well, it is compared without what they yield, which
 * suffices, for nothing gives it a key of before; where they are computed for a reason of the user's, so is the node.
 */
const look = (
  graph: Graph.Graph,
  entry: Graph.StageEntry,
  own: Graph.StageEntry,
  { writers, perhaps, outputs }: Looked
): Effect.Effect<void, NodeKey.KeyFailure, Code | TraceStore | RunRecords> =>
  Effect.gen(function* () {
    const parents = NodeKey.storedParents(graph, entry)
    const unknown = parents.filter(({ name }) => outputs[name] === undefined)
    if (unknown.some(({ name }) => !writers.has(name) && !perhaps.has(name))) return
    const isKnown = unknown.length === 0
    const inputs = NodeKey.resolveOpen(graph, outputs, entry)
    const made = yield* NodeKey.make(entry.node, inputs)
    const found = isKnown ? yield* Effect.flatMap(TraceStore, (traces) => traces.get(made.text.stage, made.key)) : null
    if (found?._tag === "Hit") {
      outputs[entry.name] = found.trace.outputs
      return
    }
    const release = yield* Release
    const labels = NodeKey.labels(inputs)
    for (const before of yield* Decide.ownBefore(graph, own, made)) {
      if (!Upgrade.hasSameParams(before.text, made.text)) continue
      const text = Key.withContentsOf(made.text, before.text)
      if (Upgrade.reasons(before, text, labels, release) !== null) {
        writers.set(entry.name, before.by ?? null)
        return
      }
      if (Reason.differences(before.text, text, { before: {}, after: {} }).length === 0) perhaps.add(entry.name)
    }
  })

const sentence = (writers: ReadonlyArray<Writer>, version: string): string => {
  const others = [...new Set(writers)].filter((by) => by !== version).map((by) => by ?? "an earlier version")
  // of one version only its developers have two
  const before = others.length === 0 ? "when it wrote" : `${others.sort().join(" and ")}, which wrote`
  const nodes = writers.length === 1 ? "1 node is" : `${writers.length} nodes are`
  return `Headrace ${version} makes other keys than ${before} these results: ${nodes} computed again, once.`
}

/**
 * What an upgrade costs of a graph whose sources are known: the nodes of which results are kept that the version before would
 * find; null where there are none. `ownOf` gives a node as its pipeline has it, where a sweep calls it otherwise.
 */
export const make = (
  graph: Graph.Graph,
  sources: NodeKey.Outputs,
  ownOf: (entry: Graph.StageEntry) => Graph.StageEntry = (entry) => entry
): Effect.Effect<string | null, never, Code | TraceStore | RunRecords> =>
  Effect.gen(function* () {
    const looked: Looked = { writers: new Map(), perhaps: new Set(), outputs: { ...sources } }
    for (const entry of graph.stages) {
      if (NodeKey.isStreamed(entry.node)) continue
      // whoever computes the node tells why it has no key
      yield* Effect.ignore(Effect.sandbox(look(graph, entry, ownOf(entry), looked)))
    }
    if (looked.writers.size === 0) return null
    return sentence([...looked.writers.values()], (yield* Release).version)
  }).pipe(Effect.provideServiceEffect(TraceStore, listOnce))
