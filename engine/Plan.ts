import { Effect } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import * as Key from "../cache/Key.ts"
import { ObjectStore } from "../cache/ObjectStore.ts"
import * as Reason from "../cache/Reason.ts"
import { type ChunkCounts, TraceStore } from "../cache/Trace.ts"
import type { Code } from "./Code.ts"
import * as Decide from "./Decide.ts"
import type * as Graph from "./Graph.ts"
import * as NodeKey from "./NodeKey.ts"
import * as Notice from "./Notice.ts"
import * as Results from "./Results.ts"
import * as RowStream from "./RowStream.ts"
import { RunEvent, RunEvents } from "./RunEvent.ts"
import * as Sources from "./Sources.ts"

/** `maybe`: its key is not known before an ancestor has run. */
export type PlanStatus = "reuse" | "run" | "maybe" | "stream"

export interface PlannedNode {
  readonly node: string
  readonly stage: string
  readonly status: PlanStatus
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
}

interface Entry {
  readonly entry: Graph.StageEntry
  readonly decision: Decide.Decision | null
  readonly planned: PlannedNode
}

const plannedChunks = (
  entry: Graph.StageEntry,
  decision: Decide.Decision
): Effect.Effect<ChunkCounts | null, NodeKey.KeyFailure, TraceStore | ObjectStore> =>
  Effect.gen(function* () {
    if (entry.node.definition.keep !== "stored") return null
    const store = yield* ObjectStore
    const traces = yield* TraceStore
    const base = RowStream.baseOf(entry.node, decision.inputs)
    let reused = 0
    for (const part of base.stored.parts) {
      const key = yield* Key.ofText(
        Key.forChunk(decision.text, entry.node.definition.over as string, base.stored.content, part.content)
      )
      const found = yield* traces.getChunk(decision.text.stage, key)
      if (found._tag === "Hit" && (yield* store.has(found.trace.part.object, found.trace.part.bytes))) reused += 1
    }
    return { reused, ran: base.stored.parts.length - reused }
  })

type Needs = Code | TraceStore | ObjectStore

const planNode = (
  graph: Graph.Graph,
  entry: Graph.StageEntry,
  known: NodeKey.Outputs,
  undecided: ReadonlyMap<string, ReadonlyArray<string>>
) =>
  Effect.gen(function* () {
    const shared = {
      node: entry.name,
      stage: entry.node.definition.name,
      key: null,
      reasons: [],
      chunks: null,
      seconds: null
    }
    if (NodeKey.isStreamed(entry.node))
      return { entry, decision: null, planned: { ...shared, status: "stream" as const } }
    const waiting = NodeKey.storedParents(graph, entry).flatMap((parent) => undecided.get(parent.name) ?? [])
    if (waiting.length > 0) {
      const reasons = [Reason.Undecided.make({ ancestors: [...new Set(waiting)] })]
      return { entry, decision: null, planned: { ...shared, status: "maybe" as const, reasons } }
    }
    const decision = yield* Decide.decide(graph, entry, known)
    if (decision.hit !== null) {
      return {
        entry,
        decision,
        planned: { ...shared, status: "reuse" as const, key: decision.key, seconds: decision.hit.seconds }
      }
    }
    const reasons = yield* Decide.explain(graph, entry, decision)
    return {
      entry,
      decision,
      planned: {
        ...shared,
        status: "run" as const,
        key: decision.key,
        reasons,
        chunks: yield* plannedChunks(entry, decision)
      }
    }
  }) satisfies Effect.Effect<Entry, NodeKey.KeyFailure, Needs>

/** The first output object that is not whole; reads and hashes them all. */
const firstLost = (
  outputs: Readonly<Record<string, Stored>>
): Effect.Effect<Reason.Reason | null, never, ObjectStore> =>
  Effect.gen(function* () {
    const store = yield* ObjectStore
    for (const [output, { parts }] of Object.entries(outputs)) {
      for (const { object } of parts) {
        const what = yield* store.get(object).pipe(
          Effect.as(null),
          Effect.catchAll((error) => Effect.succeed(error._tag === "ObjectMissing" ? "missing" : "corrupt"))
        )
        if (what !== null) return Reason.ObjectLost.make({ output, object, what })
      }
    }
    return null
  })

/** A reused node whose bytes somebody needs must be computed again when they are gone: found from the end backwards. */
const checkNeeded = (
  graph: Graph.Graph,
  planned: ReadonlyArray<Entry>
): Effect.Effect<ReadonlyArray<Entry>, NodeKey.KeyFailure, Needs> =>
  Effect.gen(function* () {
    const byName = new Map(planned.map((one) => [one.entry.name, one]))
    const needed = new Set(Results.materialized(graph).map(({ node }) => node))
    for (const { entry } of [...planned].reverse()) {
      const one = byName.get(entry.name) as Entry
      if (one.planned.status === "reuse" && needed.has(entry.name) && one.decision?.hit != null) {
        const lost = yield* firstLost(one.decision.hit.outputs)
        if (lost !== null) {
          const chunks = yield* plannedChunks(entry, one.decision)
          byName.set(entry.name, {
            ...one,
            planned: { ...one.planned, status: "run", reasons: [lost], chunks, seconds: null }
          })
        }
      }
      if (byName.get(entry.name)?.planned.status === "run") {
        for (const parent of NodeKey.storedParents(graph, entry)) needed.add(parent.name)
      }
    }
    return planned.map(({ entry }) => byName.get(entry.name) as Entry)
  })

/** What a run would do now. */
export const make = (
  graph: Graph.Graph
): Effect.Effect<Plan, Sources.SourceFailed | NodeKey.KeyFailure, Needs | RunEvents> =>
  Effect.gen(function* () {
    const known: Record<string, Readonly<Record<string, Stored>>> = { ...(yield* Sources.resolveAll(graph)) }
    const undecided = new Map<string, ReadonlyArray<string>>()
    const planned: Array<Entry> = []
    const events = yield* RunEvents
    const say = Notice.once((message) => events.publish(RunEvent.Warned({ node: null, message })))
    for (const entry of graph.stages) {
      const one: Entry = yield* Effect.provideService(planNode(graph, entry, known, undecided), Notice.Notices, say)
      planned.push(one)
      if (one.planned.status === "run") undecided.set(entry.name, [entry.name])
      if (one.planned.status === "maybe") {
        undecided.set(
          entry.name,
          one.planned.reasons.flatMap((reason) => (reason._tag === "Undecided" ? reason.ancestors : []))
        )
      }
      if (one.decision?.hit != null) known[entry.name] = one.decision.hit.outputs
    }
    const checked = yield* checkNeeded(graph, planned)
    return { pipeline: graph.pipeline, nodes: checked.map(({ planned }) => planned) }
  })
