import { randomBytes } from "node:crypto"
import { Cause, Clock, DateTime, Effect, Exit, type Scope } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import { Leases } from "../cache/Lease.ts"
import { ObjectStore, type StoreFailed } from "../cache/ObjectStore.ts"
import * as Reason from "../cache/Reason.ts"
import type { Trace, TraceStore } from "../cache/Trace.ts"
import type { Code } from "./Code.ts"
import * as Decide from "./Decide.ts"
import { Executor } from "./Executor.ts"
import { type ExecuteFailure, type Explained, explain, InputLost } from "./Failure.ts"
import type * as Graph from "./Graph.ts"
import * as NodeKey from "./NodeKey.ts"
import { type AnyPipeline, encodeParams, graph as graphOf, type PlanningNeedsOf } from "./Pipeline.ts"
import { ProgressListener } from "./Progress.ts"
import * as Results from "./Results.ts"
import { publish, RunEvent, RunEvents } from "./RunEvent.ts"
import { type NodeRecord, type RunRecord, RunRecords } from "./RunRecord.ts"
import * as Sources from "./Sources.ts"

export type Needs = Executor | ObjectStore | TraceStore | Leases | Code | RunEvents | RunRecords | Results.ResultsWriter

type Outcome =
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
    }
  | { readonly _tag: "Skipped"; readonly because: ReadonlyArray<string> }

interface State {
  readonly graph: Graph.Graph
  readonly params: Readonly<Record<string, unknown>>
  readonly sources: NodeKey.Outputs
  readonly outcomes: Map<string, Outcome>
  readonly locks: ReadonlyMap<string, Effect.Semaphore>
  readonly permits: Effect.Semaphore
  readonly cores: number
  readonly stages: ReadonlyMap<string, Graph.StageEntry>
}

/** Lost bytes are recomputed and tried again this often; then the node fails. */
const REPAIRS = 3

const locked = <A, E, R>(state: State, entry: Graph.StageEntry, effect: Effect.Effect<A, E, R>) =>
  (state.locks.get(entry.name) as Effect.Semaphore).withPermits(1)(effect)

/** The node's outcome; computed by whoever asks first. */
const obtain = (state: State, entry: Graph.StageEntry): Effect.Effect<Outcome, never, Needs> =>
  locked(
    state,
    entry,
    Effect.suspend(() => {
      const known = state.outcomes.get(entry.name)
      return known === undefined ? settle(state, entry, null) : Effect.succeed(known)
    })
  )

/** Computes a node again because bytes of its output are lost, unless another fiber has done so. */
const repair = (
  state: State,
  entry: Graph.StageEntry,
  object: string,
  what: "missing" | "corrupt"
): Effect.Effect<void, never, Needs> =>
  locked(
    state,
    entry,
    Effect.gen(function* () {
      const known = state.outcomes.get(entry.name)
      if (known?._tag !== "Done") return
      const store = yield* ObjectStore
      const found = Object.entries(known.trace.outputs).flatMap(([output, { parts }]) =>
        parts.filter((part) => part.object === object).map((part) => ({ output, part }))
      )[0]
      if (found === undefined || (yield* store.has(found.part.object, found.part.bytes))) return
      yield* publish(
        RunEvent.Warned({ node: entry.name, message: `An object of ${entry.name} was ${what}; it is computed again.` })
      )
      yield* settle(state, entry, [Reason.ObjectLost.make({ output: found.output, object, what })])
    })
  )

const settle = (state: State, entry: Graph.StageEntry, forced: ReadonlyArray<Reason.Reason> | null) =>
  Effect.tap(attempt(state, entry, forced, REPAIRS), (outcome) =>
    Effect.sync(() => state.outcomes.set(entry.name, outcome))
  )

const fail = (entry: Graph.StageEntry, error: Explained, key: string | null, reasons: ReadonlyArray<Reason.Reason>) =>
  Effect.as(publish(RunEvent.NodeFailed({ node: entry.name, error })), { _tag: "Failed" as const, error, key, reasons })

const outputsOf = (state: State, parents: ReadonlyArray<Graph.Entry>): NodeKey.Outputs =>
  Object.fromEntries(
    parents.map(({ name }): [string, Readonly<Record<string, Stored>>] => {
      const outcome = state.outcomes.get(name)
      return [name, outcome?._tag === "Done" ? outcome.trace.outputs : (state.sources[name] ?? {})]
    })
  )

const stageParents = (state: State, entry: Graph.StageEntry): ReadonlyArray<Graph.StageEntry> =>
  NodeKey.storedParents(state.graph, entry).flatMap(({ name }) => state.stages.get(name) ?? [])

const attempt = (
  state: State,
  entry: Graph.StageEntry,
  forced: ReadonlyArray<Reason.Reason> | null,
  repairs: number
): Effect.Effect<Outcome, never, Needs> =>
  Effect.gen(function* () {
    const parents = stageParents(state, entry)
    const settled = yield* Effect.forEach(
      parents,
      (parent) => Effect.map(obtain(state, parent), (outcome) => ({ parent, outcome })),
      { concurrency: "unbounded" }
    )
    const because = settled.flatMap(({ parent, outcome }) =>
      outcome._tag === "Failed" ? [parent.name] : outcome._tag === "Skipped" ? outcome.because : []
    )
    if (because.length > 0) {
      const names = [...new Set(because)]
      yield* publish(RunEvent.NodeSkipped({ node: entry.name, because: names }))
      return { _tag: "Skipped" as const, because: names }
    }
    const outputs = outputsOf(state, NodeKey.storedParents(state.graph, entry))
    const decision = yield* Decide.decide(state.graph, entry, outputs)
    if (decision.hit !== null && forced === null) return yield* reuse(entry, decision.hit)
    const lost = yield* Effect.scoped(leased(state, entry, decision, outputs, forced))
    if (!(lost instanceof InputLost)) return lost
    if (repairs === 0) return yield* fail(entry, explain(lost), decision.key, forced ?? [])
    const store = yield* ObjectStore
    if (lost.what === "corrupt") yield* store.remove(lost.object as Parameters<typeof store.remove>[0])
    yield* Effect.forEach(parents, (parent) => repair(state, parent, lost.object, lost.what))
    return yield* attempt(state, entry, forced, repairs - 1)
  }).pipe(Effect.catchAll((error) => fail(entry, explain(error), null, forced ?? [])))

