import { Array as Arr, Effect } from "effect"
import * as Acceptance from "../cache/Acceptance.ts"
import * as Key from "../cache/Key.ts"
import * as Reason from "../cache/Reason.ts"
import { Release } from "../cache/Release.ts"
import { type Trace, TraceStore } from "../cache/Trace.ts"
import * as Upgrade from "../cache/Upgrade.ts"
import * as Checkpoints from "./Checkpoints.ts"
import type { Code } from "./Code.ts"
import type * as Graph from "./Graph.ts"
import * as HadBefore from "./HadBefore.ts"
import * as NodeKey from "./NodeKey.ts"
import type { RunRecords } from "./RunRecord.ts"

/** What is known of a node once its inputs are: its key, and the result kept under it, if any. */
export interface Decision extends NodeKey.NodeKey {
  readonly inputs: NodeKey.ResolvedInputs
  readonly hit: Trace | null
  /** Why a trace that was written does not serve; null where none was. */
  readonly lost: string | null
  /** Which store that may have a result does not answer; null where all did. */
  readonly unanswered: string | null
  /** By whose word the hit serves though earlier code made it; empty for one of the node's own key. */
  readonly accepted: ReadonlyArray<Acceptance.Acceptance>
}

/** The newest run that had the key's result: its trace was there, and somebody removed it. */
const runThatHad = (key: string): Effect.Effect<string | null, never, RunRecords> =>
  Effect.map(HadBefore.asked, ({ runs }) => {
    const run = runs.get(key)
    return run === undefined ? null : `it is gone, though run ${run} had it`
  })

/** A node's key, and what it is made of. */
export type Keyed = Pick<Decision, "key" | "text" | "inputs">

export const keyed = (
  graph: Graph.Graph,
  entry: Graph.StageEntry,
  outputs: NodeKey.Outputs
): Effect.Effect<Keyed, NodeKey.KeyFailure, Code> => {
  const inputs = NodeKey.resolve(graph, outputs, entry.node)
  return Effect.map(NodeKey.make(entry.node, inputs), (made) => ({ ...made, inputs }))
}

/** What is kept under the keys of several nodes, in their order: they are looked up together, a stage at a time. */
export const recallAll = (nodes: ReadonlyArray<Keyed>): Effect.Effect<ReadonlyArray<Trace | null>, never, TraceStore> =>
  Effect.gen(function* () {
    const { getMany } = yield* TraceStore
    const found = new Map<Keyed, Trace>()
    for (const [stage, all] of Object.entries(Arr.groupBy(nodes, ({ text }) => text.stage))) {
      const lookups = yield* getMany(
        stage,
        all.map(({ key }) => key)
      )
      for (const [at, lookup] of lookups.entries()) {
        const node = all[at]
        // equal keys have equal texts: one of a thousand copies of the code's digests is enough
        if (lookup._tag === "Hit" && node !== undefined) found.set(node, { ...lookup.trace, text: node.text })
      }
    }
    return nodes.map((node) => found.get(node) ?? null)
  })

const acceptancesOf = (stage: string) =>
  Effect.flatMap(Acceptance.Acceptances, ({ all }) =>
    Effect.map(all, (found) => found.filter((one) => one.stage === stage))
  )

/** A result of earlier code that somebody accepted in the place of the node's, and by which words; null where none is kept. */
const acceptedFor = (text: Key.KeyText) =>
  Effect.gen(function* () {
    const acceptances = yield* acceptancesOf(text.stage)
    if (acceptances.length === 0) return null
    const traces = yield* TraceStore
    for (const { key, by } of yield* Acceptance.servingFor(text, acceptances)) {
      const found = yield* traces.get(text.stage, key)
      if (found._tag === "Hit") return { hit: found.trace, accepted: by }
    }
    return null
  })

/** Why a result of earlier code serves. */
export const acceptedBecause = ({ accepted }: Decision): ReadonlyArray<Reason.Reason> =>
  accepted.map(({ id, because, by }) => Reason.Accepted.make({ id, because, by }))

export const decide = (
  graph: Graph.Graph,
  entry: Graph.StageEntry,
  outputs: NodeKey.Outputs
): Effect.Effect<Decision, NodeKey.KeyFailure, Code | TraceStore | RunRecords> =>
  Effect.gen(function* () {
    const { key, text, inputs } = yield* keyed(graph, entry, outputs)
    const found = yield* Effect.flatMap(TraceStore, (traces) => traces.get(text.stage, key))
    const own = { key, text, inputs, hit: null, lost: null, unanswered: null, accepted: [] }
    // equal keys have equal texts: one of a thousand copies of the code's digests is enough
    if (found._tag === "Hit") return { ...own, hit: { ...found.trace, text } }
    const earlier = yield* acceptedFor(text)
    if (earlier !== null) return { ...own, ...earlier }
    if (found._tag === "Unknown") return { ...own, unanswered: found.what }
    const lost = found._tag === "Unreadable" ? `it cannot be read, since ${found.what}` : yield* runThatHad(key)
    return { ...own, lost }
  })

