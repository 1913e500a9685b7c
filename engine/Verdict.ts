import type { Effect } from "effect"
import type { TableArtifact } from "../artifacts/ArrowTable.ts"
import type { AnyArtifact } from "../artifacts/Artifact.ts"
import type { Columns } from "../artifacts/Column.ts"
import type { Iteration } from "./Iteration.ts"
import type { AnyWire, Many, Wire } from "./Node.ts"
import type { Params } from "./Param.ts"
import type { AnyPipeline } from "./Pipeline.ts"

// What `tsc` tells whoever defines or wires something wrongly. A verdict on what was found is that itself where it is right,
// and a sentence where it is wrong: `tsc` writes that what was found is not assignable to the sentence. Where it is a
// structure that differs, the sentence stands beside what was expected, and `tsc` goes on to write where. Until something is
// found, which `tsc` takes for `never`, the verdict is what is expected: parameters and literals get their types from it.

/** A name as a part of a sentence; several names make several sentences. */
type Text<Name> = Name extends string ? Name : never

/** Whether there is nothing to judge: what never comes to be, any value, and names that are not known. */
type IsOpen<T> = [T] extends [never] ? true : 0 extends 1 & T ? true : string extends keyof T ? true : false

/** The names of `Expected` that `Found` lacks. */
type Missing<Found, Expected> = Exclude<keyof Expected, keyof Found>
/** The names under which both have something, and not the same. */
type Mistyped<Found, Expected> = {
  [K in keyof Expected & keyof Found]: Found[K] extends Expected[K] ? never : K
}[keyof Expected & keyof Found]

/** An effect as far as what it succeeds with is judged; its failures and services are judged apart. */
type Giving<A> = Effect.Effect<A, unknown, unknown>

type ErrorName<E> = E extends { readonly _tag: infer Tag extends string } ? Tag : "an error without a _tag"

/** On how `run` may fail. */
type Failing<E, Declared, Right> = [Exclude<E, Declared>] extends [never]
  ? Right
  : `run may fail with ${ErrorName<Exclude<E, Declared>>}, which is not declared: give errors its class, a Schema.TaggedError, or a Schema.Union of several.`

/** On outputs by name; `Whole` is what holds them where it is expected of `run`. */
type Yielding<Found, Expected, Whole, Right> = true extends IsOpen<Found> | IsOpen<Expected>
  ? Right
  : [Missing<Found, Expected>] extends [never]
    ? [Missing<Expected, Found>] extends [never]
      ? [Mistyped<Found, Expected>] extends [never]
        ? Right
        : Whole & `run yields for ${Text<Mistyped<Found, Expected>>} what its artifact is not made of.`
      : `run yields ${Text<Missing<Expected, Found>>}, which is not declared: add it to outputs, or leave it out.`
    : `run does not yield ${Text<Missing<Found, Expected>>}, which outputs declares.`

/** On what `run` of `Stage.make` returns. */
export type Making<Found, Expected, Declared> = [Found] extends [never]
  ? Giving<Expected>
  : Found extends Effect.Effect<infer A, infer E, infer _R>
    ? Yielding<A, Expected, Giving<Expected>, Failing<E, Declared, Found>>
    : "run returns no Effect: give Effect.succeed({ … }) of plain outputs, or Effect.gen(function* () { … })."

/** On what `run` of `Stage.iterate` returns. */
export type Iterating<Found, Expected, Declared> = [Found] extends [never]
  ? Giving<Iteration<Expected, Declared>>
  : Found extends Effect.Effect<infer A, infer E, infer _R>
    ? true extends IsOpen<A>
      ? Failing<E, Declared, Found>
      : A extends Iteration<infer Outputs, infer E2>
        ? Yielding<Outputs, Expected, Giving<Iteration<Expected, unknown>>, Failing<E | E2, Declared, Found>>
        : Giving<Iteration<Expected, unknown>> & "run gives no iteration, an Effect of { resume, step, save, finish }."
    : "run returns no Effect: give Effect.succeed({ resume, step, save, finish }), or Effect.gen(function* () { … })."