const reuse = (entry: Graph.StageEntry, trace: Trace) =>
  Effect.as(publish(RunEvent.NodeReused({ node: entry.name, key: trace.key })), {
    _tag: "Done" as const,
    status: "reused" as const,
    trace,
    reasons: []
  })

/** Computes under the key's lease, unless its last holder left the result. */
const leased = (
  state: State,
  entry: Graph.StageEntry,
  decision: Decide.Decision,
  outputs: NodeKey.Outputs,
  forced: ReadonlyArray<Reason.Reason> | null
): Effect.Effect<Outcome | InputLost, NodeKey.KeyFailure | StoreFailed, Needs | Scope.Scope> =>
  Effect.gen(function* () {
    const leases = yield* Leases
    yield* leases.acquire(
      decision.key,
      Effect.provideService(publish(RunEvent.NodeWaiting({ node: entry.name })), RunEvents, yield* RunEvents)
    )
    const now = yield* Decide.decide(state.graph, entry, outputs)
    if (now.hit !== null && (forced === null || (yield* whole(now.hit)))) return yield* reuse(entry, now.hit)
    if (decision.unreadable !== null) {
      yield* publish(
        RunEvent.Warned({
          node: entry.name,
          message: `The trace of ${entry.name} cannot be read (${decision.unreadable}); it is computed again.`
        })
      )
    }
    const reasons = forced ?? (yield* Decide.explain(state.graph, entry, decision))
    const missing = yield* firstMissing(NodeKey.needs(decision.inputs))
    if (missing !== null) return missing
    const share = entry.node.definition.share === "machine" ? state.cores : 1
    return yield* state.permits.withPermits(share)(
      Effect.gen(function* () {
        yield* publish(RunEvent.NodeStarted({ node: entry.name, reasons }))
        return yield* execute(state, entry, decision, outputs, reasons)
      })
    )
  })

const whole = (trace: Trace) => Effect.map(firstMissing(Object.values(trace.outputs)), (missing) => missing === null)

const firstMissing = (artifacts: ReadonlyArray<Stored>): Effect.Effect<InputLost | null, never, ObjectStore> =>
  Effect.gen(function* () {
    const store = yield* ObjectStore
    for (const { object, bytes } of artifacts.flatMap(({ parts }) => parts)) {
      if (!(yield* store.has(object, bytes))) return new InputLost({ object, what: "missing" })
    }
    return null
  })

const execute = (
  state: State,
  entry: Graph.StageEntry,
  { inputs, key, text }: Decide.Decision,
  outputs: NodeKey.Outputs,
  reasons: ReadonlyArray<Reason.Reason>
): Effect.Effect<Outcome | InputLost, never, Needs> =>
  Effect.gen(function* () {
    const events = yield* RunEvents
    const executor = yield* Executor
    const task = { pipeline: state.graph.pipeline, entry, inputs, key, text, params: state.params, outputs }
    const computed = executor
      .execute(task)
      .pipe(
        Effect.provideService(ProgressListener, (progress) =>
          events.publish(RunEvent.NodeProgress({ node: entry.name, progress }))
        )
      )
    return yield* computed.pipe(
      Effect.tap((trace) => {
        const { rows, bytes } = totals(trace)
        return publish(
          RunEvent.NodeRan({ node: entry.name, seconds: trace.seconds, rows, bytes, chunks: trace.chunks })
        )
      }),
      Effect.map((trace) => ({ _tag: "Done" as const, status: "ran" as const, trace, reasons })),
      Effect.catchAll(
        (error: ExecuteFailure): Effect.Effect<Outcome | InputLost, never, RunEvents> =>
          error._tag === "InputLost"
            ? Effect.succeed(error)
            : fail(
                entry,
                { ...explain(error), tag: error._tag === "NodeFailed" ? error.tag : error._tag },
                key,
                reasons
              )
      )
    )
  })

const totals = (trace: Trace) => {
  const stored = Object.values(trace.outputs)
  const tables = stored.flatMap(({ rows }) => rows ?? [])
  return {
    rows: tables.length === 0 ? null : tables.reduce((sum, rows) => sum + rows, 0),
    bytes: stored.reduce((sum, { bytes }) => sum + bytes, 0)
  }
}

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
        yield* Effect.forEach(state.stages.values(), (entry) => repair(state, entry, object, what))
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
    const work = Effect.forEach(stages, (entry) => obtain(state, entry), {
      concurrency: "unbounded",
      discard: true
    }).pipe(
      Effect.zipRight(
        Effect.suspend(() =>
          [...state.outcomes.values()].every(({ _tag }) => _tag === "Done") ? deliver(state, REPAIRS) : Effect.void
        )
      )
    )
    return yield* Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Effect.exit(restore(work)), (exit) =>
        Exit.isSuccess(exit)
          ? finish(false)
          : Effect.zipRight(Effect.ignore(finish(Cause.isInterrupted(exit.cause))), Effect.failCause(exit.cause))
      )
    )
  })
