import { Context, Effect, Layer } from "effect"
import { ObjectStore } from "../cache/ObjectStore.ts"
import { type ChunkCounts, type Trace, TraceStore } from "../cache/Trace.ts"
import * as Compute from "./Compute.ts"
import type { ExecuteFailure } from "./Failure.ts"
import type { Job, Range } from "./Job.ts"
import type { Outputs } from "./NodeKey.ts"
import type { AnyPipeline, RequirementsOf } from "./Pipeline.ts"

/** A node to compute, and what a process elsewhere needs to compute the same. */
export interface Task extends Job {
  /** The pipeline's parameters, encoded. */
  readonly params: Readonly<Record<string, unknown>>
  /** Outputs of the node's stored parents. */
  readonly outputs: Outputs
}

/** Where nodes are computed. Progress goes to the caller's `ProgressListener`. */
export class Executor extends Context.Tag("headrace/Executor")<
  Executor,
  { readonly execute: (task: Task) => Effect.Effect<Trace, ExecuteFailure> }
>() {}

/** Who computes in a store that lies at another place than this machine's own. */
export class ExecutorAt extends Context.Tag("headrace/ExecutorAt")<
  ExecutorAt,
  (home: string) => Layer.Layer<Executor, unknown>
>() {}

/** Where some of the chunks are computed that the table of a row stage consists of: each is then found by whoever makes the table. */
export class ChunkExecutor extends Context.Tag("headrace/ChunkExecutor")<
  ChunkExecutor,
  { readonly computeChunks: (task: Task, range: Range) => Effect.Effect<ChunkCounts, ExecuteFailure> }
>() {}

/** Both, by a machine that computes itself. */
export const onThisMachine = (
  execute: (typeof Executor.Service)["execute"],
  computeChunks: (typeof ChunkExecutor.Service)["computeChunks"]
): Context.Context<Executor | ChunkExecutor> =>
  Context.make(Executor, { execute }).pipe(Context.add(ChunkExecutor, { computeChunks }))

/** Computes in this process. Whoever provides it provides what the pipelines' stages need: `tsc` sees to it. */
export const layerInProcess = <const Ps extends ReadonlyArray<AnyPipeline>>(
  ..._pipelines: Ps
): Layer.Layer<Executor | ChunkExecutor, never, ObjectStore | TraceStore | RequirementsOf<Ps[number]>> =>
  Layer.effectContext(
    Effect.map(Effect.context<ObjectStore | TraceStore | RequirementsOf<Ps[number]>>(), (context) => {
      const stores = Context.pick(ObjectStore, TraceStore)(context)
      // whoever asks says who hears of it, and has stores that need not be those in which it is computed
      const inContext = <A>(computed: Effect.Effect<A, ExecuteFailure, ObjectStore | TraceStore>) =>
        Effect.mapInputContext(computed, (own: Context.Context<never>) =>
          Context.merge(Context.merge(context, own), stores)
        )
      return onThisMachine(
        (task) => inContext(Compute.compute(task)),
        (task, range) => inContext(Compute.computeChunks(task, range))
      )
    })
  )
