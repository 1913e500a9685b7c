import { Effect } from "effect"
import { type Explained, explain } from "../artifacts/Explained.ts"
import type { Code } from "./Code.ts"
import { type ExecuteFailure, KeyRefused, NodeFailed } from "./Failure.ts"
import type { Graph } from "./Graph.ts"
import type { Job } from "./Job.ts"
import * as NodeKey from "./NodeKey.ts"
import * as Pipeline from "./Pipeline.ts"
import type { ComputeNode } from "./WorkerProtocol.ts"

/** The graph that was last made of each pipeline, with the parameters as they were asked for. */
const lastGraphs = new WeakMap<Pipeline.AnyPipeline, { readonly asked: string; readonly graph: Graph }>()

/** A run asks for one node after the other of the same graph, which may have thousands: it is made once. */
const graphOf = (
  pipeline: Pipeline.AnyPipeline,
  params: ComputeNode["params"],
  values: Readonly<Record<string, unknown>>
): Graph => {
  const asked = JSON.stringify(params)
  const last = lastGraphs.get(pipeline)
  if (last?.asked === asked) return last.graph
  const graph = Pipeline.graph(pipeline, values)
  lastGraphs.set(pipeline, { asked, graph })
  return graph
}

/** The node that a request names, with the key that this program computes for it, which may be another than the one that is asked for. */
export const nodeOf = (
  pipelines: ReadonlyArray<Pipeline.AnyPipeline>,
  request: ComputeNode
): Effect.Effect<Job, NodeFailed, Code> => {
  const refuse = (explained: Omit<Explained, "tag">) =>
    new NodeFailed({ node: request.node, explained: { ...explained, tag: "RequestRefused" } })
  const unknown = (what: string, expected: string) =>
    refuse({ what: `The worker knows no ${what}`, expected, fix: "Run again." })
  return Effect.gen(function* () {
    const pipeline = Pipeline.named(pipelines, request.pipeline)
    if (pipeline === undefined) return yield* unknown(`pipeline "${request.pipeline}"`, "one of its own")
    const values = yield* Effect.mapError(Pipeline.decodeParams(pipeline, request.params), (error) =>
      refuse(explain(error))
    )
    const graph = graphOf(pipeline, request.params, values)
    const entry = graph.stages.find(({ name }) => name === request.node)
    if (entry === undefined) return yield* unknown(`node "${request.node}"`, `one of ${request.pipeline}`)
    const inputs = yield* Effect.try({
      try: () => NodeKey.resolve(graph, request.outputs, entry.node),
      // the nodes above it are others here
      catch: (cause) => refuse(explain(cause))
    })
    const { key, text } = yield* Effect.mapError(NodeKey.make(entry.node, inputs), (error) => refuse(explain(error)))
    return { pipeline: request.pipeline, entry, inputs, key, text, isAgain: request.isAgain }
  })
}

/** The job that a request names, where this program computes the key that it asks for. */
export const jobOf = (
  pipelines: ReadonlyArray<Pipeline.AnyPipeline>,
  request: ComputeNode
): Effect.Effect<Job, ExecuteFailure, Code> =>
  Effect.filterOrFail(
    nodeOf(pipelines, request),
    ({ key }) => key === request.key,
    ({ key }) => new KeyRefused({ node: request.node, expected: request.key, found: key })
  )
