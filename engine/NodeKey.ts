import { Context, Effect, Schema } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import { id } from "../artifacts/Artifact.ts"
import type { NotEncodable } from "../artifacts/CanonicalJson.ts"
import { Explained, explain, TaggedError } from "../artifacts/Explained.ts"
import * as Masked from "../artifacts/Masked.ts"
import * as Key from "../cache/Key.ts"
import { Code, type CodeUnknown, type StageMadeElsewhere } from "./Code.ts"
import * as Environment from "./Environment.ts"
import * as Graph from "./Graph.ts"
import type { AnyWire, Node, StageDefinition } from "./Node.ts"

/** An input with everything behind it found: bytes in the store, or the streamed stages down to such bytes. */
export type Resolved =
  | { readonly _tag: "Stored"; readonly stored: Stored; readonly label: string }
  | { readonly _tag: "Streamed"; readonly node: Node<StageDefinition>; readonly inputs: ResolvedInputs }
export type ResolvedInputs = Readonly<Record<string, Resolved | ReadonlyArray<Resolved>>>

/** Outputs of the stored nodes and sources, by node name. */
export type Outputs = Readonly<Record<string, Readonly<Record<string, Stored>>>>

export const isStreamed = (node: Node): node is Node<StageDefinition> =>
  node.definition._tag === "Stage" && node.definition.keep === "streamed"

/** The entries whose outputs must be known before this one's key is: its inputs, seen through streamed nodes. */
export const storedParents = (graph: Graph.Graph, entry: Graph.Entry): ReadonlyArray<Graph.Entry> => [
  ...new Set(
    Graph.parents(graph, entry).flatMap((parent) => (isStreamed(parent.node) ? storedParents(graph, parent) : [parent]))
  )
]

/** The stored nodes in groups, such that what each needs lies in those before. */
export const levels = (graph: Graph.Graph): ReadonlyArray<ReadonlyArray<Graph.StageEntry>> => {
  const levelOf = new Map<Graph.Entry, number>()
  const groups: Array<Array<Graph.StageEntry>> = []
  for (const entry of graph.stages) {
    if (isStreamed(entry.node)) continue
    const parents = storedParents(graph, entry)
    const level = parents.reduce((most, parent) => Math.max(most, (levelOf.get(parent) ?? -1) + 1), 0)
    levelOf.set(entry, level)
    const group = groups[level]
    if (group === undefined) groups[level] = [entry]
    else group.push(entry)
  }
  return groups
}

const resolveWire = (graph: Graph.Graph, outputs: Outputs, wire: AnyWire): Resolved => {
  const { name, node } = graph.of(wire.node)
  if (isStreamed(node)) return { _tag: "Streamed", node, inputs: resolve(graph, outputs, node) }
  const stored = outputs[name]?.[wire.output]
  if (stored === undefined) throw new Error(`${name}.${wire.output} is not known yet`)
  const files = stored.header as { readonly label?: string } | null
  return {
    _tag: "Stored",
    stored,
    label: node.definition._tag === "Source" ? (files?.label ?? name) : `${name}.${wire.output}`
  }
}

/** The node's inputs, once the outputs of its stored parents are known. */
export const resolve = (graph: Graph.Graph, outputs: Outputs, node: Node): ResolvedInputs =>
  Object.fromEntries(
    Object.entries(node.inputs).map(([name, wires]) => [
      name,
      Array.isArray(wires)
        ? wires.map((wire: AnyWire) => resolveWire(graph, outputs, wire))
        : resolveWire(graph, outputs, wires as AnyWire)
    ])
  )

/** What a node yields that is still to be computed. */
const open: Stored = { artifact: "", kind: "files", content: Key.OPEN, rows: null, bytes: 0, parts: [], header: null }

/** The node's inputs where not all its stored parents are known: what those yield is left open. */
export const resolveOpen = (graph: Graph.Graph, outputs: Outputs, entry: Graph.Entry): ResolvedInputs => {
  const given = storedParents(graph, entry).map(({ name, node }) => [
    name,
    outputs[name] ?? Object.fromEntries(Object.keys(node.definition.outputs).map((output) => [output, open]))
  ])
  return resolve(graph, Object.fromEntries(given), entry.node)
}

export interface NodeKey {
  readonly key: Key.Key
  readonly text: Key.KeyText
}

/** A fact that could not be found out. */
export class FactUnknown extends TaggedError<FactUnknown>()(
  "FactUnknown",
  { stage: Schema.String, fact: Schema.String, explained: Explained },
  ({ explained }) => explained
) {}
export type KeyFailure = NotEncodable | CodeUnknown | StageMadeElsewhere | FactUnknown

