import type * as WorkerError from "@effect/platform/WorkerError"
import * as WorkerRunner from "@effect/platform/WorkerRunner"
import { Effect, type Layer, Mailbox, Stream } from "effect"
import { type Explained, explain } from "../artifacts/Explained.ts"
import type { ObjectStore } from "../cache/ObjectStore.ts"
import { StoreListener } from "../cache/StoreListener.ts"
import type { Trace, TraceStore } from "../cache/Trace.ts"
import type { Code } from "./Code.ts"
import * as Compute from "./Compute.ts"
import { type ExecuteFailure, KeyRefused, NodeFailed } from "./Failure.ts"
import type { Job } from "./Job.ts"
import * as NodeKey from "./NodeKey.ts"
import * as Pipeline from "./Pipeline.ts"
import { DamageListener, ProgressListener } from "./Progress.ts"
import { ReadWatch, type Watch } from "./ReadWatch.ts"
import { ComputeNode, type Message } from "./WorkerProtocol.ts"

/** The job that a request names, with the key that this program computes for it. */
const jobOf = (
  pipelines: ReadonlyArray<Pipeline.AnyPipeline>,
  request: ComputeNode
): Effect.Effect<Job, ExecuteFailure, Code> => {
  const refuse = (explained: Omit<Explained, "tag">) =>
    new NodeFailed({ node: request.node, explained: { ...explained, tag: "RequestRefused" } })
  const unknown = (what: string, expected: string) =>
    refuse({ what: `The worker knows no ${what}`, expected, fix: "Run again." })
  return Effect.gen(function* () {
    const pipeline = pipelines.find(({ name }) => name === request.pipeline)
    if (pipeline === undefined) return yield* unknown(`pipeline "${request.pipeline}"`, "one of its own")
    const values = yield* Effect.mapError(Pipeline.decodeParams(pipeline, request.params), (error) =>
      refuse(explain(error))
    )
    const graph = Pipeline.graph(pipeline, values)
    const entry = graph.stages.find(({ name }) => name === request.node)
    if (entry === undefined) return yield* unknown(`node "${request.node}"`, `one of ${request.pipeline}`)
    const inputs = NodeKey.resolve(graph, request.outputs, entry.node)
    const { key, text } = yield* Effect.mapError(NodeKey.make(entry.node, inputs), (error) => refuse(explain(error)))
    if (key !== request.key) return yield* new KeyRefused({ node: request.node, expected: request.key, found: key })
    return { pipeline: request.pipeline, entry, inputs, key, text, isAgain: request.isAgain }
  })
}

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
      const work: Effect.Effect<Trace, ExecuteFailure, Code | ObjectStore | TraceStore> = Effect.flatMap(
        jobOf(pipelines, request),
        Compute.compute
      )
      yield* work.pipe(
        Effect.provideService(ProgressListener, (progress) =>
          Effect.asVoid(mailbox.offer({ _tag: "Progressed", ...progress }))
        ),
        watch === undefined ? (computed) => computed : Effect.provideService(ReadWatch, watch),
        Effect.provideService(DamageListener, (what) => Effect.asVoid(mailbox.offer({ _tag: "Damaged", what }))),
        Effect.provideService(StoreListener, (what) => Effect.asVoid(mailbox.offer({ _tag: "StoreTold", what }))),
        Effect.onExit(() => flushed),
        Effect.tap((trace) => mailbox.offer({ _tag: "Computed", trace })),
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