/** What the batch is where `tsc` looks at it before it knows the inputs: as long as `run` has no parameters. */
export type TooEarly = "Let run take its inputs, as in run: (_inputs) => …, so that the type of the batch is known."

/** A function of one batch as far as its batches are judged. */
type Mapping<In, Out> = (batch: In) => Giving<Out>

/** On what `run` of `Stage.rows` returns. */
export type MappingRows<Found, In, Out, Declared> = [Found] extends [never]
  ? Giving<Mapping<In, Out>>
  : Found extends Effect.Effect<infer A, infer E, infer _R>
    ? true extends IsOpen<In> | IsOpen<Out> | IsOpen<A>
      ? Failing<E, Declared, Found>
      : A extends (batch: infer Taken) => infer Made
        ? In extends Taken
          ? MappingBatch<Made, Out, Giving<Mapping<In, Out>>, Declared, Failing<E, Declared, Found>>
          : [Taken] extends [TooEarly]
            ? TooEarly
            : Giving<Mapping<In, Out>> & "The function of one batch takes another batch than over has."
        : "run gives no function of one batch: return Effect.succeed((batch) => …), which is called for batch after batch."
    : "run returns no Effect: give Effect.succeed((batch) => …), the function that is called for batch after batch."

/** On what the function of one batch returns. */
type MappingBatch<Found, Out, Whole, Declared, Right> =
  Found extends Effect.Effect<infer A, infer E, infer R>
    ? [R] extends [never]
      ? [A] extends [Out]
        ? Failing<E, Declared, Right>
        : Whole & "The function of one batch makes other columns than the output has."
      : "The function of one batch needs a service: take it in run, which has it once for all batches."
    : "The function of one batch returns no Effect: give Effect.succeed({ rows, columns }), or see Stage.map for plain functions."

/** On what `run` of `Stage.map` returns. */
export type MappingRow<Found, Expected> = [Found] extends [never]
  ? Expected
  : Found extends Effect.Effect<unknown, unknown, unknown>
    ? "run returns an Effect: Stage.map takes plain functions of a row, Stage.rows those with effects."
    : Found extends PromiseLike<unknown>
      ? "run returns a Promise: Stage.map takes functions that return the row itself, Stage.rows those with effects."
      : true extends IsOpen<Found> | IsOpen<Expected>
        ? Found
        : [Missing<Found, Expected>] extends [never]
          ? [Missing<Expected, Found>] extends [never]
            ? [Mistyped<Found, Expected>] extends [never]
              ? Found
              : Expected &
                  `run makes for ${Text<Mistyped<Found, Expected>>} what the column of the output does not hold.`
            : `run makes ${Text<Missing<Expected, Found>>}, which is no column of the output.`
          : `run does not make ${Text<Missing<Found, Expected>>}, a column of the output.`

type Tables<I> = { [K in keyof I]: I[K] extends TableArtifact<string, Columns> ? Text<K> : never }[keyof I]

/** On the name of the input whose rows are mapped. */
export type Over<I, Name> =
  Name extends Tables<I>
    ? Name
    : [Tables<I>] extends [never]
      ? "over names an input that is a table, and there is none: Stage.make takes all other artifacts."
      : `over names an input that is a table, such as ${Tables<I>}.`

type IsSeveral<T, All = T> = T extends unknown ? ([All] extends [T] ? false : true) : never

/** On the inputs or outputs of a stage of rows that must be one table, which is what `Subject` says. */
export type OneTable<Found, Subject extends string> =
  true extends IsSeveral<keyof Found>
    ? `${Subject} is one table, and these are several: Stage.make takes and yields as many artifacts as it declares.`
    : Found extends Readonly<Record<string, TableArtifact<string, Columns>>>
      ? Found
      : `${Subject} is a table, made by ArrowTable.make: Stage.make takes and yields all other artifacts.`

