import { Deferred, Effect, Either, Exit, FiberId } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import { type Explained, explain } from "../artifacts/Explained.ts"
import type { Key } from "../cache/Key.ts"
import { Leases } from "../cache/Lease.ts"
import { ObjectStore, type StoreFailed } from "../cache/ObjectStore.ts"
import * as Reason from "../cache/Reason.ts"
import { type Trace, TraceStore, totals } from "../cache/Trace.ts"
import * as Again from "./Again.ts"
import type { Code } from "./Code.ts"
import * as Decide from "./Decide.ts"
import { Executor, type Task } from "./Executor.ts"
import { type ExecuteFailure, InputLost } from "./Failure.ts"
import type * as Graph from "./Graph.ts"
import { coresOf } from "./Node.ts"
import * as NodeKey from "./NodeKey.ts"
import { listeners } from "./NodeListeners.ts"
import * as Notice from "./Notice.ts"
import { PrintedListener } from "./Printed.ts"
import { publish, RunEvent, RunEvents } from "./RunEvent.ts"
import type { RunRecords } from "./RunRecord.ts"
import { type Outcome, outputsAt, type RunState } from "./RunState.ts"
import * as UpgradeNotice from "./UpgradeNotice.ts"

// What is done for a node once it is asked for: the states that the map in `Scheduler.ts` names, each with what is known in it.

export type Needs = Executor | ObjectStore | TraceStore | Leases | Code | RunEvents | RunRecords

/** Why a node is computed though a result of it is kept. */
export type Forced = typeof Reason.ObjectLost.Type | typeof Reason.Again.Type

/** A node that somebody asks for. */
export interface Asked {
  readonly state: RunState
  readonly entry: Graph.StageEntry
  /** Null where a result that is kept serves. */
  readonly forced: Forced | null
}

/** A node whose parents are done, so that its key is known and all that is kept under it. */
export interface Decided extends Asked {
  readonly decision: Decide.Decision
  /** Of the nodes above it, by their names. */
  readonly outputs: NodeKey.Outputs
}

export const reasonsOf = ({ forced }: Asked): ReadonlyArray<Reason.Reason> => (forced === null ? [] : [forced])

/** What is known of a node that fails, beside its error: nothing where it fails before it is decided. */
type Failing = Pick<Extract<Outcome, { readonly _tag: "Failed" }>, "key" | "reasons" | "printed">

export const fail = (
  { name }: Graph.StageEntry,
  error: Explained,
  { key = null, reasons = [], printed = "" }: Partial<Failing> = {}
): Effect.Effect<Outcome, never, RunEvents> =>
  Effect.as(publish(RunEvent.NodeFailed({ node: name, error, printed })), {
    _tag: "Failed",
    error,
    key,
    reasons,
    printed
  })

/** A node that is not made, since others above it failed. */
export const skip = (
  { name }: Graph.StageEntry,
  because: ReadonlyArray<string>
): Effect.Effect<Outcome, never, RunEvents> =>
  Effect.as(publish(RunEvent.NodeSkipped({ node: name, because })), { _tag: "Skipped", because })

/** `reasons`: why a result of earlier code serves; none for one of the node's own key. */
export const reuse = (
  { name }: Graph.StageEntry,
  trace: Trace,
  reasons: ReadonlyArray<Reason.Reason> = []
): Effect.Effect<Outcome, never, RunEvents> =>
  Effect.as(publish(RunEvent.NodeReused({ node: name, key: trace.key, told: trace.told ?? [], reasons })), {
    _tag: "Done",
    status: "reused",
    trace,
    reasons
  })

/** What comes of making a node: its outcome, or what of its inputs is lost. */
type Made = Outcome | InputLost

/** A key is made once in a run, however many nodes have it: the first does the work, and the others are told of it. */
export const singleFlight = (decided: Decided): Effect.Effect<Made, StoreFailed, Needs> =>
  Effect.suspend(() => {
    const { state, entry } = decided
    const { key } = decided.decision
    const other = state.computing.get(key)
    if (other === undefined) {
      const own = Deferred.unsafeMake<Made, StoreFailed>(FiberId.none)
      state.computing.set(key, own)
      return Effect.onExit(underLease(decided), (exit) => {
        if (Exit.isFailure(exit) || exit.value._tag !== "Failed") state.computing.delete(key)
        return Deferred.done(own, exit)
      })
    }
    return Effect.flatMap(Deferred.await(other), (made): Effect.Effect<Made, never, Needs> => {
      if (made._tag === "Done") return reuse(entry, made.trace)
      if (made._tag !== "Failed") return Effect.succeed(made)
      return fail(entry, made.error, { ...made, key })
    })
  })

