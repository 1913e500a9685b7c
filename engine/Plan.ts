import { Effect } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import type * as Text from "../artifacts/Text.ts"
import type { ObjectStore, StoreFailed } from "../cache/ObjectStore.ts"
import * as Reason from "../cache/Reason.ts"
import { type ChunkCounts, listOnce, TraceStore } from "../cache/Trace.ts"
import type { Code } from "./Code.ts"
import * as Decide from "./Decide.ts"
import type * as Graph from "./Graph.ts"
import * as NodeKey from "./NodeKey.ts"
import * as Notice from "./Notice.ts"
import * as PlannedWork from "./PlannedWork.ts"
import * as Results from "./Results.ts"
import type { RunEvents } from "./RunEvent.ts"
import { RunRecords, readOnce } from "./RunRecord.ts"
import * as Sources from "./Sources.ts"
import * as Until from "./Until.ts"
import * as UpgradeNotice from "./UpgradeNotice.ts"

/**
 * `maybe`: what its ancestors yield decides whether a result of it is kept. `unasked`: no node that is asked for needs it.
 */
export type PlanStatus = "reuse" | "run" | "maybe" | "stream" | "unasked"

export interface PlannedNode {
  readonly node: string
  readonly stage: string
  readonly status: PlanStatus
  /** Null where it has none, or where that is not known before an ancestor has run. */
  readonly key: string | null
  readonly reasons: ReadonlyArray<Reason.Reason>
  /** How many chunks of a row stage would be found and computed; null where that is not known. */
  readonly chunks: ChunkCounts | null
  /** Seconds that the result took when it was computed, for a node that is reused. */
  readonly seconds: number | null
}

export interface Plan {
  readonly pipeline: string
  readonly nodes: ReadonlyArray<PlannedNode>
  /** What was said of no node in particular, as a run would say it. */
  readonly notices: ReadonlyArray<Text.Text>
}

/** A node of a plan, and what the plan makes of it. */
export interface Entry {
  readonly entry: Graph.StageEntry
  readonly decision: Decide.Decision | null
  /** The nodes that are to run before its key is known. */
  readonly waiting: ReadonlyArray<string>
  readonly planned: PlannedNode
}

/** So many nodes that need none of each other are planned side by side. */
const PLANNED_AT_ONCE = 16

type Needs = Code | TraceStore | ObjectStore | RunRecords

/** A node of which nothing more is known than that it is there. */
const unknown = (entry: Graph.StageEntry) => ({
  node: entry.name,
  stage: entry.node.definition.name,
  key: null,
  reasons: [],
  chunks: null,
  seconds: null
})

const streamed = (entry: Graph.StageEntry): Entry => ({
  entry,
  decision: null,
  waiting: [],
  planned: { ...unknown(entry), status: "stream" }
})

const planNode = (
  graph: Graph.Graph,
  entry: Graph.StageEntry,
  known: NodeKey.Outputs,
  undecided: ReadonlyMap<string, ReadonlyArray<string>>,
  again: ReadonlySet<string>,
  /** Which store did not answer for a node above, and would not for this one; null where all did. */
  unanswered: string | null
): Effect.Effect<Entry, NodeKey.KeyFailure, Needs> =>
  Effect.gen(function* () {
    const parents = NodeKey.storedParents(graph, entry)
    const waiting = [...new Set(parents.flatMap(({ name }) => undecided.get(name) ?? []))]
    const as = (
      decision: Decide.Decision | null,
      planned: Pick<PlannedNode, "status"> & Partial<PlannedNode>
    ): Entry => ({
      entry,
      decision,
      waiting,
      planned: { ...unknown(entry), ...planned }
    })
    const isAgain = again.has(entry.name)
    const isKnown = waiting.length === 0
    const found = yield* isKnown
      ? Decide.decide(graph, entry, known)
      : Effect.map(Decide.foresee(graph, entry, known), (foreseen) => ({ ...foreseen, unanswered }))
    const decision = isAgain ? { ...found, hit: null } : found
    const key = isKnown ? decision.key : null
    if (decision.hit !== null) {
      const reasons = Decide.acceptedBecause(decision)
      return as(decision, { status: "reuse", key, reasons, seconds: decision.hit.seconds })
    }
    if (!isKnown && !isAgain && (yield* Decide.mayBeKept(decision)))
      return as(decision, { status: "maybe", reasons: [Reason.Undecided.make({ ancestors: waiting })] })
    const reasons = isAgain ? [Reason.Again.make()] : yield* Decide.explain(graph, entry, decision)
    return as(decision, { status: "run", key, reasons })
  })

/**
 * A reused node whose bytes somebody needs must be computed again when they are gone: found from the end backwards.
 * Bytes that only an undecided node needs leave their own node undecided.
 */
