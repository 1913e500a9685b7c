/**
 * Stages: the work of a pipeline. {@link make} maps whole artifacts, {@link map} rows by a plain function, {@link rows} batches of
 * rows by an effect, and {@link iterate} gets to its result step by step. A stage is defined at the top of a file of its own, which
 * has its name; its key holds the code of all that this file reaches by import.
 *
 * @module
 */
import { type Duration, Effect, Schema, type Scope } from "effect"
import type { TableArtifact } from "../artifacts/ArrowTable.ts"
import type { AnyArtifact } from "../artifacts/Artifact.ts"
import type { Checkpoint } from "../artifacts/Checkpoint.ts"
import type { Columns } from "../artifacts/Column.ts"
import * as Environment from "./Environment.ts"
import * as Limits from "./Limits.ts"
import { type AnyWire, type Many, make as makeNode, type Share, type StageDefinition, type Wire } from "./Node.ts"
import { DefinitionInvalid, type Params, type Values } from "./Param.ts"
import { batchwise, type Room, RowFailed, type RowFunction } from "./RowFunction.ts"
import type * as Given from "./StageValues.ts"
import type * as Verdict from "./Verdict.ts"

/**
 * An input that takes a list of artifacts, of any length.
 *
 * @example
 * const Rents = ArrowTable.make("Rents", 1, { area: "float64", rent: "float64" })
 * const Count = Document.make("Count", 1, Schema.Int)
 *
 * // in a pipeline: countAll({ cities: [berlin.rents, ...others.map(({ rents }) => rents)] })
 * export const countAll = Stage.make({
 *   name: "count-all",
 *   inputs: { cities: Stage.many(Rents) },
 *   outputs: { count: Count },
 *   run: ({ cities }) => Effect.succeed({ count: cities.reduce((sum, { rows }) => sum + rows, 0) })
 * })
 */
export const many = <A extends AnyArtifact>(artifact: A): Many<A> => ({ _tag: "Many", artifact })

/** How reading an input may fail beside the stage's own errors. The engine answers such a failure by computing the input again. */
export type InputFailure = Given.InputFailure

type Inputs = Given.Inputs
type Outputs = Given.Outputs

/** What functions that wire parts of pipelines take and give. */
export type { Wire } from "./Node.ts"

type OneOf<T> = T extends ReadonlyArray<infer W> ? W : T
type ErrorOf<W> = W extends Wire<AnyArtifact, infer E, unknown, unknown> ? E : never
type RequirementOf<W> = W extends Wire<AnyArtifact, unknown, infer R, unknown> ? R : never
type PlanningOf<W> = W extends Wire<AnyArtifact, unknown, unknown, infer S> ? S : never

/**
 * A stage as pipelines use it: a function that takes a wire for each input and the parameters that it is given, of which it takes those
 * that it declares, and gives a wire for each output.
 */
export interface Stage<I extends Inputs, P extends Params, O extends Outputs, E, R, S> {
  <const W>(
    inputs: Verdict.Wires<I, W> & Verdict.Lacking<I, NoInfer<W>>,
    params?: Partial<Values<P>>
  ): {
    readonly [K in keyof O]: Wire<
      O[K],
      E | { [K2 in keyof W]: ErrorOf<OneOf<W[K2]>> }[keyof W],
      R | { [K2 in keyof W]: RequirementOf<OneOf<W[K2]>> }[keyof W],
      S | { [K2 in keyof W]: PlanningOf<OneOf<W[K2]>> }[keyof W]
    >
  }
  readonly params: P
  readonly definition: StageDefinition
}

type Facts<S> = Readonly<Record<string, Effect.Effect<unknown, unknown, S>>>

