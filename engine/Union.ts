import type { AnyArtifact } from "../artifacts/Artifact.ts"
import * as Graph from "./Graph.ts"
import type { Node } from "./Node.ts"
import type { Params } from "./Param.ts"

/** One build of a pipeline among several, made with the identities that they share, and its parameters. */
export interface Build {
  readonly graph: Graph.Graph
  readonly values: Readonly<Record<string, unknown>>
  /** The values, encoded. */
  readonly params: Readonly<Record<string, unknown>>
  /** Nodes that are wanted beside the results. */
  readonly wanted: ReadonlyArray<Graph.StageEntry>
}

/** Where an entry of a union comes from: the first build that has it, and what it is there. */
export interface Origin extends Build {
  readonly entry: Graph.StageEntry
}

/** Several builds of one pipeline as one graph, equal nodes once. */
export interface Union {
  readonly builds: ReadonlyArray<Build>
  readonly graph: Graph.Graph
  readonly origin: (entry: Graph.StageEntry) => Origin
  /** The parameters, of those in which the builds differ, that an entry or one above it takes. */
  readonly variedBy: (entry: Graph.Entry) => ReadonlyArray<string>
  /** Each build's wanted results, by the union's names. */
  readonly results: ReadonlyArray<Graph.Graph["results"]>
}

export interface Options {
  readonly params: Params
  /** The parameters in which the builds differ: their values tell nodes of one name apart. */
  readonly varied: ReadonlyArray<string>
  /** Whether an artifact among a build's results is asked for. */
  readonly wants: (artifact: AnyArtifact) => boolean
}

const withQualifiers = (name: string, values: ReadonlyArray<string>): string => {
  if (values.length === 0) return name
  return name.endsWith("]") ? `${name.slice(0, -1)},${values.join(",")}]` : `${name}[${values.join(",")}]`
}

export const make = (pipeline: string, builds: ReadonlyArray<Build>, { params, varied, wants }: Options): Union => {
  const entries: Array<Graph.Entry> = []
  const byIdentity = new Map<number, Graph.Entry>()
  const byNode = new Map<Node, Graph.Entry>()
  const origins = new Map<Graph.Entry, Origin>()
  const names = new Set<string>()
  const dependsOn = new Map<Graph.Entry, ReadonlyArray<string>>()

  /** The entry that stands for one of a build's, which is added by now, and from now on for its node. */
  const standIn = ({ node, identity }: Graph.Entry): Graph.Entry => {
    const added = Graph.entryOf(byIdentity, identity)
    byNode.set(node, added)
    return added
  }

  const addOne = (build: Build, entry: Graph.Entry): void => {
    const behind = entry.node.wires.map((wire) => {
      const parent = standIn(build.graph.of(wire.node))
      byNode.set(wire.node, parent)
      return parent
    })
    const { definition, given } = entry.node
    // a stage may have a parameter of a varied one's name that its call does not take from the pipeline
    const declared = new Set([
      ...Object.keys(definition.params).filter((name) => name in given),
      ...behind.flatMap((parent) => dependsOn.get(parent) ?? [])
    ])
    const own = varied.filter((name) => declared.has(name))
    const values = own.map((name) => `${name}=${Graph.valueText(params[name], build.values[name], build.params[name])}`)
    const name = Graph.freeName(withQualifiers(entry.name, values), names)
    const added = { ...entry, name }
    names.add(name)
    dependsOn.set(added, own)
    byIdentity.set(entry.identity, added)
    if (Graph.isStage(entry)) origins.set(added, { ...build, entry })
    entries.push(added)
  }

  const add = (build: Build, entry: Graph.Entry): Graph.Entry => {
    Graph.visitAll(
      entry,
      (one) => Graph.parents(build.graph, one),
      ({ identity }) => byIdentity.has(identity),
      (one) => addOne(build, one)
    )
    return standIn(entry)
  }

  const results = builds.map((build) => {
    const byName = new Map(build.graph.entries.map((entry) => [entry.name, entry]))
    for (const entry of build.wanted) add(build, entry)
    return Object.fromEntries(
      Object.entries(build.graph.results).flatMap(([result, { node, output }]): Array<[string, Graph.Address]> => {
        const entry = byName.get(node)
        const artifact = entry?.node.definition.outputs[output]
        if (entry === undefined || artifact === undefined || !wants(artifact)) return []
        return [[result, { node: add(build, entry).name, output }]]
      })
    )
  })
  return {
    builds,
    graph: {
      pipeline,
      entries,
      stages: entries.filter(Graph.isStage),
      results: {},
      of: (node) => {
        const entry = byNode.get(node)
        if (entry === undefined) throw new Error(`${node.definition.name} is not a node of ${pipeline}`)
        return entry
      },
      like: ({ identity }) => Graph.entryOf(byIdentity, identity)
    },
    origin: (entry) => {
      const found = origins.get(entry)
      if (found === undefined) throw new Error(`${entry.name} is not a node of ${pipeline}`)
      return found
    },
    variedBy: (entry) => dependsOn.get(entry) ?? [],
    results
  }
}