const checkNeeded = (
  graph: Graph.Graph,
  planned: ReadonlyArray<Entry>,
  known: NodeKey.Outputs,
  until: Until.Until
): Effect.Effect<ReadonlyArray<Entry>, NodeKey.KeyFailure | StoreFailed, Needs> =>
  Effect.gen(function* () {
    const checked: Array<Entry> = []
    const wanted: PlannedWork.Wanted = new Map()
    const perhaps = new Map<string, ReadonlyArray<string>>()
    for (const { node, output } of yield* Results.materialized(graph)) {
      const stored = known[node]?.[output]
      if (stored !== undefined) PlannedWork.want(wanted, [stored], PlannedWork.objectsOf([stored]))
    }
    // nobody reads what was asked for, yet: it must be there
    for (const node of until ?? []) PlannedWork.want(wanted, Object.values(known[node] ?? {}), new Set())
    const judge = ({ entry, decision, planned: before }: Entry) =>
      Effect.gen(function* () {
        const outputs = decision?.hit?.outputs
        if (outputs === undefined) return before
        const lost = yield* PlannedWork.firstLost(outputs, wanted)
        if (lost !== null) return { ...before, status: "run" as const, reasons: [lost], seconds: null }
        const ancestors = perhaps.get(entry.name)
        if (ancestors === undefined) return before
        const all = Object.values(outputs)
        const perhapsLost = yield* PlannedWork.firstLost(
          outputs,
          new Map(all.map((stored) => [stored, PlannedWork.objectsOf(all)]))
        )
        if (perhapsLost === null) return before
        const reasons = [perhapsLost, Reason.Undecided.make({ ancestors })]
        return { ...before, status: "maybe" as const, key: null, reasons, seconds: null }
      })
    const mayOpen = (entry: Graph.StageEntry, ancestors: ReadonlyArray<string>) => {
      for (const { name } of ancestors.length === 0 ? [] : NodeKey.storedParents(graph, entry))
        perhaps.set(name, [...new Set([...(perhaps.get(name) ?? []), ...ancestors])])
    }
    for (const one of [...planned].reverse()) {
      const { entry, decision } = one
      const verdict: PlannedNode = yield* judge(one)
      if (verdict.status === "run" && decision !== null) {
        const { chunks, opened, deciding } = yield* PlannedWork.workOf(one, decision, isAgain(verdict))
        PlannedWork.want(wanted, NodeKey.needs(decision.inputs), opened)
        mayOpen(entry, deciding)
        checked.unshift({ ...one, planned: { ...verdict, chunks } })
        continue
      }
      mayOpen(entry, undecidedOf(verdict))
      checked.unshift({ ...one, planned: verdict })
    }
    return checked
  })

const isAgain = ({ reasons }: PlannedNode): boolean => reasons.some(({ _tag }) => _tag === "Again")

const undecidedOf = ({ reasons }: PlannedNode): ReadonlyArray<string> =>
  reasons.flatMap((reason) => (reason._tag === "Undecided" ? reason.ancestors : []))

/** A plan, and what it was made of. */
export interface Made {
  readonly plan: Plan
  readonly entries: ReadonlyArray<Entry>
  /** What the sources of the graph were found to be, by their names. */
  readonly sources: NodeKey.Outputs
}

/** What a run would do now, also with the results of some nodes, by name, to be computed again, or until some are there. */
export const entries = (
  whole: Graph.Graph,
  again: ReadonlySet<string> = new Set(),
  until: Until.Until = null
): Effect.Effect<Made, Sources.SourceFailed | NodeKey.KeyFailure | StoreFailed, Needs | RunEvents> =>
  Effect.gen(function* () {
    const graph = Until.part(whole, until)
    const { outputs: sources } = yield* Sources.resolveAll(graph)
    const known: Record<string, Readonly<Record<string, Stored>>> = { ...sources }
    const undecided = new Map<string, ReadonlyArray<string>>()
    const byEntry = new Map<Graph.StageEntry, Entry>()
    let unanswered: string | null = null
    const notices: Array<Text.Text> = []
    const say = yield* Notice.warning(notices)
    for (const level of NodeKey.levels(graph)) {
      const silent: string | null = unanswered
      const ones: ReadonlyArray<Entry> = yield* Effect.forEach(
        level,
        (entry) => planNode(graph, entry, known, undecided, again, silent),
        { concurrency: PLANNED_AT_ONCE }
      ).pipe(Effect.provideService(Notice.Notices, say))
      for (const one of ones) {
        const { name } = one.entry
        byEntry.set(one.entry, one)
        unanswered ??= one.decision?.unanswered ?? null
        if (one.planned.status === "run") undecided.set(name, [name])
        if (one.planned.status === "maybe") undecided.set(name, one.waiting)
        if (one.decision?.hit != null) known[name] = one.decision.hit.outputs
      }
    }
    const planned = graph.stages.map((entry) => byEntry.get(entry) ?? streamed(entry))
    const checked = yield* checkNeeded(graph, planned, known, until)
    const asked = new Map(checked.map(({ planned }) => [planned.node, planned]))
    const upgrade = checked.some(({ planned }) => UpgradeNotice.isUpgrade(planned.reasons))
      ? yield* UpgradeNotice.make(graph, sources)
      : null
    if (upgrade !== null) yield* say(upgrade)
    const unasked = (entry: Graph.StageEntry): PlannedNode => ({ ...unknown(entry), status: "unasked" })
    const nodes = whole.stages.map((entry) => asked.get(entry.name) ?? unasked(entry))
    return { plan: { pipeline: graph.pipeline, nodes, notices }, entries: checked, sources }
  }).pipe(
    NodeKey.rememberFacts,
    Effect.provideServiceEffect(RunRecords, readOnce),
    Effect.provideServiceEffect(TraceStore, listOnce)
  )

/** The plan alone. */
export const make = (...asked: Parameters<typeof entries>) => Effect.map(entries(...asked), ({ plan }) => plan)
