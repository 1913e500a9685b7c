import { Effect, Either } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import { type Digest, short } from "../artifacts/Digest.ts"
import { explain, fields, partsOf, TaggedError } from "../artifacts/Explained.ts"
import * as Text from "../artifacts/Text.ts"
import type * as Key from "../cache/Key.ts"
import { SourceFiles } from "../cache/SourceFiles.ts"
import { type Trace, TraceStore } from "../cache/Trace.ts"
import type { InputLost } from "./Failure.ts"
import * as Graph from "./Graph.ts"
import type { AnyWire } from "./Node.ts"
import * as NodeKey from "./NodeKey.ts"
import type { ParamInvalid } from "./Param.ts"
import * as Pipeline from "./Pipeline.ts"
import type { RunEvents } from "./RunEvent.ts"
import type { NodeRecord, RunRecord } from "./RunRecord.ts"
import * as Sources from "./Sources.ts"
import * as Union from "./Union.ts"

/*
 * What a use of a pipeline is given of one of its runs. What the run made is taken as it is, by the run's record and the traces that it
 * names, so that whoever asks a model asks the one that was named, whatever became of the pipeline and its sources since.
 */

/** What a use needs of a run is not to be had: the run did not make it, its trace is gone, or its bytes are. */
export class GivenGone extends TaggedError<GivenGone>()("GivenGone", fields, (parts) => parts) {}

/** What a use goes on from: the outputs of a run's nodes, by the names that these have in the use's graph. */
export interface Given {
  readonly run: string
  readonly outputs: NodeKey.Outputs
  /** What these nodes are called in the run. */
  readonly names: ReadonlyMap<string, string>
  /** Brings the bytes of sources that are not here yet, by their names. */
  readonly expected: Sources.Found["expected"]
  /** How what is lost of it is made anew. */
  readonly fix: string
}

/** A run as a use goes on from it, or a point of a sweep: its nodes by the names that they have in the pipeline. */
export interface Origin {
  readonly run: string
  /** Encoded. */
  readonly params: Readonly<Record<string, unknown>>
  readonly nodes: ReadonlyMap<string, NodeRecord>
  /** How what is lost of it is made anew. */
  readonly fix: string
}

type Values = Readonly<Record<string, unknown>>

const decoded = (pipeline: Pipeline.AnyPipeline, run: string, params: Values): Effect.Effect<Values, GivenGone> =>
  Effect.mapError(Pipeline.decodeParams(pipeline, params), (error) => {
    const { what, expected } = partsOf(error) ?? { what: explain(error).what, expected: "its parameters" }
    return new GivenGone({
      what: Text.text`Run ${run} had parameters that ${pipeline.name} does not take: ${what}`,
      expected,
      fix: `Run ${pipeline.name} again, and name what the new run makes.`
    })
  })

/** The names that the nodes of a point have among those of all points, by their names in the pipeline. */
const namesInSweep = (pipeline: Pipeline.AnyPipeline, values: Values, varied: ReadonlyArray<string>) => {
  const graph = Pipeline.graph(pipeline, values)
  const build = { graph, values, params: Pipeline.encodeParams(pipeline, values), wanted: graph.stages }
  const union = Union.make(pipeline.name, [build], { params: pipeline.params, varied, wants: () => true })
  return graph.stages.map((entry) => [entry.name, union.graph.like(entry).name] as const)
}

const fixBy = (command: string | null): string =>
  command === null
    ? "Carry out the pipeline again with the parameters of that run: it makes the same anew."
    : `It is made anew by: ${command}`

/**
 * The run of a record as far as a node of it goes: of a sweep the first of the points that need the node. `commandOf` gives the command
 * that carries a pipeline out with parameters, encoded; null where none does.
 */
