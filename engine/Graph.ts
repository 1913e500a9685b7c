import { Either } from "effect"
import * as CanonicalJson from "../artifacts/CanonicalJson.ts"
import * as Masked from "../artifacts/Masked.ts"
import type { AnyWire, Definition, Node, StageDefinition } from "./Node.ts"
import { type AnyParam, DefinitionInvalid } from "./Param.ts"

/** A node with its name, its place in topological order given by the list it stands in. */
export interface Entry {
  readonly name: string
  readonly node: Node
  /** Equal for nodes that compute the same, among graphs that were made with one table of identities. */
  readonly identity: number
}

/** What several graphs have in common: what their nodes compute, and which definition each name stands for. */
export interface Identities {
  /** Numbers of what nodes compute, by its text. */
  readonly numbers: Map<string, number>
  /** By their names. */
  readonly definitions: Map<string, Definition>
}

export const identities = (): Identities => ({ numbers: new Map(), definitions: new Map() })
export interface StageEntry extends Entry {
  readonly node: Node<StageDefinition>
}

export interface Graph {
  readonly pipeline: string
  /** Sources and stages that the results need, inputs before their consumers, equal nodes once. */
  readonly entries: ReadonlyArray<Entry>
  readonly stages: ReadonlyArray<StageEntry>
  readonly results: Readonly<Record<string, Address>>
  /** The entry that stands for a node; equal nodes share one. */
  readonly of: (node: Node) => Entry
  /** The entry that computes what one of another graph of the same identities does. */
  readonly like: (entry: Entry) => Entry
}

/** An output of a named node. */
export interface Address {
  readonly node: string
  readonly output: string
}

export const isStage = (entry: Entry): entry is StageEntry => entry.node.definition._tag === "Stage"

interface Builder {
  readonly pipeline: string
  readonly byNode: Map<Node, Entry>
  readonly byIdentity: Map<number, Entry>
  readonly identities: Identities
  readonly names: Set<string>
  readonly pipelineParams: Readonly<Record<string, unknown>>
}

const isPlain = (value: unknown): boolean =>
  value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)

/**
 * Remembers the definition under its name. A node's identity and its key hold that name, so two definitions that share
 * one would be taken for each other: the second is refused.
 */
export const define = (definitions: Identities["definitions"], definition: Definition, where: string): void => {
  const known = definitions.get(definition.name)
  if (known === undefined) definitions.set(definition.name, definition)
  else if (known !== definition)
    throw new DefinitionInvalid({
      what: `The name "${definition.name}" stands for two definitions in ${where}`,
      expected: "one definition a name",
      fix: `Make it once, at the top of stages/${definition.name}.ts, and let a parameter say what varies.`
    })
}

/** Equal for nodes that compute the same. A parameter without an exact form, such as NaN, equals no other. */
const identify = ({ identities: { numbers }, byNode }: Builder, { definition, encoded, inputs }: Node): number => {
  const params = Object.values(encoded)
  // the engine's own JSON is many times as fast, and exact where nothing is nested
  const values = params.every(isPlain)
    ? JSON.stringify(params)
    : Either.getOrElse(CanonicalJson.encode(params), () => `inexact ${numbers.size}`)
  const wires: Array<string | number> = []
  for (const name in inputs) {
    const ofName = [inputs[name] ?? []].flat() as ReadonlyArray<AnyWire>
    wires.push(name, ofName.length)
    for (const { node, output } of ofName) wires.push(byNode.get(node)?.identity ?? -1, output)
  }
  const text = `${definition._tag} ${definition.name} ${values} ${JSON.stringify(wires)}`
  const known = numbers.get(text)
  if (known !== undefined) return known
  numbers.set(text, numbers.size)
  return numbers.size - 1
}

/** Outputs after the first of one artifact tell a table's rows apart: `test` of ingest's `train` and `test`. */
const outputQualifier = (wire: AnyWire): ReadonlyArray<string> => {
  const twins = Object.entries(wire.node.definition.outputs).filter(([, artifact]) => artifact === wire.artifact)
  return twins.length > 1 && twins[0]?.[0] !== wire.output ? [wire.output] : []
}

/** A parameter's value in a few words. */
export const valueText = (param: AnyParam | undefined, value: unknown, encoded: unknown): string => {
  const text = param?.text?.(value) ?? null
  return Masked.urls(text ?? (typeof encoded === "string" ? encoded : JSON.stringify(encoded)))
}

/** The name that is not taken yet: itself, or the first of `#2`, `#3`, … */
export const freeName = (name: string, taken: ReadonlySet<string>): string => {
  for (let twin = 1; ; twin++) {
    const candidate = twin === 1 ? name : `${name}#${twin}`
    if (!taken.has(candidate)) return candidate
  }
}

/** Of parameters, encoded. */
const isSame = (a: unknown, b: unknown): boolean => Object.is(a, b) || JSON.stringify(a) === JSON.stringify(b)

