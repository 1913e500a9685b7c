import { Effect } from "effect"
import { type Explained, explain } from "../artifacts/Explained.ts"
import type { Code } from "./Code.ts"
import { type ExecuteFailure, KeyRefused, NodeFailed } from "./Failure.ts"
import type { Job } from "./Job.ts"
import * as NodeKey from "./NodeKey.ts"
import * as Pipeline from "./Pipeline.ts"
import type { ComputeNode } from "./WorkerProtocol.ts"

/** The job that a request names, with the key that this program computes for it. */
export const jobOf = (
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
