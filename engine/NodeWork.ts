import { Deferred, Effect, Exit, FiberId } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import { type Explained, explain } from "../artifacts/Explained.ts"
import type { Key } from "../cache/Key.ts"
import { Leases } from "../cache/Lease.ts"
import { ObjectStore, type StoreFailed } from "../cache/ObjectStore.ts"
import type * as Reason from "../cache/Reason.ts"
import { type Trace, TraceStore, totals } from "../cache/Trace.ts"
import * as Again from "./Again.ts"
import type { Code } from "./Code.ts"
import * as Decide from "./Decide.ts"
import { Executor } from "./Executor.ts"
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

// What is done for a node once it is decided: its result is taken as it is kept, or made under its key's lease.

export type Needs = Executor | ObjectStore | TraceStore | Leases | Code | RunEvents | RunRecords

/** Why a node is computed though a result of it is kept. */
export type Forced = typeof Reason.ObjectLost.Type | typeof Reason.Again.Type

/** A node's work as it is decided. */
export interface Work {
  readonly state: RunState
  readonly entry: Graph.StageEntry
  readonly decision: Decide.Decision
  /** Of the nodes above it, by their names. */
  readonly outputs: NodeKey.Outputs
  readonly forced: Forced | null
}

export const fail = (
  entry: Graph.StageEntry,
  error: Explained,
  key: string | null,
  reasons: ReadonlyArray<Reason.Reason>,
  printed = ""
) =>
  Effect.as(publish(RunEvent.NodeFailed({ node: entry.name, error, printed })), {
    _tag: "Failed" as const,
    error,
    key,
    reasons,
    printed
  })

export const reuse = (entry: Graph.StageEntry, trace: Trace) =>
  Effect.as(publish(RunEvent.NodeReused({ node: entry.name, key: trace.key, told: trace.told ?? [] })), {
    _tag: "Done" as const,
    status: "reused" as const,
    trace,
    reasons: []
  })

/**
 * The node's outcome, or what of its inputs is lost. A key is computed once, however many nodes have it: the first does the
 * work, and the others are told of it.
 */
export const carryOut = (work: Work): Effect.Effect<Outcome | InputLost, StoreFailed, Needs> =>
  Effect.suspend(() => {
    const { state, entry } = work
    const { key } = work.decision
    const other = state.computing.get(key)
    if (other === undefined) {
      const own = Deferred.unsafeMake<Outcome | InputLost, StoreFailed>(FiberId.none)
      state.computing.set(key, own)
      return Effect.onExit(leased(work), (exit) => {
        if (Exit.isFailure(exit) || exit.value._tag !== "Failed") state.computing.delete(key)
        return Deferred.done(own, exit)
      })
    }
    return Effect.flatMap(Deferred.await(other), (became): Effect.Effect<Outcome | InputLost, never, Needs> => {
      if (became._tag === "Done") return reuse(entry, became.trace)
      if (became._tag !== "Failed") return Effect.succeed(became)
      return fail(entry, became.error, key, became.reasons, became.printed)
    })
  })

