import type { Schema } from "effect"
import type { Table, TableArtifact, TableSource } from "../artifacts/ArrowTable.ts"
import type { AnyArtifact, Artifact, ArtifactInvalid, ArtifactUnreadable, ValueOf } from "../artifacts/Artifact.ts"
import type { Batch, Columns, Row } from "../artifacts/Column.ts"
import type { ReadFailure } from "../cache/ObjectStore.ts"
import type { InputSpec, Many } from "./Node.ts"
import type { TooEarly } from "./Verdict.ts"

// What the function of a stage is given for the artifacts that it declares, and what it gives for them.

export type Inputs = Readonly<Record<string, InputSpec>>
export type Outputs = Readonly<Record<string, AnyArtifact>>

/** How reading an input may fail, beside the stage's own errors: the engine answers these by recomputing. */
export type InputFailure = ReadFailure | ArtifactUnreadable

/** How `run` may fail: as it declares, and as reading inputs and writing outputs may. */
export type Failure<Errors extends Schema.Schema.All> = Schema.Schema.Type<Errors> | InputFailure | ArtifactInvalid

type Given<A> = A extends TableArtifact<string, infer C> ? Table<C, InputFailure> : ValueOf<A>
type InputValue<I> = I extends Many<infer A> ? ReadonlyArray<Given<A>> : Given<I>

/** A table's stream may fail as the stage may. */
type OutputValue<A, E> =
  A extends TableArtifact<string, infer C>
    ? TableSource<C, E | InputFailure>
    : A extends Artifact<string, infer In, infer _Out>
      ? In
      : never

/** What `run` is given for its inputs, but for the one whose rows it maps. */
export type InputValues<I extends Inputs, Over = never> = {
  readonly [K in Exclude<keyof I, Over>]: InputValue<I[K]>
}

/** What `run` yields for its outputs. */
export type OutputValues<O extends Outputs, Errors extends Schema.Schema.All> = {
  readonly [K in keyof O]: OutputValue<O[K], Schema.Schema.Type<Errors>>
}

type TablesOf<A> = A extends TableArtifact<string, infer C extends Columns> ? C : never

/** The columns of a table among artifacts by name: of the one that is named, or of the only one. */
export type ColumnsOf<As, Name = keyof As> = TablesOf<As[Name & keyof As]>

/** A batch of such a table: a sentence where `tsc` knows no artifacts yet, anything where they have no such table. */
export type BatchOf<As, Name = keyof As> = string extends keyof As
  ? TooEarly
  : [ColumnsOf<As, Name>] extends [never]
    ? // biome-ignore lint/suspicious/noExplicitAny: the verdict on `over` or `outputs` tells what is wrong
      any
    : Batch<ColumnsOf<As, Name>>

/** A row of such a table. */
export type RowOf<As, Name = keyof As> = Row<ColumnsOf<As, Name>>