type Numbers<P extends Params> = { [K in keyof P]: P[K]["default"] extends number ? Text<K> : never }[keyof P]

/** On the name of the parameter that counts steps. */
export type Steps<P extends Params, Name> =
  Name extends Numbers<P>
    ? Name
    : [Numbers<P>] extends [never]
      ? "steps names a parameter that is a whole number, and there is none."
      : `steps names a parameter that is a whole number, such as ${Numbers<P>}.`

type WireOf<A extends AnyArtifact> = Wire<A, unknown, unknown, unknown>

/** On what stands for one wire and is none. */
type NoWire<Name, Found> =
  Found extends ReadonlyArray<unknown>
    ? `${Text<Name>} takes one wire, not a list of them.`
    : Found extends AnyArtifact
      ? `${Text<Name>} takes a wire, an output of a stage, not the artifact itself.`
      : Found extends Readonly<Record<string, AnyWire>>
        ? `${Text<Name>} takes one wire, not all outputs of a stage: name it, as in .${Text<keyof Found>}`
        : `${Text<Name>} takes a wire, an output of a stage or a source.`

type Mismatch<Name extends string, Wanted extends string, Given extends string> = [Given] extends [Wanted]
  ? `${Name} takes ${Wanted} with other columns, or with cells of another shape.`
  : `${Name} takes ${Wanted}, and is given ${Given}.`

/** On one wire. */
type Wiring<Name, A extends AnyArtifact, Found> =
  Found extends WireOf<A>
    ? Found
    : Found extends Wire<infer Given, unknown, unknown, unknown>
      ? WireOf<A> & Mismatch<Text<Name>, A["name"], Given["name"]>
      : NoWire<Name, Found>

/** On a list of wires. */
type Wirings<Name, A extends AnyArtifact, Found> = { readonly [At in keyof Found]: Wiring<Name, A, Found[At]> }

/** On what a stage is given. */
export type Wires<I, Found> = Found extends AnyWire
  ? "A stage is given its inputs by name, as in { images }, not one wire."
  : {
      readonly [K in keyof Found]: K extends keyof I
        ? I[K] extends Many<infer A extends AnyArtifact>
          ? Found[K] extends ReadonlyArray<unknown>
            ? Wirings<K, A, Found[K]>
            : `${Text<K>} takes a list of wires: [${Text<K>}].`
          : I[K] extends AnyArtifact
            ? Wiring<K, I[K], Found[K]>
            : never
        : `The stage has no input ${Text<K>}.`
    }

/** On what a stage is not given. */
export type Lacking<I, Found> = { readonly [K in Missing<Found, I>]: `The stage needs the input ${Text<K>}.` }

/** On the results of a pipeline. */
export type Results<Found> = Found extends AnyWire
  ? "build returns results by name, as in { images: … }, not one wire."
  : { readonly [K in keyof Found]: Found[K] extends AnyWire ? Found[K] : NoWire<K, Found[K]> }

type ServiceName<R> = R extends { readonly Id: infer Id extends string } ? Id : "a service"

/** On the pipelines of a project by their files' names: whether its layers give what they need to run, `R`, and to be planned, `S`. */
export type Served<Found, R, S> = {
  readonly [K in keyof Found]: Found[K] extends AnyPipeline<R, S>
    ? Found[K]
    : Found[K] extends AnyPipeline<infer Runs, infer Plans>
      ? [Exclude<Runs, R>] extends [never]
        ? `${Text<K>} needs ${ServiceName<Exclude<Plans, S>>} to be planned, which no layer gives: give one in headrace.config.ts, as in planning: Live.`
        : `${Text<K>} needs ${ServiceName<Exclude<Runs, R>>} to run, which no layer gives: give one in headrace.config.ts, as in layer: async () => Live.`
      : `${Text<K>} is no pipeline: export what Pipeline.make gives.`
}