/** What the key's last holder left, where it serves. Asked under the lease. */
const kept = ({ decision: { key, text }, forced }: Work) =>
  Effect.gen(function* () {
    if (forced?._tag === "Again") return null
    // looked at anew: it may have been mended since it was found corrupt
    if (forced?.what === "corrupt") yield* Effect.flatMap(ObjectStore, (store) => store.discard(forced.object))
    const found = yield* Effect.flatMap(TraceStore, (traces) => traces.get(text.stage, key))
    return found._tag === "Hit" && (forced === null || (yield* whole(found.trace))) ? found.trace : null
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
const leased = (work: Work): Effect.Effect<Outcome | InputLost, StoreFailed, Needs> =>
  Effect.gen(function* () {
    const { state, entry, decision } = work
    const leases = yield* Leases
    const lease = yield* Decide.leaseOf(entry, decision)
    const share = coresOf(entry.node.definition.share(entry.node.params), state.cores)
    // the cores first: a key is not held by who waits for one, while another process may have one free
    const mine = yield* Effect.flatMap(leases.tryAcquire(lease), (held) =>
      held === null
        ? Effect.succeed(null)
        : Effect.raceFirst(compute(work), Effect.zipRight(held.lost, Effect.as(publish(tookOver(entry)), null)))
    ).pipe(Effect.scoped, state.permits.withPermits(share))
    if (mine !== null) return mine
    yield* publish(RunEvent.NodeWaiting({ node: entry.name }))
    const trace = yield* Effect.scoped(Effect.zipRight(leases.acquire(lease), kept(work)))
    return yield* trace === null ? leased(work) : reuse(entry, trace)
  })

/** Says once in a run what an upgrade of Headrace costs, before the first of its nodes is computed. */
const tellUpgrade = (state: RunState) =>
  Effect.suspend(() => {
    if (state.upgrade.isTold) return Effect.void
    state.upgrade.isTold = true
    const told = UpgradeNotice.make(state.graph, state.sources, (entry) => state.origin(entry).entry)
    return Effect.flatMap(told, (message) => (message === null ? Effect.void : Notice.tell(message)))
  })

const compute = (work: Work): Effect.Effect<Outcome | InputLost, StoreFailed, Needs> =>
  Effect.gen(function* () {
    const { state, entry, decision, forced } = work
    const trace = yield* kept(work)
    if (trace !== null) return yield* reuse(entry, trace)
    if (decision.lost !== null) {
      yield* publish(
        RunEvent.Warned({
          node: entry.name,
          message: `The trace of ${entry.name} is lost: ${decision.lost}. It is computed again.`
        })
      )
    }
    // a point's node is the pipeline's, whatever the sweep calls it
    const own = state.origin(entry).entry
    const reasons = forced === null ? yield* Decide.explain(state.graph, own, decision) : [forced]
    const missing = yield* firstMissing(NodeKey.needs(decision.inputs))
    if (missing !== null) return missing
    if (UpgradeNotice.isUpgrade(reasons)) yield* tellUpgrade(state)
    state.begun.set(entry.name, { key: decision.key, reasons })
    yield* publish(RunEvent.NodeStarted({ node: entry.name, reasons }))
    const outcome = yield* execute(work, reasons)
    if (outcome._tag === "Done" && decision.hit !== null && forced?._tag === "Again")
      yield* Again.compare(entry.name, decision.hit, outcome.trace)
    return outcome
  })

const whole = (trace: Trace) => Effect.map(firstMissing(Object.values(trace.outputs)), (missing) => missing === null)

/** The first object of the artifacts that is not there. */
export const firstMissing = (artifacts: ReadonlyArray<Stored>): Effect.Effect<InputLost | null, never, ObjectStore> =>
  Effect.gen(function* () {
    const store = yield* ObjectStore
    for (const { object, bytes } of artifacts.flatMap(({ parts }) => parts)) {
      if (!(yield* store.has(object, bytes))) return new InputLost({ object, what: "missing" })
    }
    return null
  })

/** Keeps what the node printed beside what it made. That is kept by now, and no failure if this cannot be. */
const keepPrinted = ({ name, node: { definition } }: Graph.StageEntry, key: Key, printed: string) =>
  Effect.flatMap(TraceStore, (traces) => traces.putPrinted(definition.name, key, printed)).pipe(
    Effect.catchAll(({ message }) =>
      publish(RunEvent.Warned({ node: name, message: `What ${name} printed is lost: ${message}` }))
    )
  )

const execute = (
  { state, entry, decision: { inputs, key, text }, outputs }: Work,
  reasons: ReadonlyArray<Reason.Reason>
): Effect.Effect<Outcome | InputLost, never, Needs> =>
  Effect.gen(function* () {
    const events = yield* RunEvents
    const executor = yield* Executor
    const origin = state.origin(entry)
    const task = {
      pipeline: state.graph.pipeline,
      entry: origin.entry,
      inputs,
      key,
      text,
      isAgain: reasons.some(({ _tag }) => _tag === "Again"),
      params: origin.params,
      outputs: outputsAt(state, origin, outputs)
    }
    const node = entry.name
    let printed = ""
    const computed = executor.execute(task).pipe(
      Effect.provideService(PrintedListener, (text) =>
        Effect.sync(() => {
          printed = text
        })
      ),
      Effect.provide(listeners(node, reasons, events))
    )
    return yield* computed.pipe(
      Effect.tap(() => keepPrinted(entry, key, printed)),
      Effect.tap((trace) => {
        const { rows, bytes } = totals(trace)
        return publish(
          RunEvent.NodeRan({
            node,
            seconds: trace.seconds,
            rows,
            bytes,
            chunks: trace.chunks,
            told: trace.told ?? []
          })
        )
      }),
      Effect.map((trace) => ({ _tag: "Done" as const, status: "ran" as const, trace, reasons })),
      Effect.catchAll(
        (error: ExecuteFailure): Effect.Effect<Outcome | InputLost, never, RunEvents> =>
          error._tag === "InputLost" ? Effect.succeed(error) : fail(entry, explain(error), key, reasons, printed)
      )
    )
  })