export const originOf = (
  pipeline: Pipeline.AnyPipeline,
  record: RunRecord,
  node: string,
  commandOf: (pipeline: Pipeline.AnyPipeline, params: Origin["params"]) => string | null
): Effect.Effect<Origin, GivenGone> =>
  Effect.gen(function* () {
    const { run, sweep } = record
    const nodes = new Map(record.nodes.map((one) => [one.node, one]))
    if (sweep === undefined)
      return { run, params: record.params, nodes, fix: fixBy(commandOf(pipeline, record.params)) }
    const point = sweep.points.find((one) => one.nodes.includes(node))
    const params = { ...record.params, ...point?.params }
    const names = namesInSweep(pipeline, yield* decoded(pipeline, run, params), sweep.varied)
    return {
      run,
      params,
      fix: fixBy(commandOf(pipeline, params)),
      nodes: new Map(
        names.flatMap(([own, inSweep]) => {
          const found = nodes.get(inSweep)
          return found === undefined ? [] : [[own, found] as const]
        })
      )
    }
  })

const gone = (what: string, { run, fix }: Origin) => new GivenGone({ what, expected: `what run ${run} made`, fix })

/** What is kept of a node of the run; null where nothing is, or the run had no result of it. */
const traceOf = (origin: Origin, node: string): Effect.Effect<Trace | null, never, TraceStore> =>
  Effect.gen(function* () {
    const found = origin.nodes.get(node)
    if (found === undefined || found.key === null || (found.status !== "ran" && found.status !== "reused")) return null
    const look = yield* Effect.flatMap(TraceStore, (traces) => traces.get(found.stage, found.key as Key.Key))
    return look._tag === "Hit" ? look.trace : null
  })

const outputsOf = (origin: Origin, node: string) =>
  Effect.flatMap(traceOf(origin, node), (trace) =>
    trace === null ? gone(`Nothing is kept of ${node} of run ${origin.run}`, origin) : Effect.succeed(trace.outputs)
  )

/** The digest that the run's nodes had of a source, by the trace of one that read it; null where none is kept. */
const digestOf = (graph: Graph.Graph, source: Graph.Entry, origin: Origin) =>
  Effect.gen(function* () {
    for (const { name, node } of graph.stages) {
      for (const [input, wires] of Object.entries(node.inputs)) {
        const at = ([wires].flat() as ReadonlyArray<AnyWire>).findIndex((wire) => graph.of(wire.node) === source)
        if (at < 0 || NodeKey.isStreamed(node)) continue
        const trace = yield* traceOf(origin, name)
        const found = [trace?.text.inputs[input] ?? []].flat()[at]
        if (typeof found === "string") return found as Digest
      }
    }
    return null
  })

/** A source as the run had it: as it is found now, where that is the same, else where this machine remembers such bytes. */
const sourceOf = (graph: Graph.Graph, entry: Sources.SourceEntry, origin: Origin) =>
  Effect.gen(function* () {
    const digest = yield* digestOf(graph, entry, origin)
    const now = yield* Effect.either(Sources.resolve(entry))
    if (digest === null) return yield* now
    const [output = "", artifact] = Object.entries(entry.node.definition.outputs)[0] ?? []
    if (Either.isRight(now) && now.right.outputs[output]?.content === digest) return now.right
    const known = yield* Effect.flatMap(SourceFiles, ({ find }) => find(digest))
    if (known === null || artifact === undefined)
      return yield* new GivenGone({
        what: `Run ${origin.run} read ${entry.name} of sha256 ${short(digest)}, which is not found any more`,
        expected: "the same bytes where the pipeline looks for them, or in a store that this machine can ask",
        fix: "Put them back, or run the pipeline again, and name what the new run makes."
      })
    const stored = yield* Effect.orDie(artifact.encode(known, () => Effect.dieMessage("never written")))
    return { name: entry.name, outputs: { [output]: stored }, bring: null }
  })

/** The nodes that make a graph's results. */
const resultsIn = ({ entries, results }: Graph.Graph): ReadonlyArray<Graph.Entry> => {
  const names = new Set(Object.values(results).map(({ node }) => node))
  return entries.filter(({ name }) => names.has(name))
}

