/**
 * Sources: what comes from outside of a pipeline, such as a dataset or a file of weights. Only the digest of its bytes enters keys, never
 * where it lies or what it is called.
 *
 * @module
 */
import { Context, type Effect } from "effect"
import type { Expected, Files, FilesArtifact } from "../artifacts/Files.ts"
import * as Node from "./Node.ts"
import type { Params, Values } from "./Param.ts"

/** Whether a source looks again for better editions that were out of reach before. `--refresh` sets it. */
export class Refresh extends Context.Reference<Refresh>()("headrace/Refresh", { defaultValue: () => false }) {}

/** A source as pipelines use it: a function of the parameters that it is given, which gives the wire of its files. */
export interface Source<A extends FilesArtifact<string>, P extends Params, S> {
  (params?: Partial<Values<P>>): Node.Wire<A, never, never, S>
  readonly params: P
}

/**
 * Makes a source. `resolve` finds the files and their digest while a run is planned, in the process of the command, so that it must be
 * quick where nothing changed: `local` (`headrace/files`) remembers the digests of files. What takes long to get, and is known by its
 * digest before, is got when it is read: see `Files.Expected`.
 *
 * @example
 * import { local } from "headrace/files"
 *
 * const RentsFile = Files.make("RentsFile", 1)
 *
 * export const rentsFile = Source.make({
 *   name: "rents-file",
 *   artifact: RentsFile,
 *   params: { file: Param.make(Schema.NonEmptyString, "data/rents.csv", "A CSV with the columns area and rent") },
 *   resolve: ({ file }) => local(file)
 * })
 */
// biome-ignore lint/complexity/noBannedTypes: no parameters
export const make = <A extends FilesArtifact<string>, S, E, const P extends Params = {}>(definition: {
  readonly name: string
  readonly artifact: A
  readonly params?: P
  readonly resolve: (params: Values<P>) => Effect.Effect<Files | Expected, E, S>
}): Source<A, P, S> => {
  const params = definition.params ?? ({} as P)
  const source: Node.SourceDefinition = {
    _tag: "Source",
    name: definition.name,
    params,
    outputs: { files: definition.artifact },
    resolve: definition.resolve
  }
  const use = (given: Readonly<Record<string, unknown>> = {}): Node.AnyWire => ({
    node: Node.make(source, {}, given),
    output: "files",
    artifact: definition.artifact
  })
  return Object.assign(use, { params }) as unknown as Source<A, P, S>
}
