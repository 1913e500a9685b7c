/**
 * Pipelines: named graphs of stages that are wired with variables. A file in `pipelines/` that exports one is a command.
 *
 * @module
 */
import { Either, Schema } from "effect"
import type { AnyArtifact, Stored } from "../artifacts/Artifact.ts"
import * as BoundedJson from "../artifacts/BoundedJson.ts"
import { expectation } from "../artifacts/SchemaRefusal.ts"
import * as Text from "../artifacts/Text.ts"
import * as Graph from "./Graph.ts"
import type { Definition, Wire } from "./Node.ts"
import {
  DefinitionInvalid,
  encode,
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

/**
 * A named graph of nodes with parameters. Its types tell how its nodes may fail (`E`), which services computing them needs (`R`), and
 * which planning them needs (`S`).
 */
export interface Pipeline<P extends Params, O, E, R, S> {
  readonly name: string
  readonly description: string
  readonly params: P
  /** Wires the graph of some values of the parameters, and gives its results. It runs no stage, and must be a pure function. */
  readonly build: (params: Values<P>) => O
  /** The stages and sources that the graph of the defaults uses, and those of its uses. */
  readonly definitions: ReadonlySet<Definition>
  /** What can be made of its results beside them, each when somebody asks for it: see {@link withUse}. */
  readonly uses: ReadonlyArray<Use<R, S>>
  /** @internal */
  readonly [Types]?: () => readonly [E, R, S]
}
declare const Types: unique symbol

/** A pipeline whose parameters and results are known only at run time. */
export interface AnyPipeline<out R = unknown, out S = unknown> {
  readonly name: string
  readonly description: string
  readonly params: Params
  /** Wires the graph of some values of the parameters. */
  // biome-ignore lint/suspicious/noExplicitAny: each pipeline has parameters of its own
  readonly build: (params: any) => Results
  readonly definitions: ReadonlySet<Definition>
  readonly uses: ReadonlyArray<Use<R, S>>
  /** @internal */
  readonly [Types]?: () => readonly [unknown, R, S]
}

/**
 * A part of a pipeline that goes on from the results of one of its runs, and is carried out on demand alone. It is a pipeline of its
 * own, which is called after both, such as `transfer.predict`, and takes the parameters of the run beside its own.
 */
export interface Use<out R = unknown, out S = unknown> extends AnyPipeline<R, S> {
  /** What it is called in its pipeline: `predict`. */
  readonly use: string
  /** The names of its own parameters. */
  readonly own: ReadonlyArray<string>
  /** The outputs of the run that decide some of its own parameters, by names of its own. */
  // biome-ignore lint/suspicious/noExplicitAny: each pipeline has parameters of its own
  readonly reads: (params: any) => Results
  /** The values of these parameters, by what a trace tells of the outputs. */
  // biome-ignore lint/suspicious/noExplicitAny: the names are those that `reads` gives
  readonly settings: (read: any) => Readonly<Record<string, unknown>>
}

/** The services that computing a pipeline needs. */
export type RequirementsOf<X> = X extends AnyPipeline<infer R, unknown> ? R : never
/** The services that planning a pipeline needs. */
export type PlanningNeedsOf<X> = X extends AnyPipeline<unknown, infer S> ? S : never
/** How the nodes of a pipeline may fail. */
export type ErrorsOf<X> = X extends { readonly [Types]?: () => readonly [infer E, unknown, unknown] } ? E : never

/**
 * Makes a pipeline. `build` wires stages with variables, and gives the wires that are the results, by their names. Throws
 * `DefinitionInvalid` where nobody reads a parameter, and where one name means two parameters or two definitions.
 *
 * @example
 * import { fitLine } from "../stages/fit-line.ts"
 * import { readRents } from "../stages/read-rents.ts"
 * import { rentsFile } from "../stages/rents-file.ts"
 *
 * export const rents = Pipeline.make({
 *   name: "rents",
 *   description: "What a square metre costs",
 *   params: { ...rentsFile.params, ...readRents.params },
 *   build: (params) => {
 *     const { rents } = readRents({ file: rentsFile(params) }, params)
 *     return { line: fitLine({ rents }).line }
 *   }
 * })
 */
export const make = <const P extends Params, O>(definition: {
  readonly name: string
  readonly description: string
  readonly params: P
  readonly build: (params: Values<P>) => Verdict.Results<O>
}): Pipeline<P, O, ErrorOf<O>, RequirementOf<O>, PlanningOf<O>> => {
  // a verdict is results where `tsc` lets it pass
  const { build } = definition as unknown as { readonly build: (params: Values<P>) => O & Results }
  const { entries } = checkedGraph({ ...definition, build })
  return { ...definition, build, definitions: new Set(entries.map(({ node }) => node.definition)), uses: [] }
}

/**
 * Adds to a pipeline what can be made of the results of its runs when somebody asks for it, such as predictions by the model that a run
 * trained. `build` is given the values of all parameters and the results of the pipeline's own `build`, and wires more stages behind
 * these. What a run made is then taken as it is: nothing above it is looked up or computed, whatever became of the pipeline's sources.
 * An own parameter that is to fit what the run made, and not what somebody asks for, is decided by `settings`, which are given what the
 * run's trace tells of the outputs that `reads` gives. Throws `DefinitionInvalid` as {@link make} does, and where two parameters or two
 * uses have one name.
 *
 * @example
 * import { fitLine, Line } from "../stages/fit-line.ts"
 * import { readRents } from "../stages/read-rents.ts"
 * import { rentsFile } from "../stages/rents-file.ts"
 *
 * const Rent = Document.make("Rent", 1, Schema.Struct({ rent: Schema.Number }))
 *
 * // in a file of its own: stages/guess-rent.ts
 * const guessRent = Stage.make({
 *   name: "guess-rent",
 *   inputs: { line: Line },
 *   params: { area: Param.make(Schema.Positive, 50, "Square metres") },
 *   outputs: { rent: Rent },
 *   run: ({ line: { slope, intercept } }, { area }) => Effect.succeed({ rent: { rent: intercept + slope * area } })
 * })
 *
 * const fitting = Pipeline.make({
 *   name: "rents",
 *   description: "What a square metre costs",
 *   params: { ...rentsFile.params, ...readRents.params },
 *   build: (params) => ({ line: fitLine({ rents: readRents({ file: rentsFile(params) }, params).rents }).line })
 * })
 *
 * export const rents = Pipeline.withUse(fitting, {
 *   name: "guess",
 *   description: "What a flat of some size may cost",
 *   params: guessRent.params,
 *   build: (params, { line }) => ({ rent: guessRent({ line }, params).rent })
 * })
 */
export const withUse = <P extends Params, O, E, R, S, const U extends Params, O2, W extends Results = Results>(
  pipeline: Pipeline<P, O, E, R, S>,
  use: {
    readonly name: string
    readonly description: string
    /** Beside those of the pipeline. */
    readonly params: U
    readonly reads?: (params: Values<P>) => W
    readonly settings?: (read: { readonly [K in keyof W]: Stored }) => Partial<Values<U>>
    readonly build: (params: Values<P & U>, results: O) => Verdict.Results<O2>
  }
): Pipeline<P, O, E | ErrorOf<O2>, R | RequirementOf<O2>, S | PlanningOf<O2>> => {
  const { name, params, reads = () => ({}), settings = () => ({}) } = use
  const whole = `${pipeline.name}.${name}`
  const shared = Object.keys(params).find((own) => own in pipeline.params)
  if (shared !== undefined || pipeline.uses.some((other) => other.use === name))
    throw new DefinitionInvalid({
      what:
        shared === undefined
          ? `Pipeline "${pipeline.name}" has two uses called "${name}"`
          : `The use "${name}" of "${pipeline.name}" has a parameter "${shared}", as the pipeline has`,
      expected: "names of its own",
      fix: "Rename one of them."
    })
  const made = make({
    name: whole,
    description: use.description,
    params: { ...pipeline.params, ...params },
    build: (values: Values<P & U>) => use.build(values, pipeline.build(values)) as Verdict.Results<Results>
  })
  const added = { ...made, use: name, own: Object.keys(params), reads, settings }
  // what the use needs is told by the types of its own results
  return {
    ...pipeline,
    definitions: new Set([...pipeline.definitions, ...made.definitions]),
    uses: [...pipeline.uses, added]
  } as unknown as Pipeline<P, O, E | ErrorOf<O2>, R | RequirementOf<O2>, S | PlanningOf<O2>>
}

/** The pipeline of a name among these and their uses; undefined where there is none. */
export const named = (pipelines: ReadonlyArray<AnyPipeline>, name: string): AnyPipeline | undefined =>
  pipelines.find((pipeline) => pipeline.name === name) ??
  pipelines.flatMap(({ uses }) => uses).find((use) => use.name === name)

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

/** The default values of parameters. */
export const defaults = (params: Params) =>
  Object.fromEntries(Object.entries(params).map(([name, param]) => [name, param.default]))

/** The graph of the defaults, once everything about the pipeline's parameters is found to be in order. */
const checkedGraph = (pipeline: Omit<AnyPipeline, "definitions" | "uses">): Graph.Graph => {
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

/** Decodes values of a pipeline's parameters. Those that are not given take their defaults. */
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
    // its schema would leave it out, and let a stage see what no key holds
    if (BoundedJson.namesPrototype(value))
      return Either.left(
        new ParamInvalid({
          name,
          found: String(JSON.stringify(value)),
          expected: "no field called __proto__",
          fix: suggestion(name, param)
        })
      )
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

/** The values of all of a pipeline's parameters: what is given of them, and is in order, else the default, as where `undefined` is. */
export const fillParams = (
  pipeline: Pick<AnyPipeline, "name" | "params">,
  given: Readonly<Record<string, unknown>>
): Either.Either<Readonly<Record<string, unknown>>, ParamInvalid> => {
  const encoded: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    const param = pipeline.params[name]
    // what cannot be encoded is refused as it is
    encoded[name] =
      param === undefined || BoundedJson.namesPrototype(value)
        ? value
        : Either.getOrElse(Schema.encodeUnknownEither(param.schema)(value), () => value)
  }
  return decodeParams(pipeline, encoded)
}

/** Encodes values of a pipeline's parameters to JSON, in the order in which it declares them. */
export const encodeParams = (
  pipeline: AnyPipeline,
  values: Readonly<Record<string, unknown>>
): Readonly<Record<string, unknown>> => encode(pipeline.params, values)

/** The graph of nodes that a pipeline has at some values of its parameters. */
export const graph = (pipeline: AnyPipeline, values: Readonly<Record<string, unknown>>): Graph.Graph =>
  Graph.make(pipeline, encodeParams(pipeline, values), pipeline.build(values))
