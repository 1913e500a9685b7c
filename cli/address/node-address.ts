import { Effect } from "effect"
import type * as Graph from "../../engine/Graph.ts"
import { isStreamed } from "../../engine/NodeKey.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Until from "../../engine/Until.ts"
import { UsageInvalid, unknown } from "../command/Usage.ts"
import { madeFor } from "./streamed-node.ts"

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

/** Their names, where something of each is kept. */
const kept = (graph: Graph.Graph, entries: ReadonlyArray<Graph.StageEntry>): Effect.Effect<Names, UsageInvalid> => {
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
const findAll = (graph: Graph.Graph, pipeline: string, what: string) => {
  const ofStage = graph.stages.filter(({ node }) => node.definition.name === what)
  const isNode = graph.stages.some(({ name }) => name === what)
  return isNode || ofStage.length === 0
    ? Effect.map(find(graph, pipeline, what), (entry) => [entry])
    : Effect.succeed(ofStage)
}

type Names = ReadonlySet<string>

/** What of a pipeline is asked for. */
export interface Asked {
  /** The nodes that are computed though their results are kept. */
  readonly again: Names
  readonly until: Until.Until
}

/** The nodes that are named, or whose artifacts are: those to compute again, and those that are enough. */
export const nodesAsked = (
  pipeline: Pipeline.AnyPipeline,
  values: Readonly<Record<string, unknown>>,
  named: { readonly again: ReadonlyArray<string>; readonly until: ReadonlyArray<string> }
): Effect.Effect<Asked, UsageInvalid> =>
  Effect.gen(function* () {
    if (named.again.length + named.until.length === 0) return { again: new Set<string>(), until: null }
    const graph = Pipeline.graph(pipeline, values)
    const found = yield* Effect.forEach(named.until, (name) => findAll(graph, pipeline.name, name))
    const until = named.until.length === 0 ? null : yield* kept(graph, found.flat())
    const again = yield* kept(graph, yield* Effect.forEach(named.again, (name) => find(graph, pipeline.name, name)))
    const { stages } = Until.part(graph, until)
    for (const name of again) {
      if (stages.some((entry) => entry.name === name)) continue
      return yield* new UsageInvalid({
        what: `--again ${name} asks for a node that --until ${named.until.join(" --until ")} leaves out`,
        expected: `one of ${stages.map((entry) => entry.name).join(", ")}`,
        fix: `Leave one of the two out, or add --until ${name}.`
      })
    }
    return { again, until }
  })