const tookOver = ({ name }: Graph.StageEntry) =>
  RunEvent.Warned({
    node: name,
    message: `${name} was stopped for so long that another process began to compute it: this one leaves it to that.`
  })

/**
 * Computes under the key's lease, unless its last holder left the result. Who waits for another holder keeps no core. Who loses
 * the lease to another ends its work and waits as well: the same is computed there, and taken from there.
 */
const underLease = (decided: Decided): Effect.Effect<Made, StoreFailed, Needs> =>
  Effect.gen(function* () {
    const { state, entry, decision } = decided
    const leases = yield* Leases
    const lease = yield* Decide.leaseOf(entry, decision)
    const share = coresOf(entry.node.definition.share(entry.node.params), state.cores)
    // the cores first: a key is not held by who waits for one, while another process may have one free
    const mine = yield* Effect.flatMap(leases.tryAcquire(lease), (held) =>
      held === null
        ? Effect.succeed(null)
        : Effect.raceFirst(compute(decided), Effect.zipRight(held.lost, Effect.as(publish(tookOver(entry)), null)))
    ).pipe(Effect.scoped, state.machine.holding(share))
    if (mine !== null) return mine
    yield* publish(RunEvent.NodeWaiting({ node: entry.name }))
    const trace = yield* Effect.scoped(Effect.zipRight(leases.acquire(lease), recheck(decided)))
    return yield* trace === null ? underLease(decided) : reuse(entry, trace)
  })

/** Whether all that a trace speaks of is there. */
const isWhole = (trace: Trace) => Effect.map(firstMissing(Object.values(trace.outputs)), (missing) => missing === null)

/** Whether nothing that is kept of a node serves, down to its chunks: somebody wants it anew, or a faulty program wrote it. */
const isAnew = (reason: Reason.Reason): boolean =>
  reason._tag === "Again" || (reason._tag === "ObjectLost" && reason.what === "undecodable")

/** Whether two traces of a key say the same of what came out, down to the parts. */
const saysTheSame = (one: Trace | null, other: Trace): boolean =>
  Reason.written(one?.outputs) === Reason.written(other.outputs)

/** The key is looked up anew under its lease: what its last holder left, where that serves. */
const recheck = ({ decision: { key, text, hit }, forced }: Decided) =>
  Effect.gen(function* () {
    if (forced?._tag === "Again") return null
    // looked at anew: it may have been mended since it was found corrupt
    if (forced?.what === "corrupt") yield* Effect.flatMap(ObjectStore, (store) => store.discard(forced.object))
    const found = yield* Effect.flatMap(TraceStore, (traces) => traces.get(text.stage, key))
    if (found._tag !== "Hit" || (forced?.what === "undecodable" && saysTheSame(hit, found.trace))) return null
    return forced === null || (yield* isWhole(found.trace)) ? found.trace : null
  })

/** Says once in a run what an upgrade of Headrace costs, before the first of its nodes is computed. */
const tellUpgrade = (state: RunState) =>
  Effect.suspend(() => {
    if (state.upgrade.isTold) return Effect.void
    state.upgrade.isTold = true
    const told = UpgradeNotice.make(state.graph, state.sources, (entry) => state.origin(entry).entry)
    return Effect.flatMap(told, (message) => (message === null ? Effect.void : Notice.tell(message)))
  })

/** Brings the bytes of sources that are known by their digests alone so far: the node reads them. */
const bringSources = ({ state, entry }: Decided) =>
  Effect.forEach(NodeKey.storedParents(state.graph, entry), ({ name }) => state.expected.get(name) ?? Effect.void, {
    discard: true
  })