/** What a stage of any kind declares. */
interface Declared<I extends Inputs, P extends Params, O extends Outputs, S> {
  /** The name of its file. */
  readonly name: string
  readonly inputs: I
  readonly params?: P
  readonly outputs: O
  /**
   * What of the machine may change the bytes, found out without loading a runtime; a function where it depends on params.
   * A fact that is named as a parameter stands for it in the key: what was chosen counts, not how it was asked for.
   */
  readonly facts?: Facts<S> | ((params: Values<P>) => Facts<S>)
  /**
   * The variables of the environment that `run` reads from `process.env`. Their values enter the key, null where one is not
   * set; reading any other fails the node.
   */
  readonly environment?: ReadonlyArray<string>
  /** More of them whose values nobody may see: their digests enter the key, and messages are told with `***` for them. */
  readonly secrets?: ReadonlyArray<string>
  /** Default: one core. A stage with a fact `threads` is computed by a process with so many native threads. */
  readonly share?: Share | ((params: Values<P>) => Share)
  /**
   * How long computing a node may take, such as `"10 minutes"`. One that takes longer fails by name, and its process is ended
   * with all that is not published: finished chunks and steps stay. No limit by default, or where a function gives null.
   */
  readonly timeout?: Limits.Declared<Values<P>, Duration.DurationInput>
  /**
   * How many bytes the process of a node may hold in memory, looked at once a second. A node that exceeds it fails by name.
   * It has a process of its own, as others leave memory behind, and may use all of it for JavaScript's objects.
   */
  readonly memory?: Limits.Declared<Values<P>, number>
  /**
   * How far the numbers of its results may be from those that are kept, when an audit (`run --audit`) computes them again, and count as
   * the same: `t · max(1, |a|, |b|)`. Default: 0, not at all. Hits are hits whatever it is.
   */
  readonly tolerance?: number
}

interface Common<I extends Inputs, P extends Params, O extends Outputs, Errors extends Schema.Schema.All, S>
  extends Declared<I, P, O, S> {
  /** How the stage may fail: a `Schema.TaggedError`, or a union of them. They are schemas as they cross from a worker to the command. */
  readonly errors?: Errors
}

/** The services that are left for others to provide. */
type Needs<Found> = Found extends Effect.Effect<unknown, unknown, infer R> ? Exclude<R, Scope.Scope> : never

const seam = (definition: StageDefinition): unknown => {
  checkDefinition(definition)
  const use = (inputs: Record<string, AnyWire | ReadonlyArray<AnyWire>>, given: Record<string, unknown> = {}) => {
    const node = makeNode(definition, inputs, given)
    const wires: Record<string, AnyWire> = {}
    for (const output in definition.outputs)
      wires[output] = { node, output, artifact: definition.outputs[output] as AnyArtifact }
    return wires
  }
  return Object.assign(use, { params: definition.params, definition })
}

const factsOf = <P extends Params, S>(facts: Common<Inputs, P, Outputs, Schema.Schema.All, S>["facts"]) =>
  typeof facts === "function" ? facts : () => facts ?? {}

const shareOf = <P extends Params>(
  share: Common<Inputs, P, Outputs, Schema.Schema.All, never>["share"]
): StageDefinition["share"] => (typeof share === "function" ? share : () => share ?? "core")

/** What every kind of stage has, its types forgotten. */
const shared = <I extends Inputs, P extends Params, O extends Outputs, S>(
  definition: Common<I, P, O, Schema.Schema.All, S> & { readonly run: (inputs: never, params: never) => unknown }
): Omit<StageDefinition, "keep" | "over" | "iterates"> => ({
  _tag: "Stage",
  name: definition.name,
  inputs: definition.inputs,
  params: definition.params ?? {},
  outputs: definition.outputs,
  errors: (definition.errors ?? Schema.Never) as StageDefinition["errors"],
  facts: factsOf(definition.facts),
  share: shareOf(definition.share),
  limits: Limits.of(definition),
  tolerance: definition.tolerance ?? 0,
  environment: definition.environment ?? [],
  secrets: definition.secrets ?? [],
  // a verdict is an effect where `tsc` lets it pass
  run: definition.run as StageDefinition["run"]
})