/**
 * What tells a node from others of its stage, from the node alone, so that a new sibling renames nobody: the parameters
 * that its call set itself, and, for stages that map rows, what tells the rows apart.
 */
const qualifiers = (builder: Builder, node: Node): ReadonlyArray<string> => {
  const { definition, given, params, encoded } = node
  const own = Object.keys(definition.params)
    .filter((name) => name in given && !isSame(encoded[name], builder.pipelineParams[name]))
    .filter((name) => definition.params[name]?.text?.(params[name]) !== null)
    .map((name) => `${name}=${valueText(definition.params[name], params[name], encoded[name])}`)
  if (definition._tag === "Source" || definition.over === null) return own
  const over = node.inputs[definition.over] as AnyWire
  const inherited =
    over.node.definition._tag === "Stage" && over.node.definition.keep !== "whole" ? qualifiers(builder, over.node) : []
  return [...inherited, ...outputQualifier(over), ...own]
}

const nameOf = (builder: Builder, node: Node): string => {
  const values = qualifiers(builder, node)
  const name = values.length === 0 ? node.definition.name : `${node.definition.name}[${values.join(",")}]`
  return freeName(name, builder.names)
}

/**
 * Visits all that something is made of and then itself, inputs before their consumers, but for what was visited before. It keeps its path
 * in an array: a pipeline may be deeper than calls can be nested.
 */
export const visitAll = <A>(
  last: A,
  inputsOf: (one: A) => ReadonlyArray<A>,
  isVisited: (one: A) => boolean,
  visit: (one: A) => void
): void => {
  const path: Array<{ readonly one: A; readonly inputs: ReadonlyArray<A>; at: number }> = []
  const enter = (one: A) => {
    if (!isVisited(one)) path.push({ one, inputs: inputsOf(one), at: 0 })
  }
  enter(last)
  for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
    const input = step.inputs[step.at]
    step.at += 1
    if (input !== undefined) enter(input)
    else {
      visit(step.one)
      path.pop()
    }
  }
}

const add = (builder: Builder, node: Node): void => {
  define(builder.identities.definitions, node.definition, builder.pipeline)
  const identity = identify(builder, node)
  const twin = builder.byIdentity.get(identity)
  if (twin !== undefined) {
    builder.byNode.set(node, twin)
    return
  }
  const entry = { name: nameOf(builder, node), node, identity }
  builder.names.add(entry.name)
  builder.byNode.set(node, entry)
  builder.byIdentity.set(identity, entry)
}

/** The entry under an identity; one that is not there is a bug. */
export const entryOf = (entries: ReadonlyMap<number, Entry>, identity: number): Entry => {
  const entry = entries.get(identity)
  if (entry === undefined) throw new Error(`there is no node of the identity ${identity}`)
  return entry
}

/** `pipelineParams` are encoded: a node is told from its siblings by what its call changed of them. */
export const make = (
  pipeline: { readonly name: string },
  pipelineParams: Readonly<Record<string, unknown>>,
  results: Readonly<Record<string, AnyWire>>,
  shared: Identities = identities()
): Graph => {
  const builder: Builder = {
    pipeline: pipeline.name,
    byNode: new Map(),
    byIdentity: new Map(),
    identities: shared,
    names: new Set(),
    pipelineParams
  }
  const inputsOf = ({ wires }: Node) => wires.map(({ node }) => node)
  for (const { node } of Object.values(results))
    visitAll(
      node,
      inputsOf,
      (one) => builder.byNode.has(one),
      (one) => add(builder, one)
    )
  const entries = [...builder.byIdentity.values()]
  const of = (node: Node): Entry => {
    const entry = builder.byNode.get(node)
    if (entry === undefined) throw new Error(`${node.definition.name} is not a node of ${pipeline.name}`)
    return entry
  }
  return {
    pipeline: pipeline.name,
    entries,
    stages: entries.filter(isStage),
    results: Object.fromEntries(
      Object.entries(results).map(([name, wire]) => [name, { node: of(wire.node).name, output: wire.output }])
    ),
    of,
    like: ({ identity }) => entryOf(builder.byIdentity, identity)
  }
}

/** Entries whose outputs this one takes, through no other. */
export const parents = (graph: Graph, entry: Entry): ReadonlyArray<Entry> => [
  ...new Set(entry.node.wires.map((wire) => graph.of(wire.node)))
]

/** Entries and all that they are made of, inputs before their consumers; not what one is made of that is an end. */
export const closure = (
  graph: Graph,
  entries: Iterable<Entry>,
  isEnd: (entry: Entry) => boolean = () => false
): ReadonlySet<Entry> => {
  const found = new Set<Entry>()
  for (const entry of entries)
    visitAll(
      entry,
      (one) => (isEnd(one) ? [] : parents(graph, one)),
      (one) => found.has(one),
      (one) => found.add(one)
    )
  return found
}