/** Makes the node under its lease, unless the last holder did: says why, and that it begins, before the executor has it. */
const compute = (decided: Decided): Effect.Effect<Made, StoreFailed, Needs> =>
  Effect.gen(function* () {
    const { state, entry, decision, forced } = decided
    const kept = yield* recheck(decided)
    if (kept !== null) return yield* reuse(entry, kept)
    if (decision.lost !== null) {
      const message = `The trace of ${entry.name} is lost: ${decision.lost}. It is computed again.`
      yield* publish(RunEvent.Warned({ node: entry.name, message }))
    }
    // a point's node is the pipeline's, whatever the sweep calls it
    const own = state.origin(entry).entry
    const reasons = forced === null ? yield* Decide.explain(state.graph, own, decision) : [forced]
    const missing = yield* firstMissing(NodeKey.needs(decision.inputs))
    if (missing !== null) return missing
    const brought = yield* Effect.either(bringSources(decided))
    if (Either.isLeft(brought)) return yield* fail(entry, explain(brought.left), { key: decision.key, reasons })
    if (UpgradeNotice.isUpgrade(reasons)) yield* tellUpgrade(state)
    state.begun.set(entry.name, { key: decision.key, reasons })
    yield* publish(RunEvent.NodeStarted({ node: entry.name, reasons }))
    const made = yield* execute(decided, reasons)
    if (made._tag === "Done" && decision.hit !== null && forced?._tag === "Again")
      yield* Again.compare(entry.name, decision.hit, made.trace)
    return made
  })

/** So many objects are looked for side by side: they may lie far away. */
const LOOKING = 16

/** The first object of the artifacts that is not there. */
export const firstMissing = (artifacts: ReadonlyArray<Stored>): Effect.Effect<InputLost | null, never, ObjectStore> =>
  Effect.gen(function* () {
    const { has } = yield* ObjectStore
    const parts = artifacts.flatMap((artifact) => artifact.parts)
    const there = yield* Effect.forEach(parts, ({ object, bytes }) => has(object, bytes), { concurrency: LOOKING })
    const missing = parts[there.indexOf(false)]
    return missing === undefined ? null : new InputLost({ object: missing.object, what: "missing" })
  })

/** Keeps what the node printed beside what it made. That is kept by now, and no failure if this cannot be. */
const keepPrinted = ({ name, node: { definition } }: Graph.StageEntry, key: Key, printed: string) =>
  Effect.flatMap(TraceStore, (traces) => traces.putPrinted(definition.name, key, printed)).pipe(
    Effect.catchAll(({ message }) =>
      publish(RunEvent.Warned({ node: name, message: `What ${name} printed is lost: ${message}` }))
    )
  )

/** The node as an executor is given it: a point's node is the pipeline's, by its parameters and under its name there. */
export const taskOf = (
  { state, entry, decision: { inputs, key, text }, outputs }: Decided,
  reasons: ReadonlyArray<Reason.Reason>
): Task => {
  const origin = state.origin(entry)
  return {
    pipeline: state.graph.pipeline,
    entry: origin.entry,
    inputs,
    key,
    text,
    isAgain: reasons.some(isAnew),
    params: origin.params,
    outputs: outputsAt(state, origin, outputs)
  }
}

const tellRan = (node: string, trace: Trace) => {
  const { seconds, chunks, told = [] } = trace
  return publish(RunEvent.NodeRan({ node, seconds, ...totals(trace), chunks, told }))
}

const execute = (decided: Decided, reasons: ReadonlyArray<Reason.Reason>): Effect.Effect<Made, never, Needs> =>
  Effect.gen(function* () {
    const { entry } = decided
    const task = taskOf(decided, reasons)
    const events = yield* RunEvents
    const executor = yield* Executor
    let printed = ""
    const computed = executor.execute(task).pipe(
      Effect.provideService(PrintedListener, (text) =>
        Effect.sync(() => {
          printed = text
        })
      ),
      Effect.provide(listeners(entry.name, reasons, events))
    )
    return yield* computed.pipe(
      Effect.tap(() => keepPrinted(entry, task.key, printed)),
      Effect.tap((trace) => tellRan(entry.name, trace)),
      Effect.map((trace) => ({ _tag: "Done" as const, status: "ran" as const, trace, reasons })),
      Effect.catchAll(
        (error: ExecuteFailure): Effect.Effect<Made, never, RunEvents> =>
          error._tag === "InputLost"
            ? Effect.succeed(error)
            : fail(entry, explain(error), { key: task.key, reasons, printed })
      )
    )
  })