/** The part of a graph that its results need beside what is given, which is no longer a part of it. */
export const without = (graph: Graph.Graph, { outputs }: Given): Graph.Graph => {
  const needed = Graph.closure(graph, resultsIn(graph), ({ name }) => name in outputs)
  const isNeeded = (entry: Graph.Entry) => needed.has(entry) && !(entry.name in outputs)
  return { ...graph, entries: graph.entries.filter(isNeeded), stages: graph.stages.filter(isNeeded) }
}

/** An output of a run that a use takes as it is. */
export type Taken = Graph.Address

/** What a use makes of a run: the values of all of its parameters, what it is given, and which outputs of the run that is. */
export interface Opened {
  readonly values: Values
  readonly given: Given
  /** By the names that the nodes have in the pipeline. */
  readonly taken: ReadonlyArray<Taken>
}

/** The use as it goes on from a run, with parameters of its own, encoded. */
export const open = (
  pipeline: Pipeline.AnyPipeline,
  use: Pipeline.Use,
  origin: Origin,
  own: Values
): Effect.Effect<Opened, GivenGone | Sources.SourceFailed | ParamInvalid, TraceStore | RunEvents> =>
  Effect.gen(function* () {
    const before = yield* decoded(pipeline, origin.run, origin.params)
    const asked = yield* Pipeline.decodeParams(use, { ...origin.params, ...own })
    const identities = Graph.identities()
    const encoded = Pipeline.encodeParams(pipeline, before)
    const ran = Graph.make(pipeline, encoded, pipeline.build(before), identities)
    const byIdentity = new Map(ran.entries.map((entry) => [entry.identity, entry]))

    const reads = use.reads(before)
    const read = Graph.make(pipeline, encoded, reads, identities)
    const found: Record<string, Stored | undefined> = {}
    for (const [name, { node, output }] of Object.entries(reads)) {
      const entry = byIdentity.get(read.of(node).identity)
      if (entry === undefined) return yield* gone(`${pipeline.name} has no ${read.of(node).name}`, origin)
      found[name] = (yield* outputsOf(origin, entry.name))[output]
    }
    const values = { ...asked, ...use.settings(found) }

    const graph = Graph.make(use, Pipeline.encodeParams(use, values), use.build(values), identities)
    const isOfRun = (entry: Graph.Entry) => byIdentity.has(entry.identity) && !NodeKey.isStreamed(entry.node)
    const needed = Graph.closure(graph, resultsIn(graph), isOfRun)
    const outputs: Record<string, Readonly<Record<string, Stored>>> = {}
    const expected = new Map<string, Effect.Effect<void, Sources.SourceFailed>>()
    const names = new Map<string, string>()
    const taken: Array<Taken> = []
    for (const entry of needed) {
      const inRun = byIdentity.get(entry.identity)
      if (inRun === undefined || !isOfRun(entry)) continue
      names.set(entry.name, inRun.name)
      if (Sources.isSource(entry)) {
        const source = yield* sourceOf(ran, entry, origin)
        outputs[entry.name] = source.outputs
        if (source.bring !== null) expected.set(entry.name, source.bring)
        continue
      }
      outputs[entry.name] = yield* outputsOf(origin, inRun.name)
      const wires = [...needed].flatMap(({ node }) => node.wires).filter((wire) => graph.of(wire.node) === entry)
      for (const output of new Set(wires.map((wire) => wire.output))) taken.push({ node: inRun.name, output })
    }
    return { values, given: { run: origin.run, outputs, names, expected, fix: origin.fix }, taken }
  })

/** Why a node cannot be computed that lacks an object of what it is given; null where that is another's. */
export const lossOf = (given: Given | null, { object, what }: InputLost): GivenGone | null => {
  if (given === null) return null
  for (const [node, outputs] of Object.entries(given.outputs))
    for (const [output, { content, parts }] of Object.entries(outputs))
      if (content === object || parts.some((part) => part.object === object))
        return new GivenGone({
          what: `The bytes of ${given.names.get(node)}.${output} of run ${given.run} are ${what === "missing" ? "gone" : what}`,
          expected: "them in the store, or in one that it is shared with",
          fix: given.fix
        })
  return null
}