/**
 * What can be said of a node some of whose inputs are still to be computed: the text of its key with their contents left open,
 * under whose own key nothing is ever kept.
 */
export const foresee = (
  graph: Graph.Graph,
  entry: Graph.StageEntry,
  outputs: NodeKey.Outputs
): Effect.Effect<Decision, NodeKey.KeyFailure, Code> => {
  const inputs = NodeKey.resolveOpen(graph, outputs, entry)
  return Effect.map(NodeKey.make(entry.node, inputs), (made) => ({
    ...made,
    inputs,
    hit: null,
    lost: null,
    unanswered: null,
    accepted: []
  }))
}

/** Whether a result is kept that would be found, should the open inputs come out as those that it was made of. */
export const mayBeKept = ({ text }: NodeKey.NodeKey): Effect.Effect<boolean, NodeKey.KeyFailure, TraceStore> =>
  Effect.gen(function* () {
    const traces = yield* TraceStore
    const acceptances = yield* acceptancesOf(text.stage)
    for (const kept of yield* traces.ofStage(text.stage)) {
      const closed = Key.withContentsOf(text, kept.text)
      if ((yield* Key.ofText(closed)) === kept.key) return true
      const serving = yield* Acceptance.servingFor(closed, acceptances)
      if (serving.some(({ key }) => key === kept.key)) return true
    }
    return false
  })

/** How many steps of an iterating stage are kept, of those that the node asks for. */
const stepsKept = ({ node: { definition, params } }: Graph.StageEntry, text: NodeKey.NodeKey["text"]) =>
  definition.iterates === null
    ? Effect.succeed(0)
    : Checkpoints.kept(text, definition.iterates, params[definition.iterates.steps] as number).pipe(
        // a text that has a key has these too
        Effect.orDie,
        Effect.map(([newest]) => newest?.at ?? 0)
      )

/** The key whose lease is held while the node is computed: one for all numbers of steps. */
export const leaseOf = ({ node: { definition } }: Graph.StageEntry, { key, text }: NodeKey.NodeKey) =>
  definition.iterates === null ? Effect.succeed(key) : Effect.orDie(Checkpoints.leaseKey(text, definition.iterates))

/** Keys under which earlier runs of the pipeline had a result of the node: another pipeline may have computed it first. */
const keysBefore = (
  { pipeline }: Graph.Graph,
  { name }: Graph.StageEntry
): Effect.Effect<ReadonlySet<string>, never, RunRecords> =>
  Effect.map(HadBefore.asked, ({ keys }) => keys.get(pipeline)?.get(name) ?? new Set())

/** The earlier results of the node itself, the newest first: its siblings' differ from them by what makes them siblings. */
export const ownBefore = (
  graph: Graph.Graph,
  entry: Graph.StageEntry,
  { key, text }: NodeKey.NodeKey
): Effect.Effect<ReadonlyArray<Trace>, never, TraceStore | RunRecords> =>
  Effect.gen(function* () {
    const traces = yield* Effect.flatMap(TraceStore, (all) => all.ofStage(text.stage))
    const keys = yield* keysBefore(graph, entry)
    const isOwn = (trace: Trace) => trace.pipeline === graph.pipeline && trace.node === entry.name
    return traces.filter((trace) => trace.key !== key && (isOwn(trace) || keys.has(trace.key)))
  })

/**
 * Why a node whose key has no usable result runs: that Headrace was upgraded, where a result of it would be found otherwise, else
 * the differences to its own newest earlier result; and the steps that are kept by now, which under the node's lease may be more
 * than when it was decided. Inputs whose contents are open are no difference.
 */
export const explain = (
  graph: Graph.Graph,
  entry: Graph.StageEntry,
  decision: Decision
): Effect.Effect<ReadonlyArray<Reason.Reason>, never, TraceStore | RunRecords> =>
  Effect.gen(function* () {
    const { text } = decision
    const steps = yield* stepsKept(entry, text)
    const step = entry.node.definition.iterates?.steps.replace(/s$/, "") ?? "step"
    const goesOn = steps === 0 ? [] : [Reason.Continues.make({ step, at: steps })]
    if (decision.lost !== null) return [Reason.TraceLost.make({ what: decision.lost }), ...goesOn]
    const unanswered = decision.unanswered === null ? [] : [Reason.Unanswered.make({ what: decision.unanswered })]
    const earlier = yield* ownBefore(graph, entry, decision)
    const labels = NodeKey.labels(decision.inputs)
    const release = yield* Release
    for (const before of earlier) {
      const upgraded = Upgrade.reasons(before, Key.withContentsOf(text, before.text), labels, release)
      if (upgraded !== null) return [...unanswered, ...upgraded, ...goesOn]
    }
    const [before] = earlier
    if (before === undefined && unanswered.length > 0) return [...unanswered, ...goesOn]
    if (before === undefined) return [Reason.NeverRan.make({ stage: text.stage }), ...goesOn]
    const now = Key.withContentsOf(text, before.text)
    const differences = Reason.differences(before.text, now, { before: before.labels, after: labels })
    return [...unanswered, ...differences, ...goesOn]
  })
