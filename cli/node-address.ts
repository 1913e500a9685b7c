import { Effect } from "effect"
import type * as Graph from "../engine/Graph.ts"
import { isStreamed } from "../engine/NodeKey.ts"
import * as Pipeline from "../engine/Pipeline.ts"
import { madeFor } from "./streamed-node.ts"
import { UsageInvalid, unknown } from "./Usage.ts"

/** Whether `inspect` knows an artifact of the node by this name: `NODE.OUTPUT`, an output's own, or a result's. */
const isCalled = ({ results }: Graph.Graph, { name, node }: Graph.StageEntry, what: string): boolean => {
  const result = results[what]
  if (result !== undefined) return result.node === name
  return Object.keys(node.definition.outputs).some((output) => what === output || what === `${name}.${output}`)
}

const find = (graph: Graph.Graph, pipeline: string, what: string): Effect.Effect<Graph.StageEntry, UsageInvalid> => {
  const own = graph.stages.find(({ name }) => name === what)
  if (own !== undefined) return Effect.succeed(own)
  const found = graph.stages.filter((entry) => isCalled(graph, entry, what))
  // a plain name means the first of several twins, as `inspect` has it
  const plain = found.filter(({ name }) => !name.includes("["))
  const [first, ...others] = plain.length === 1 ? plain : found
  const names = graph.stages.map(({ name }) => name)
  if (first === undefined) return unknown("node", what, names, `See pipeline plan ${pipeline}.`, pipeline)
  if (others.length > 0)
    return new UsageInvalid({
      what: `"${what}" is made by several nodes`,
      expected: `one of ${found.map(({ name }) => name).join(", ")}`,
      fix: "Name the node."
    })
  return Effect.succeed(first)
}

/** The nodes that are named, or whose artifacts are. */
export const nodesNamed = (
  pipeline: Pipeline.AnyPipeline,
  values: Readonly<Record<string, unknown>>,
  names: ReadonlyArray<string>
): Effect.Effect<ReadonlySet<string>, UsageInvalid> =>
  Effect.gen(function* () {
    if (names.length === 0) return new Set<string>()
    const graph = Pipeline.graph(pipeline, values)
    const entries = yield* Effect.forEach(names, (name) => find(graph, pipeline.name, name))
    for (const entry of entries) {
      if (!isStreamed(entry.node)) continue
      return yield* new UsageInvalid({
        what: `${entry.name} is streamed: nothing of it is kept, it is made anew for every node that needs it`,
        expected: `a node that it is made for: ${madeFor(graph, entry)
          .map(({ name }) => name)
          .join(", ")}`,
        fix: "Name one of them."
      })
    }
    return new Set(entries.map(({ name }) => name))
  })
