import type { Effect, Schema } from "effect"
import type { AnyArtifact } from "../artifacts/Artifact.ts"
import type { Checkpoint } from "../artifacts/Checkpoint.ts"
import type { Expected, Files } from "../artifacts/Files.ts"
import type { Limits } from "./Limits.ts"
import * as Param from "./Param.ts"

/** The stage takes a list of the artifact. */
export interface Many<A> {
  readonly _tag: "Many"
  readonly artifact: A
}
export type InputSpec = AnyArtifact | Many<AnyArtifact>

export const isMany = (input: InputSpec): input is Many<AnyArtifact> => "_tag" in input

/**
 * How much of the machine a node takes while it runs: one core, all of them, or all of them though not all the time, so
 * that it takes two to keep the machine busy.
 */
export type Share = "core" | "half" | "machine"

/** How many of so many cores a node is counted for; none where the machines that compute it count theirs. */
export const coresOf = (share: Share, cores: number | null): number =>
  cores === null ? 0 : share === "machine" ? cores : share === "half" ? Math.ceil(cores / 2) : 1

/** The part of a machine of so many cores that a node is counted for; all of one whose cores are not known. */
export const partOf = (share: Share, cores: number | null): number =>
  cores === null ? 1 : coresOf(share, cores) / cores

/** How a stage gets to its outputs step by step. */
export interface Iterates {
  /** The parameter that counts the steps, such as `epochs`. */
  readonly steps: string
  readonly state: Checkpoint<string>
}

// biome-ignore-start lint/suspicious/noExplicitAny: the seam where a stage's types are forgotten; `Stage.make` checks them
/** A stage as the engine sees it. */
export interface StageDefinition {
  readonly _tag: "Stage"
  readonly name: string
  /** `whole` maps artifacts; the others map the record batches of input `over`, and are stored or streamed. */
  readonly keep: "whole" | "stored" | "streamed"
  readonly over: string | null
  /** Null for a stage that is done at once. */
  readonly iterates: Iterates | null
  readonly inputs: Readonly<Record<string, InputSpec>>
  readonly params: Param.Params
  readonly outputs: Readonly<Record<string, AnyArtifact>>
  readonly errors: Schema.Schema<any, any>
  readonly facts: (params: any) => Readonly<Record<string, Effect.Effect<unknown, any, any>>>
  readonly share: (params: any) => Share
  /** Null for a stage that declares none. */
  readonly limits: ((params: any) => Limits) | null
  /** How far numbers may be from those that are kept when it is computed again, and count as the same to an audit. */
  readonly tolerance: number
  /** Variables of the environment that it may read; its key holds the values of these, and the digests of secrets. */
  readonly environment: ReadonlyArray<string>
  readonly secrets: ReadonlyArray<string>
  readonly run: (inputs: any, params: any) => Effect.Effect<any, any, any>
}

/** A source as the engine sees it. */
export interface SourceDefinition {
  readonly _tag: "Source"
  readonly name: string
  readonly params: Param.Params
  readonly outputs: Readonly<Record<string, AnyArtifact>>
  readonly resolve: (params: any) => Effect.Effect<Files | Expected, any, any>
}
// biome-ignore-end lint/suspicious/noExplicitAny: end of the seam

export type Definition = StageDefinition | SourceDefinition

/** One use of a stage or source in a pipeline. Its outputs are the wires. */
export interface Node<D extends Definition = Definition> {
  readonly definition: D
  readonly inputs: Readonly<Record<string, AnyWire | ReadonlyArray<AnyWire>>>
  /** Every wire of the inputs. */
  readonly wires: ReadonlyArray<AnyWire>
  /** Every declared parameter, defaults filled in, decoded. */
  readonly params: Readonly<Record<string, unknown>>
  /** The same as the JSON that enters keys. */
  readonly encoded: Readonly<Record<string, unknown>>
  /** What the call gave, as it was given: the pipeline's parameters, or an object of its own. */
  readonly given: Readonly<Record<string, unknown>>
}

/**
 * An output of a node: the edge of the graph, as a variable. `E`, `R` and `S` add up along the wires: how the nodes
 * behind it can fail, what computing them needs, and what planning them needs (facts and sources).
 */
export interface Wire<out A extends AnyArtifact, out E, out R, out S> {
  readonly node: Node
  readonly output: string
  readonly artifact: A
  /** @internal */
  readonly [Types]?: () => readonly [E, R, S]
}
declare const Types: unique symbol
export type AnyWire = Wire<AnyArtifact, unknown, unknown, unknown>

/** One use of a definition. Throws `DefinitionInvalid` on a parameter that is refused. */
export const make = <D extends Definition>(definition: D, inputs: Node["inputs"], given: Node["given"]): Node<D> => {
  const params = Param.fill(definition.name, definition.params, given)
  return {
    definition,
    inputs,
    wires: Object.values(inputs).flat(),
    params,
    encoded: Param.encode(definition.params, params),
    given
  }
}
