import { Context, Effect } from "effect"
import { type Explained, explain } from "../artifacts/Explained.ts"
import { Leases } from "../cache/Lease.ts"
import type { ObjectStore, StoreFailed } from "../cache/ObjectStore.ts"
import type { BlobsFailed } from "../cache/remote/Blobs.ts"
import { Sharing } from "../cache/remote/Sharing.ts"
import type { Upload } from "../cache/remote/Uploads.ts"
import { type Trace, TraceStore } from "../cache/Trace.ts"
import type { Code } from "../engine/Code.ts"
import * as Decide from "../engine/Decide.ts"
import { ChunkExecutor, Executor, type Task } from "../engine/Executor.ts"
import { type ExecuteFailure, NodeFailed } from "../engine/Failure.ts"
import type { Job, Range } from "../engine/Job.ts"
import { firstMissing } from "../engine/NodeWork.ts"
import type { AnyPipeline } from "../engine/Pipeline.ts"
import { PrintedListener } from "../engine/Printed.ts"
import { DamageListener, ProgressListener, StillListener } from "../engine/Progress.ts"
import { jobOf } from "../engine/Request.ts"
import type { ComputeNode } from "../engine/WorkerProtocol.ts"
import type { Answer, Said } from "./Answer.ts"
import * as Ranges from "./Ranges.ts"

/** Hears how many bytes this machine's store may have got for a task that is done. Nobody does by default. */
export class WroteListener extends Context.Reference<WroteListener>()("headrace/WroteListener", {
  defaultValue: (): ((bytes: number) => Effect.Effect<void>) => () => Effect.void
}) {}

const wrote = (bytes: number) => Effect.flatMap(WroteListener, (hear) => hear(bytes))

/** What computing for others takes. */
export type Needs = ChunkExecutor | Code | Executor | Leases | ObjectStore | Sharing | TraceStore

const failed = (node: string, explained: Explained) => new NodeFailed({ node, explained })

/** The result that is kept by now: another machine may have computed it meanwhile. */
const found = ({ text, key, isAgain }: Task): Effect.Effect<Trace | null, never, ObjectStore | TraceStore> =>
  Effect.gen(function* () {
    if (isAgain) return null
    const kept = yield* Effect.flatMap(TraceStore, (traces) => traces.get(text.stage, key))
    if (kept._tag !== "Hit") return null
    return (yield* firstMissing(Object.values(kept.trace.outputs))) === null ? kept.trace : null
  })

/** Computes the node unless its result is kept, one process of this machine at a time. */
const make = (task: Task): Effect.Effect<Trace, ExecuteFailure | StoreFailed, Needs> =>
  Effect.gen(function* () {
    const leases = yield* Leases
    yield* leases.acquire(yield* Decide.leaseOf(task.entry, task))
    const kept = yield* found(task)
    if (kept !== null) return kept
    return yield* Effect.flatMap(Executor, ({ execute }) => execute(task))
  }).pipe(Effect.scoped)

const notShared = (node: string, shown: string, { message }: BlobsFailed) =>
  failed(node, {
    tag: "NotShared",
    what: `The result of ${node} can't be put into the shared store ${shown}, which ${message}`,
    expected: "to put it there, for whoever asked for it",
    fix: "See to the store and run again: what is computed is kept on the worker's machine."
  })

/** Puts something that this machine has made where whoever asked for it finds it. */
const share = (node: string, upload: Upload) =>
  Effect.flatMap(Sharing, ({ putTrace, terms }) =>
    Effect.mapError(putTrace(upload), (error) => notShared(node, terms.shown, error))
  )

const computeTable = (task: Task) =>
  Effect.gen(function* () {
    const { seal } = yield* Sharing
    const trace = yield* make(task)
    yield* share(task.entry.name, { kind: "trace", stage: task.text.stage, key: task.key })
    yield* wrote(Object.values(trace.outputs).reduce((sum, { bytes }) => sum + bytes, 0))
    return { _tag: "Computed", sealed: seal(trace) } as const
  })

/** So many chunks are put into the shared store side by side. */
const SHARED_AT_ONCE = 4

const computeChunks = (task: Task, range: Range) =>
  Effect.gen(function* () {
    const { name } = task.entry
    const chunks = yield* Effect.flatMap(ChunkExecutor, ({ computeChunks }) => computeChunks(task, range))
    const made = (yield* Ranges.chunksOf(task)).slice(range.from, range.to)
    yield* Effect.forEach(made, ({ key }) => share(name, { kind: "chunk", stage: task.text.stage, key }), {
      concurrency: SHARED_AT_ONCE,
      discard: true
    })
    const { getChunks } = yield* TraceStore
    const keys = made.map(({ key }) => key)
    const traces = yield* Effect.orElseSucceed(getChunks(task.text.stage, keys), () => [])
    yield* wrote(traces.reduce((sum, found) => (found._tag === "Hit" ? sum + found.trace.part.bytes : sum), 0))
    return { _tag: "ChunksComputed", chunks } as const
  })

/**
 * Computes on this machine a job that another one asks for, and puts what it makes into the shared store: only then there is an answer.
 * Whoever calls sees to it that the job's key is the one that is asked for, and that the machine has room for it.
 */
export const performJob = <R>(
  found: Effect.Effect<Job, ExecuteFailure, R>,
  { node, params, outputs, range }: ComputeNode,
  say: (said: Said) => Effect.Effect<void>
): Effect.Effect<Answer, never, Needs | R> =>
  Effect.suspend(() => {
    let printed = ""
    const work = Effect.gen(function* () {
      const task: Task = { ...(yield* found), params, outputs }
      return yield* range === null
        ? Effect.catchTag(computeTable(task), "StoreFailed", (error) => failed(node, explain(error)))
        : computeChunks(task, range)
    })
    return work.pipe(
      Effect.provideService(ProgressListener, (progress) => say({ _tag: "Progressed", ...progress })),
      Effect.provideService(DamageListener, (what) => say({ _tag: "Damaged", what })),
      Effect.provideService(StillListener, (seconds) => say({ _tag: "Still", seconds })),
      Effect.provideService(PrintedListener, (text) =>
        Effect.sync(() => {
          printed = text
        })
      ),
      Effect.match({
        onSuccess: (made): Answer => ({ ...made, printed }),
        onFailure: (failure): Answer => ({ _tag: "Failed", failure, printed })
      })
    )
  })

/** Computes what another machine asks for; a request whose key this program does not compute itself is refused. */
export const perform = <S>(
  pipelines: ReadonlyArray<AnyPipeline<unknown, S>>,
  request: ComputeNode,
  say: (said: Said) => Effect.Effect<void>
): Effect.Effect<Answer, never, Needs | S> => performJob(jobOf(pipelines, request), request, say)
