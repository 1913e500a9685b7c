import { Either, Schema } from "effect"
import type { AnyArtifact } from "../artifacts/Artifact.ts"
import * as Text from "../artifacts/Text.ts"
import * as Graph from "./Graph.ts"
import type { Definition, Wire } from "./Node.ts"
import {
  DefinitionInvalid,
  encode,
  expectation,
  ParamInvalid,
  type Params,
  refusalOf,
  same,
  suggestion,
  type Values
} from "./Param.ts"
import type * as Verdict from "./Verdict.ts"

type Results = Readonly<Record<string, Wire<AnyArtifact, unknown, unknown, unknown>>>
type ErrorOf<O> = { [K in keyof O]: O[K] extends Wire<AnyArtifact, infer E, unknown, unknown> ? E : never }[keyof O]
type RequirementOf<O> = {
  [K in keyof O]: O[K] extends Wire<AnyArtifact, unknown, infer R, unknown> ? R : never
}[keyof O]
type PlanningOf<O> = { [K in keyof O]: O[K] extends Wire<AnyArtifact, unknown, unknown, infer S> ? S : never }[keyof O]

/** A named, parameterised graph. `E`, `R`, `S`: how its nodes fail, what computing and what planning them needs. */
export interface Pipeline<P extends Params, O, E, R, S> {
  readonly name: string
  readonly description: string
  readonly params: P
  /** Pure: it runs no stage. */
  readonly build: (params: Values<P>) => O
  /** Those that the graph of the defaults uses. */
  readonly definitions: ReadonlySet<Definition>
  readonly [Types]?: () => readonly [E, R, S]
}
declare const Types: unique symbol

/** A pipeline whose parameters and results are known only at run time. */
export interface AnyPipeline<out R = unknown, out S = unknown> {
  readonly name: string
  readonly description: string
  readonly params: Params
  // biome-ignore lint/suspicious/noExplicitAny: each pipeline has parameters of its own
  readonly build: (params: any) => Results
  readonly definitions: ReadonlySet<Definition>
  readonly [Types]?: () => readonly [unknown, R, S]
}

export type RequirementsOf<X> = X extends AnyPipeline<infer R, unknown> ? R : never
export type PlanningNeedsOf<X> = X extends AnyPipeline<unknown, infer S> ? S : never
export type ErrorsOf<X> = X extends { readonly [Types]?: () => readonly [infer E, unknown, unknown] } ? E : never

/** Throws `DefinitionInvalid` where a parameter is read by nobody, or where it or a definition's name means two things. */
export const make = <const P extends Params, O>(definition: {
  readonly name: string
  readonly description: string
  readonly params: P
  readonly build: (params: Values<P>) => Verdict.Results<O>
}): Pipeline<P, O, ErrorOf<O>, RequirementOf<O>, PlanningOf<O>> => {
  // a verdict is results where `tsc` lets it pass
  const { build } = definition as unknown as { readonly build: (params: Values<P>) => O & Results }
  const { entries } = checkedGraph({ ...definition, build })
  return { ...definition, build, definitions: new Set(entries.map(({ node }) => node.definition)) }
}

/**
 * The pipelines of one project. Throws `DefinitionInvalid` where two of them use different definitions under one name: they
 * share a cache, in which that name is all that tells a definition from others.
 */
export const together = <const Ps extends ReadonlyArray<AnyPipeline>>(pipelines: Ps): Ps => {
  const { definitions } = Graph.identities()
  for (const { name, definitions: own } of pipelines)
    for (const definition of own) {
      const known = definitions.get(definition.name)
      const other = pipelines.find((each) => known !== undefined && each.definitions.has(known))
      Graph.define(definitions, definition, `${other?.name} and ${name}`)
    }
  return pipelines
}

/** The parameters nobody gave. */
export const defaults = (params: Params) =>
  Object.fromEntries(Object.entries(params).map(([name, param]) => [name, param.default]))

/** The graph of the defaults, once everything about the pipeline's parameters is found to be in order. */
const checkedGraph = (pipeline: Omit<AnyPipeline, "definitions">): Graph.Graph => {
  const fail = (what: string, expected: string, fix: string) => {
    throw new DefinitionInvalid({ what: `Pipeline "${pipeline.name}": ${what}`, expected, fix })
  }
  const read = new Set<string>()
  const watched = new Proxy(defaults(pipeline.params), {
    get: (values, name) => {
      if (typeof name === "string") read.add(name)
      return Reflect.get(values, name)
    }
  })
  // the graph compares values for its names: that is no reading
  const graph = Graph.make(pipeline, encode(pipeline.params, defaults(pipeline.params)), pipeline.build(watched))
  for (const name of Object.keys(pipeline.params)) {
    if (!read.has(name))
      fail(`nobody reads the parameter "${name}"`, "that build or a stage reads it", "Remove it, or pass it on.")
  }
  for (const { node } of graph.entries) {
    for (const name of Object.keys(node.given)) {
      if (!(name in pipeline.params) && !(name in node.definition.params)) {
        fail(
          `${node.definition.name} is given the parameter "${name}", which it does not declare`,
          `one of ${Object.keys(node.definition.params).join(", ") || "none"}`,
          "Correct the name."
        )
      }
    }
    for (const [name, param] of Object.entries(node.definition.params)) {
      const own = pipeline.params[name]
      if (own !== undefined && name in node.given && !same(own, param)) {
        fail(
          `the parameter "${name}" of ${node.definition.name} differs from another of that name`,
          "one definition a name",
          "Rename one of them."
        )
      }
    }
  }
  return graph
}

/** Every parameter of the pipeline, decoded from encoded values; those not given take their defaults. */
export const decodeParams = (
  pipeline: Pick<AnyPipeline, "name" | "params">,
  encoded: Readonly<Record<string, unknown>>
): Either.Either<Readonly<Record<string, unknown>>, ParamInvalid> => {
  const values: Record<string, unknown> = defaults(pipeline.params)
  for (const [name, value] of Object.entries(encoded)) {
    const param = pipeline.params[name]
    if (param === undefined) {
      const expected = `one of ${Object.keys(pipeline.params).join(", ")}`
      return Either.left(
        new ParamInvalid({
          name,
          found: `unknown to ${pipeline.name}`,
          expected,
          fix: "Leave it out, or correct its name."
        })
      )
    }
    const decoded = Schema.decodeUnknownEither(param.schema)(value)
    if (Either.isLeft(decoded)) {
      const refusal = refusalOf(param.schema, value)
      const own =
        refusal === null
          ? {
              found: String(JSON.stringify(value)),
              expected: expectation(param.schema),
              fix: suggestion(name, param)
            }
          : { ...refusal, found: Text.text`refused: ${refusal.what}` }
      return Either.left(new ParamInvalid({ ...own, name }))
    }
    values[name] = decoded.right
  }
  return Either.right(values)
}

/** The parameters as JSON, in the pipeline's order. */
export const encodeParams = (
  pipeline: AnyPipeline,
  values: Readonly<Record<string, unknown>>
): Readonly<Record<string, unknown>> => encode(pipeline.params, values)

/** The graph of one set of parameters. */
export const graph = (pipeline: AnyPipeline, values: Readonly<Record<string, unknown>>): Graph.Graph =>
  Graph.make(pipeline, encodeParams(pipeline, values), pipeline.build(values))
