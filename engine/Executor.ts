import { Context, Effect, Layer } from "effect"
import type { ObjectStore } from "../cache/ObjectStore.ts"
import type { ChunkCounts, Trace, TraceStore } from "../cache/Trace.ts"
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
  {
    readonly execute: (task: Task) => Effect.Effect<Trace, ExecuteFailure>
    /** Computes some of the chunks that the table of a row stage consists of, each of which is then found by whoever makes the table. */
    readonly computeChunks: (task: Task, range: Range) => Effect.Effect<ChunkCounts, ExecuteFailure>
  }
>() {}

/** Computes in this process. Whoever provides it provides what the pipelines' stages need: `tsc` sees to it. */
export const layerInProcess = <const Ps extends ReadonlyArray<AnyPipeline>>(
  ..._pipelines: Ps
): Layer.Layer<Executor, never, ObjectStore | TraceStore | RequirementsOf<Ps[number]>> =>
  Layer.effect(
    Executor,
    Effect.map(Effect.context<ObjectStore | TraceStore | RequirementsOf<Ps[number]>>(), (context) => {
      const inContext = <A>(computed: Effect.Effect<A, ExecuteFailure, ObjectStore | TraceStore>) =>
        Effect.mapInputContext(computed, (own: Context.Context<never>) => Context.merge(context, own))
      return {
        execute: (task) => inContext(Compute.compute(task)),
        computeChunks: (task, range) => inContext(Compute.computeChunks(task, range))
      }
    })
  )