/**
 * What is known already of the facts, by the effects that find them out: the machine does not change while a sweep asks
 * for a thousand keys. Null where nothing is remembered.
 */
export class KnownFacts extends Context.Reference<KnownFacts>()("headrace/KnownFacts", {
  defaultValue: (): Map<unknown, unknown> | null => null
}) {}

/** Remembers facts while the effect runs. */
export const rememberFacts = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => Effect.provideService(effect, KnownFacts, new Map()))

const findOut = (
  known: Map<unknown, unknown> | null,
  stage: string,
  name: string,
  fact: Effect.Effect<unknown, unknown>
): Effect.Effect<unknown, FactUnknown> =>
  fact.pipe(
    Effect.mapError((error) => new FactUnknown({ stage, fact: name, explained: explain(error) })),
    Effect.tap((found) => Effect.sync(() => known?.set(fact, found)))
  )

type Parts = Pick<Key.Recipe, "params" | "inputs" | "code" | "facts" | "environment">

const isList = (value: ResolvedInputs[string]): value is ReadonlyArray<Resolved> => Array.isArray(value)

const keyInput = (resolved: ResolvedInputs[string]): Effect.Effect<Key.Input, KeyFailure, Code> => {
  if (isList(resolved)) return Effect.forEach(resolved, keyInput)
  if (resolved._tag === "Stored") return Effect.succeed(resolved.stored.content)
  const { name, over } = resolved.node.definition
  return Effect.map(parts(resolved.node, resolved.inputs), (recipe) => ({
    stage: name,
    over: over as string,
    ...recipe
  }))
}

const parts = (node: Node<StageDefinition>, resolved: ResolvedInputs): Effect.Effect<Parts, KeyFailure, Code> =>
  Effect.gen(function* () {
    const { definition } = node
    const code = yield* Effect.flatMap(Code, (all) => all.of(definition))
    const inputs: Record<string, Key.Input> = {}
    for (const [name, value] of Object.entries(resolved)) inputs[name] = yield* keyInput(value)
    const known = yield* KnownFacts
    const facts: Record<string, unknown> = {}
    for (const [name, fact] of Object.entries(definition.facts(node.params))) {
      facts[name] =
        known?.has(fact) === true
          ? known.get(fact)
          : yield* findOut(known, definition.name, name, fact as Effect.Effect<unknown, Error>)
    }
    // NaN and its like are caught when the key is written; a fact named as a parameter stands for it
    const counted = Object.fromEntries(
      Object.entries(node.encoded)
        .filter(([name]) => !(name in facts))
        // the text is kept, and shared: what opens a door is in it by its digest, as secrets of the environment are
        .map(([name, value]) => [name, Masked.within(Masked.urlsByDigest, value)])
    )
    const environment = Environment.valuesOf(definition, yield* Environment.Environment)
    return { params: counted, inputs, code, facts, ...(environment === null ? {} : { environment }) }
  })

/** The node's key and its text. Facts need what planning needs; their types are accounted for by `Pipeline`. */
export const make = (node: Node<StageDefinition>, inputs: ResolvedInputs): Effect.Effect<NodeKey, KeyFailure, Code> =>
  Effect.gen(function* () {
    const { definition } = node
    const outputs = Object.fromEntries(
      Object.entries(definition.outputs).map(([name, artifact]) => [name, id(artifact)])
    )
    const text = { format: Key.FORMAT, stage: definition.name, ...(yield* parts(node, inputs)), outputs }
    const key = yield* Key.ofText(text)
    return { key, text }
  })

const labelsOf = (name: string, resolved: Resolved): ReadonlyArray<readonly [string, string]> =>
  resolved._tag === "Stored" ? [[name, Masked.urls(resolved.label)]] : Object.entries(labels(resolved.inputs))

/** What people call the inputs, for the reasons of a later run; several under one name are listed. */
export const labels = (inputs: ResolvedInputs): Readonly<Record<string, string>> => {
  const found: Record<string, string> = {}
  for (const [name, resolved] of Object.entries(inputs)) {
    for (const [input, label] of [resolved].flat().flatMap((one: Resolved) => labelsOf(name, one))) {
      found[input] = found[input] === undefined || found[input] === label ? label : `${found[input]}, ${label}`
    }
  }
  return found
}

/** Every stored artifact that computing the node reads. */
export const needs = (inputs: ResolvedInputs): ReadonlyArray<Stored> =>
  Object.values(inputs)
    .flat()
    .flatMap((resolved: Resolved) => (resolved._tag === "Stored" ? [resolved.stored] : needs(resolved.inputs)))
