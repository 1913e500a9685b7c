import { Effect } from "effect"
import { type Explained, explain } from "../artifacts/Explained.ts"
import { Leases } from "../cache/Lease.ts"
import type { ObjectStore, StoreFailed } from "../cache/ObjectStore.ts"
import type { BlobsFailed } from "../cache/remote/Blobs.ts"
import { Sharing } from "../cache/remote/Sharing.ts"
import { type Trace, TraceStore } from "../cache/Trace.ts"
import type { Code } from "../engine/Code.ts"
import * as Decide from "../engine/Decide.ts"
import { Executor, type Task } from "../engine/Executor.ts"
import { type ExecuteFailure, NodeFailed } from "../engine/Failure.ts"
import { firstMissing } from "../engine/NodeWork.ts"
import type { AnyPipeline } from "../engine/Pipeline.ts"
import { PrintedListener } from "../engine/Printed.ts"
import { DamageListener, ProgressListener, StillListener } from "../engine/Progress.ts"
import { jobOf } from "../engine/Request.ts"
import type { ComputeNode } from "../engine/WorkerProtocol.ts"
import type { Answer, Said } from "./Answer.ts"

/** What computing for others takes. */
export type Needs = Code | Executor | Leases | ObjectStore | Sharing | TraceStore

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

/**
 * Computes on this machine what another one asks for, and puts it into the shared store: only then there is an answer. A request whose key
 * this program does not compute itself is refused. Whoever calls sees to it that the machine has room for it.
 */
export const perform = <S>(
  pipelines: ReadonlyArray<AnyPipeline<unknown, S>>,
  request: ComputeNode,
  say: (said: Said) => Effect.Effect<void>
): Effect.Effect<Answer, never, Needs | S> =>
  Effect.suspend(() => {
    let printed = ""
    const work = Effect.gen(function* () {
      const { putTrace, seal, terms } = yield* Sharing
      const { node, params, outputs } = request
      const job = yield* jobOf(pipelines, request)
      const trace = yield* Effect.catchTag(make({ ...job, params, outputs }), "StoreFailed", (error) =>
        failed(node, explain(error))
      )
      yield* Effect.mapError(putTrace({ kind: "trace", stage: job.text.stage, key: job.key }), (error) =>
        notShared(node, terms.shown, error)
      )
      return seal(trace)
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
        onSuccess: (sealed): Answer => ({ _tag: "Computed", sealed, printed }),
        onFailure: (failure): Answer => ({ _tag: "Failed", failure, printed })
      })
    )
  })