const checkDefinition = (definition: StageDefinition): void => {
  const { name, keep, over, iterates, inputs, params, outputs } = definition
  const fail = (what: string, expected: string, fix: string) => {
    throw new DefinitionInvalid({ what: `Stage "${name}" ${what}`, expected, fix })
  }
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    fail("is not named in kebab-case", "the name of its file", "Rename it.")
  const refusal = Environment.refusalOf(definition)
  if (refusal !== null) fail(...refusal)
  if (!(definition.tolerance >= 0 && definition.tolerance < Number.POSITIVE_INFINITY))
    fail(`declares the tolerance ${definition.tolerance}`, "a number from 0", "Correct it, or leave it out.")
  if (Object.keys(outputs).length === 0) fail("has no outputs", "at least one", "Declare what it produces.")
  if (iterates !== null && !Number.isInteger(params[iterates.steps]?.default))
    fail(`counts its steps by "${iterates.steps}"`, "a parameter that is a whole number", "Name one in `steps`.")
  if (keep === "whole") return
  if (keep === "streamed" && definition.limits !== null)
    fail(
      "is streamed and declares a timeout or memory",
      "them of the stages that it is streamed to",
      'Declare them there, or store what it makes: keep: "stored".'
    )
  const [output, ...more] = Object.values(outputs)
  if (output?.kind !== "table" || more.length > 0)
    fail("maps rows to other than one table", "one table output", "Use Stage.make for the rest.")
  const rows = over === null ? undefined : inputs[over]
  if (rows === undefined || "_tag" in rows || rows.kind !== "table")
    fail(`maps rows of "${over}"`, "the name of a table input", "Name one in `over`.")
}

/**
 * Makes a stage that maps whole artifacts: `run` is given the value of each input and the values of the parameters, and is an effect
 * of the value of each output. It must be a function of these alone. A definition that contradicts itself throws
 * `DefinitionInvalid` when its file is loaded.
 *
 * @example
 * const Rents = ArrowTable.make("Rents", 1, { area: "float64", rent: "float64" })
 * const Count = Document.make("Count", 1, Schema.Struct({ rows: Schema.Int }))
 * class TooFew extends Explained.TaggedError<TooFew>()("TooFew", { rows: Schema.Int }, ({ rows }) => ({
 *   what: `There are ${rows} rents`,
 *   expected: "more of them",
 *   fix: "Give another file."
 * })) {}
 *
 * export const countRows = Stage.make({
 *   name: "count-rows",
 *   inputs: { rents: Rents },
 *   params: { least: Param.make(Schema.Int, 1, "Fewer rows are an error") },
 *   outputs: { count: Count },
 *   errors: TooFew,
 *   run: ({ rents }, { least }) =>
 *     rents.rows < least ? new TooFew({ rows: rents.rows }) : Effect.succeed({ count: { rows: rents.rows } })
 * })
 */
export const make = <
  const I extends Inputs,
  const O extends Outputs,
  S = never,
  // biome-ignore lint/complexity/noBannedTypes: no parameters
  const P extends Params = {},
  Errors extends Schema.Schema.All = typeof Schema.Never,
  Found = never
>(
  definition: Common<I, P, O, Errors, S> & {
    readonly run: (
      inputs: Given.InputValues<I>,
      params: Values<P>
    ) => Verdict.Making<Found, Given.OutputValues<O, Errors>, Given.Failure<Errors>>
  }
): Stage<I, P, O, Schema.Schema.Type<Errors>, Needs<Found>, S> =>
  seam({ ...shared(definition), keep: "whole", over: null, iterates: null }) as Stage<
    I,
    P,
    O,
    Schema.Schema.Type<Errors>,
    Needs<Found>,
    S
  >

/**
 * Makes a stage that gets to its outputs step by step, such as a training by its epochs, so that more steps go on from fewer. `run`
 * gives an iteration with `resume`, `step`, `save` and `finish`. It does not see how many steps there will be, and a step must be a
 * function of the state before it and of its number alone. The newest state is kept. An iteration that tells by `isOver` that no further
 * step changes anything is not asked for more of them.
 */
export const iterate = <
  const I extends Inputs,
  const P extends Params,
  const Steps extends string,
  const O extends Outputs,
  S = never,
  Errors extends Schema.Schema.All = typeof Schema.Never,
  Found = never
>(
  definition: Common<I, P, O, Errors, S> & {
    readonly params: P
    /** The parameter that counts the steps, such as `epochs`: whole numbers from 1. */
    readonly steps: Verdict.Steps<P, Steps>
    readonly state: Checkpoint<string>
    readonly run: (
      inputs: Given.InputValues<I>,
      params: Omit<Values<P>, Steps>
    ) => Verdict.Iterating<Found, Given.OutputValues<O, Errors>, Given.Failure<Errors>>
  }
): Stage<I, P, O, Schema.Schema.Type<Errors>, Needs<Found>, S> =>
  seam({
    ...shared(definition),
    keep: "whole",
    over: null,
    iterates: { steps: definition.steps, state: definition.state }
  }) as Stage<I, P, O, Schema.Schema.Type<Errors>, Needs<Found>, S>

