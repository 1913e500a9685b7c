import { Effect, Either } from "effect"
import type { TableArtifact } from "../../artifacts/ArrowTable.ts"
import type { Columns } from "../../artifacts/Column.ts"
import type * as Key from "../../cache/Key.ts"
import * as Graph from "../../engine/Graph.ts"
import type { AnyWire, Node } from "../../engine/Node.ts"
import { isStreamed } from "../../engine/NodeKey.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import type { RecordUnreadable, RunRecord, RunRecords } from "../../engine/RunRecord.ts"
import { UsageInvalid } from "../command/Usage.ts"
import * as Address from "./artifact-address.ts"

type Table = TableArtifact<string, Columns>

/** A node of which nothing is stored, in the run that an address means. */
export interface StreamedNode {
  readonly record: RunRecord
  readonly graph: Graph.Graph
  readonly entry: Graph.StageEntry
}

/** The one output of a node of rows. */
export const outputOf = ({ node }: Graph.StageEntry): readonly [string, Table] => {
  // a stage of rows has one output, a table
  const [[name, artifact]] = Object.entries(node.definition.outputs) as unknown as readonly [[string, Table]]
  return [name, artifact]
}

/** The streamed nodes that an address means among a run's, by the names under which stored ones are found. */
const inGraph = (graph: Graph.Graph, address: string): ReadonlyArray<Graph.StageEntry> => {
  const streamed = graph.stages.filter(({ node }) => isStreamed(node))
  const own = streamed.filter(({ name }) => name === address)
  if (own.length > 0) return own
  const named = streamed.filter((entry) =>
    [outputOf(entry)[0], `${entry.name}.${outputOf(entry)[0]}`].includes(address)
  )
  const plain = named.filter(({ name }) => !name.includes("["))
  return plain.length === 1 ? plain : named
}

/** The graph of a run, as far as the pipeline still takes its parameters; a sweep has one a point. */
const graphOf = (pipelines: ReadonlyArray<Pipeline.AnyPipeline>, { pipeline: name, params, sweep }: RunRecord) => {
  const pipeline = pipelines.find((each) => each.name === name)
  if (pipeline === undefined || sweep !== undefined) return null
  return Either.match(Pipeline.decodeParams(pipeline, params), {
    onLeft: () => null,
    onRight: (values) => Pipeline.graph(pipeline, values)
  })
}

/** The streamed node that PIPELINE/ADDRESS or RUN/ADDRESS means; null where it means none. */
export const find = (
  pipelines: ReadonlyArray<Pipeline.AnyPipeline>,
  what: string
): Effect.Effect<StreamedNode | null, UsageInvalid | RecordUnreadable, RunRecords> =>
  Effect.gen(function* () {
    const { scope, address } = Address.split(what)
    const { runs } = yield* Address.runsOf(
      scope,
      pipelines.map(({ name }) => name)
    )
    for (const record of runs) {
      const graph = graphOf(pipelines, record)
      if (graph === null) continue
      const [entry, ...others] = inGraph(graph, address)
      if (entry === undefined) continue
      if (others.length === 0) return { record, graph, entry }
      return yield* new UsageInvalid({
        what: `"${what}" names several nodes, all of them streamed`,
        expected: `one of ${[entry, ...others].map(({ name }) => `${scope}/${name}`).join(", ")}`,
        fix: `Try ${scope}/${entry.name}.`
      })
    }
    return null
  })

/** The streamed nodes between the node and the stored output that its rows are made of, and that output. */
export const below = (
  graph: Graph.Graph,
  node: Node
): { readonly through: ReadonlyArray<string>; readonly base: Graph.Address } => {
  const { definition, inputs } = node as Graph.StageEntry["node"]
  const wire = inputs[definition.over as string] as AnyWire
  const { name } = graph.of(wire.node)
  if (!isStreamed(wire.node)) return { through: [], base: { node: name, output: wire.output } }
  const { through, base } = below(graph, wire.node)
  return { through: [name, ...through], base }
}

/** The nodes that take its rows, streamed ones too. */
export const consumersOf = (graph: Graph.Graph, entry: Graph.Entry): ReadonlyArray<Graph.StageEntry> =>
  graph.stages.filter((other) => Graph.parents(graph, other).includes(entry))

/** The stored nodes that its rows are made for. */
export const madeFor = (graph: Graph.Graph, entry: Graph.Entry): ReadonlyArray<Graph.StageEntry> => [
  ...new Set(consumersOf(graph, entry).flatMap((other) => (isStreamed(other.node) ? madeFor(graph, other) : [other])))
]

/** How its rows were made for a node, from the inputs of that node's key. */
export const recipeIn = (
  of: Pick<StreamedNode, "graph" | "entry">,
  node: Node,
  inputs: Readonly<Record<string, Key.Input>>
): Key.Recipe | null => {
  for (const [name, wires] of Object.entries(node.inputs)) {
    const found = [inputs[name] ?? []].flat() as ReadonlyArray<Key.Input>
    for (const [at, wire] of ([wires].flat() as ReadonlyArray<AnyWire>).entries()) {
      const recipe = found[at]
      if (typeof recipe !== "object" || !("stage" in recipe)) continue
      if (of.graph.of(wire.node) === of.entry) return recipe
      const deeper = recipeIn(of, wire.node, recipe.inputs)
      if (deeper !== null) return deeper
    }
  }
  return null
}
