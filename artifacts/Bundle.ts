/**
 * Artifacts that are a fixed set of named files, of a kind that a project defines itself: what a {@link Kind} of one's own mostly is
 * made of.
 *
 * @module
 */
import { Effect } from "effect"
import { type Artifact, ArtifactInvalid, ArtifactUnreadable, id, type StoredPart } from "./Artifact.ts"
import * as Digest from "./Digest.ts"

/** Which files a bundle has, by their names, and whether each of them may be missing. */
export type Layout = Readonly<Record<string, "needed" | "optional">>

/** The value of a bundle: the bytes of its files, by their names. */
export type Files<L extends Layout> = {
  readonly [Name in keyof L as L[Name] extends "needed" ? Name : never]: Uint8Array
} & {
  readonly [Name in keyof L as L[Name] extends "needed" ? never : Name]?: Uint8Array
}

/**
 * Declares an artifact that is a fixed set of named files, such as the topology and the weights of a model. `kind` is one that the
 * project registers. Its content is the names and digests of the files that are there.
 *
 * @example
 * const Scene = Bundle.make("Scene", 1, "scene", { "scene.gltf": "needed", "scene.bin": "optional" })
 */
export const make = <const Name extends string, const Kind extends string, const L extends Layout>(
  name: Name,
  version: number,
  kind: Kind,
  layout: L
): Artifact<Name, Files<L>> & { readonly kind: Kind } => {
  const artifact = id({ name, version })
  const files = Object.entries(layout)
  return {
    name,
    version,
    kind,
    encode: (value, write) =>
      Effect.gen(function* () {
        const given: Readonly<Record<string, Uint8Array | undefined>> = value
        const parts: Array<StoredPart> = []
        for (const [file, need] of files) {
          const bytes = given[file]
          if (bytes === undefined && need === "optional") continue
          if (bytes === undefined)
            return yield* new ArtifactInvalid({ artifact, what: `no bytes for ${file}`, expected: "a Uint8Array" })
          const object = yield* write(bytes)
          parts.push({ name: file, object, bytes: bytes.length, rows: null, content: object })
        }
        const content = Digest.ofBytes(JSON.stringify(parts.map((part) => [part.name, part.object])))
        const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
        return { artifact, kind, content, rows: null, bytes, parts, header: null }
      }),
    decode: (stored, read) =>
      Effect.gen(function* () {
        const value: Record<string, Uint8Array> = {}
        for (const [file, need] of files) {
          const part = stored.parts.find((candidate) => candidate.name === file)
          if (part === undefined && need === "optional") continue
          if (part === undefined)
            return yield* new ArtifactUnreadable({ artifact, object: stored.content, what: `it has no ${file}` })
          value[file] = yield* read(part)
        }
        return value as Files<L>
      })
  }
}
