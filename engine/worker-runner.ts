import type * as WorkerError from "@effect/platform/WorkerError"
import * as WorkerRunner from "@effect/platform/WorkerRunner"
import { Effect, type Layer, Mailbox, Stream } from "effect"
import type { ObjectStore } from "../cache/ObjectStore.ts"
import { StoreListener } from "../cache/StoreListener.ts"
import type { TraceStore } from "../cache/Trace.ts"
import type { Code } from "./Code.ts"
import * as Compute from "./Compute.ts"
import type { ExecuteFailure } from "./Failure.ts"
import type * as Pipeline from "./Pipeline.ts"
import { DamageListener, ProgressListener } from "./Progress.ts"
import { ReadWatch, type Watch } from "./ReadWatch.ts"
import { jobOf } from "./Request.ts"
import { ComputeNode, type Message } from "./WorkerProtocol.ts"

/** Goes on once all that was printed has left the process: the answer goes another way, and would be there before it. */
const flushed: Effect.Effect<void> = Effect.forEach(
  [process.stdout, process.stderr],
  (stream) => Effect.async<void>((resume) => void stream.write("", () => resume(Effect.void))),
  { discard: true }
)

const messages = <R>(
  pipelines: ReadonlyArray<Pipeline.AnyPipeline<R, unknown>>,
  request: ComputeNode,
  watch: Watch | undefined
): Stream.Stream<Message, ExecuteFailure, Code | ObjectStore | TraceStore | R> =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const mailbox = yield* Mailbox.make<Message, ExecuteFailure>()
      const { range } = request
      const work: Effect.Effect<Message, ExecuteFailure, Code | ObjectStore | TraceStore> = Effect.flatMap(
        jobOf(pipelines, request),
        (job): Effect.Effect<Message, ExecuteFailure, ObjectStore | TraceStore> =>
          range === null
            ? Effect.map(Compute.compute(job), (trace) => ({ _tag: "Computed", trace }) as const)
            : Effect.map(Compute.computeChunks(job, range), (chunks) => ({ _tag: "ChunksComputed", chunks }) as const)
      )
      yield* work.pipe(
        Effect.provideService(ProgressListener, (progress) =>
          Effect.asVoid(mailbox.offer({ _tag: "Progressed", ...progress }))
        ),
        watch === undefined ? (computed) => computed : Effect.provideService(ReadWatch, watch),
        Effect.provideService(DamageListener, (what) => Effect.asVoid(mailbox.offer({ _tag: "Damaged", what }))),
        Effect.provideService(StoreListener, (what) => Effect.asVoid(mailbox.offer({ _tag: "StoreTold", what }))),
        Effect.onExit(() => flushed),
        Effect.tap((last) => mailbox.offer(last)),
        Mailbox.into(mailbox),
        Effect.forkScoped
      )
      return Mailbox.toStream(mailbox)
    })
  )

/**
 * Answers requests for the nodes of these pipelines, with an eye on what they read where somebody has one. What their stages need must be
 * provided: `tsc` sees to it.
 */
export const layer = <R>(
  pipelines: ReadonlyArray<Pipeline.AnyPipeline<R, unknown>>,
  watch?: Watch
): Layer.Layer<never, WorkerError.WorkerError, WorkerRunner.PlatformRunner | Code | ObjectStore | TraceStore | R> =>
  WorkerRunner.layerSerialized(ComputeNode, {
    ComputeNode: (request: ComputeNode) => messages(pipelines, request, watch)
  })
