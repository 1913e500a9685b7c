import { Context, type Effect } from "effect"
import type { Files, FilesArtifact } from "../artifacts/Files.ts"
import * as Node from "./Node.ts"
import type { Params, Values } from "./Param.ts"

/** Whether better editions that were out of reach last time are tried again: `--refresh`. */
export class Refresh extends Context.Reference<Refresh>()("headrace/Refresh", { defaultValue: () => false }) {}

/** A use of what comes from outside; only the digest of its bytes enters a key. */
export interface Source<A extends FilesArtifact<string>, P extends Params, S> {
  (params?: Partial<Values<P>>): Node.Wire<A, never, never, S>
  readonly params: P
}

/** `resolve` runs while a run is planned, in the process of the command; it hashes what it finds. */
// biome-ignore lint/complexity/noBannedTypes: no parameters
export const make = <A extends FilesArtifact<string>, S, E, const P extends Params = {}>(definition: {
  readonly name: string
  readonly artifact: A
  readonly params?: P
  readonly resolve: (params: Values<P>) => Effect.Effect<Files, E, S>
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
