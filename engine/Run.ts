import { randomBytes } from "node:crypto"
import { Cause, Clock, DateTime, Effect, Exit } from "effect"
import { ObjectStore, type StoreFailed } from "../cache/ObjectStore.ts"
import * as Reason from "../cache/Reason.ts"
import { totals } from "../cache/Trace.ts"
import type * as Graph from "./Graph.ts"
import * as NodeKey from "./NodeKey.ts"
import * as Notice from "./Notice.ts"
import { type AnyPipeline, encodeParams, graph as graphOf, type PlanningNeedsOf } from "./Pipeline.ts"
import * as Results from "./Results.ts"
import { publish, RunEvent, RunEvents } from "./RunEvent.ts"
import { type NodeRecord, type RunRecord, RunRecords } from "./RunRecord.ts"
import * as Scheduler from "./Scheduler.ts"
import * as Sources from "./Sources.ts"

export type Needs = Scheduler.Needs | RunRecords | Results.ResultsWriter
type State = Scheduler.State

/** Results to people; bytes that turn out to be lost are recomputed first. */
const deliver = (state: State, repairs: number): Effect.Effect<void, StoreFailed, Needs> =>
  Effect.gen(function* () {
    const writer = yield* Results.ResultsWriter
    const results = resultsOf(state)
    const wanted = Results.materialized(state.graph).map(({ name }) => name)
    const people = Object.entries(results).flatMap(([name, result]) =>
      wanted.includes(name) ? [{ name, ...result }] : []
    )
    const again = (object: string, what: "missing" | "corrupt") =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        if (what === "corrupt") yield* store.remove(object as Parameters<typeof store.remove>[0])
        yield* Effect.forEach(state.stages.values(), (entry) => Scheduler.repair(state, entry, object, what))
        yield* repairs > 0 ? deliver(state, repairs - 1) : Effect.void
      })
    yield* writer.write(state.graph.pipeline, people).pipe(
      Effect.catchTags({
        ObjectMissing: ({ object }) => again(object, "missing"),
        ObjectCorrupt: ({ object }) => again(object, "corrupt")
      })
    )
  })
const resultsOf = (state: State): RunRecord["results"] =>
  Object.fromEntries(
    Object.entries(state.graph.results).flatMap(([name, address]) => {
      const outcome = state.outcomes.get(address.node)
      const stored = outcome?._tag === "Done" ? outcome.trace.outputs[address.output] : undefined
      return stored === undefined ? [] : [[name, { ...address, stored }]]
    })
  )

/** A streamed node has run when a node that it feeds has. */
const streamedStatus = (state: State, entry: Graph.StageEntry): "streamed" | "skipped" => {
  const fed = state.graph.stages.filter(({ node }) =>
    Object.values(node.inputs)
      .flat()
      .some((wire) => state.graph.of(wire.node).name === entry.name)
  )
  const ran = fed.some((child) => {
    if (NodeKey.isStreamed(child.node)) return streamedStatus(state, child) === "streamed"
    const outcome = state.outcomes.get(child.name)
    return outcome?._tag === "Failed" || (outcome?._tag === "Done" && outcome.status === "ran")
  })
  return ran ? "streamed" : "skipped"
}

const recordNode = (state: State, entry: Graph.StageEntry): NodeRecord => {
  const empty = {
    node: entry.name,
    stage: entry.node.definition.name,
    key: null,
    seconds: null,
    bytes: null,
    rows: null,
    chunks: null,
    reason: null,
    reasons: [],
    error: null
  }
  if (NodeKey.isStreamed(entry.node)) return { ...empty, status: streamedStatus(state, entry) }
  const outcome = state.outcomes.get(entry.name)
  if (outcome === undefined) return { ...empty, status: "skipped", reason: "the run was interrupted before it" }
  if (outcome._tag === "Skipped") return { ...empty, status: "skipped", reason: `${outcome.because.join(", ")} failed` }
  const reason = outcome.reasons.length === 0 ? null : outcome.reasons.map(Reason.render).join("; ")
  if (outcome._tag === "Failed")
    return { ...empty, status: "failed", key: outcome.key, reason, reasons: outcome.reasons, error: outcome.error }
  const { trace, status, reasons } = outcome
  const seconds = status === "ran" ? trace.seconds : 0
  return {
    ...empty,
    status,
    key: trace.key,
    seconds,
    ...totals(trace),
    chunks: status === "ran" ? trace.chunks : null,
    reason,
    reasons
  }
}
export interface Options {
  /** Nodes that take one core run side by side up to this many. */
  readonly cores: number
}

/**
 * Carries out a pipeline: computes what is not kept, reuses the rest, and leaves a record, also when it is interrupted.
 * A node that fails takes only its descendants with it. Fails itself only where a source cannot be had.
 */
export const run = <P extends AnyPipeline>(
  pipeline: P,
  values: Readonly<Record<string, unknown>>,
  { cores }: Options
): Effect.Effect<RunRecord, Sources.SourceFailed | StoreFailed, Needs | PlanningNeedsOf<P>> =>
  Effect.gen(function* () {
    const graph = graphOf(pipeline, values)
    const now = yield* DateTime.now
    const id = `${DateTime.formatIso(now)
      .replace(/[-:]|\.\d+Z/g, "")
      .replace("T", "-")}-${randomBytes(3).toString("hex")}`
    const began = yield* Clock.currentTimeMillis
    yield* publish(
      RunEvent.RunStarted({ run: id, pipeline: pipeline.name, nodes: graph.stages.map(({ name }) => name) })
    )
    const sources = yield* Sources.resolveAll(graph)
    const stages = graph.stages.filter(({ node }) => !NodeKey.isStreamed(node))
    const state: State = {
      graph,
      params: encodeParams(pipeline, values),
      sources,
      outcomes: new Map(),
      locks: new Map(stages.map(({ name }) => [name, Effect.unsafeMakeSemaphore(1)])),
      permits: Effect.unsafeMakeSemaphore(cores),
      cores,
      stages: new Map(stages.map((entry) => [entry.name, entry]))
    }
    const finish = (interrupted: boolean) =>
      Effect.gen(function* () {
        const nodes = graph.stages.map((entry) => recordNode(state, entry))
        const status = interrupted ? "interrupted" : nodes.some((node) => node.status === "failed") ? "failed" : "done"
        const seconds = ((yield* Clock.currentTimeMillis) - began) / 1000
        const record: RunRecord = {
          schema: 1,
          run: id,
          pipeline: pipeline.name,
          status,
          started: DateTime.formatIso(now),
          seconds,
          params: state.params,
          nodes,
          results: resultsOf(state)
        }
        yield* Effect.flatMap(RunRecords, (records) => records.put(record))
        yield* publish(RunEvent.RunFinished({ record }))
        return record
      })
    const work = Effect.forEach(stages, (entry) => Scheduler.obtain(state, entry), {
      concurrency: "unbounded",
      discard: true
    }).pipe(
      Effect.zipRight(
        Effect.suspend(() =>
          [...state.outcomes.values()].every(({ _tag }) => _tag === "Done")
            ? deliver(state, Scheduler.REPAIRS)
            : Effect.void
        )
      )
    )
    const events = yield* RunEvents
    const say = Notice.once((message) => events.publish(RunEvent.Warned({ node: null, message })))
    const told = Effect.provideService(work, Notice.Notices, say)
    return yield* Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Effect.exit(restore(told)), (exit) =>
        Exit.isSuccess(exit)
          ? finish(false)
          : Effect.zipRight(Effect.ignore(finish(Cause.isInterrupted(exit.cause))), Effect.failCause(exit.cause))
      )
    )
  })
