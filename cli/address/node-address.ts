import { Effect } from "effect"
import type * as Graph from "../../engine/Graph.ts"
import { isStreamed } from "../../engine/NodeKey.ts"
import { UsageInvalid, unknown } from "../command/Usage.ts"
import { madeFor } from "./streamed-node.ts"

/** Whether `inspect` knows an artifact of the node by this name: `NODE.OUTPUT`, an output's own, or a result's. */
const isCalled = ({ results }: Graph.Graph, { name, node }: Graph.StageEntry, what: string): boolean => {
  const result = results[what]
  if (result !== undefined) return result.node === name
  return Object.keys(node.definition.outputs).some((output) => what === output || what === `${name}.${output}`)
}

/** The node that is named, or whose artifact is. */
export const nodeNamed = (
  graph: Graph.Graph,
  pipeline: string,
  what: string
): Effect.Effect<Graph.StageEntry, UsageInvalid> => {
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

/** Their names, where something of each is kept. */
export const kept = (
  graph: Graph.Graph,
  entries: ReadonlyArray<Graph.StageEntry>
): Effect.Effect<ReadonlySet<string>, UsageInvalid> => {
  const streamed = entries.find(({ node }) => isStreamed(node))
  return streamed === undefined
    ? Effect.succeed(new Set(entries.map(({ name }) => name)))
    : new UsageInvalid({
        what: `${streamed.name} is streamed: nothing of it is kept, it is made anew for every node that needs it`,
        expected: `a node that it is made for: ${madeFor(graph, streamed)
          .map(({ name }) => name)
          .join(", ")}`,
        fix: "Name one of them."
      })
}

/** The node that is named, or every one of the stage that is. */
export const nodesNamed = (graph: Graph.Graph, pipeline: string, what: string) => {
  const ofStage = graph.stages.filter(({ node }) => node.definition.name === what)
  const isNode = graph.stages.some(({ name }) => name === what)
  return isNode || ofStage.length === 0
    ? Effect.map(nodeNamed(graph, pipeline, what), (entry) => [entry])
    : Effect.succeed(ofStage)
}