/**
 * Makes a stage that maps the batches of its input `over` to batches of its one output, row for row and in order. `run` is called once
 * for many batches, in a scope that outlives them, and gives the function of one batch: what is loaded there is loaded once. Rows
 * that are `stored` are cached chunk by chunk; those that are `streamed` are made where they are needed and never written.
 */
export const rows = <
  const I extends Inputs,
  const Over extends string,
  const O extends Outputs,
  S = never,
  // biome-ignore lint/complexity/noBannedTypes: no parameters
  const P extends Params = {},
  Errors extends Schema.Schema.All = typeof Schema.Never,
  Found = never
>(
  definition: Common<I, P, O, Errors, S> & {
    readonly keep: "stored" | "streamed"
    readonly over: Verdict.Over<I, Over>
    readonly outputs: Verdict.OneTable<O, "The output of Stage.rows">
    readonly run: (
      inputs: Given.InputValues<I, Over>,
      params: Values<P>
    ) => Verdict.MappingRows<Found, Given.BatchOf<I, Over>, Given.BatchOf<O>, Given.Failure<Errors>>
  }
): Stage<I, P, O, Schema.Schema.Type<Errors>, Needs<Found>, S> =>
  seam({ ...shared(definition), keep: definition.keep, over: definition.over, iterates: null }) as Stage<
    I,
    P,
    O,
    Schema.Schema.Type<Errors>,
    Needs<Found>,
    S
  >

type AnyTable = TableArtifact<string, Columns>
type AnyTables = Readonly<Record<string, AnyTable>>
interface AnyMap extends Declared<AnyTables, Params, AnyTables, never> {
  readonly keep?: "stored" | "streamed"
  readonly run: RowFunction<Values<Params>>
}

/**
 * Makes a stage that maps the rows of its one input, a table, by a plain function. `run` is given a row, such as `{ image, label }` of
 * the columns `image` and `label`, and returns a row of the output. A tensor is `{ shape, data }`, a view of its cell that must be
 * left as it is. What `run` throws fails the node, and names the row by its number. The rows are made where they are needed and
 * never written; `keep: "stored"` caches those that take longer to make than to read.
 *
 * @example
 * const Pixels = ArrowTable.make("Pixels", 1, { image: Column.tensor([32, 32, 3], "float32"), label: "int32" })
 *
 * export const invert = Stage.map({
 *   name: "invert",
 *   inputs: { pixels: Pixels },
 *   outputs: { inverted: Pixels },
 *   run: ({ image, label }) => ({ image: { shape: image.shape, data: image.data.map((value) => 1 - value) }, label })
 * })
 */
export const map = <
  const I extends Inputs,
  const O extends Outputs,
  S = never,
  // biome-ignore lint/complexity/noBannedTypes: no parameters
  const P extends Params = {},
  const Found = never
>(
  definition: Declared<I, P, O, S> & {
    readonly inputs: Verdict.OneTable<I, "The input of Stage.map">
    readonly outputs: Verdict.OneTable<O, "The output of Stage.map">
    /** Default: streamed. */
    readonly keep?: "stored" | "streamed"
    /** `room.image(shape)` is the cell of the row's `image` in the batch, of zeros: what is filled there is not copied. */
    readonly run: (
      row: Given.RowOf<I>,
      params: Values<P>,
      room: Room<Given.ColumnsOf<O>>
    ) => Verdict.MappingRow<Found, Given.RowOf<O>>
  }
): Stage<I, P, O, RowFailed, never, S> => {
  // the verdicts have passed: from here on the types are forgotten, as in `seam`
  const { run, ...declared } = definition as unknown as AnyMap
  const { name, inputs, outputs } = declared
  const [[over], [{ columns }]] = [Object.keys(inputs), Object.values(outputs)] as unknown as readonly [
    [string],
    [AnyTable]
  ]
  return rows({
    keep: "streamed",
    ...declared,
    over,
    errors: RowFailed,
    run: (_inputs, params) => Effect.succeed(batchwise(name, columns, run, params)) as never
  }) as unknown as Stage<I, P, O, RowFailed, never, S>
}
