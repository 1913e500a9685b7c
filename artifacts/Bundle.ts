import { Effect } from "effect"
import { type Artifact, ArtifactUnreadable, id, type Kind } from "./Artifact.ts"
import * as Digest from "./Digest.ts"

/** An artifact of a fixed set of named files, such as a model's topology and weights. Content: the names and digests. */
export const make = <const Name extends string, const Files extends ReadonlyArray<string>>(
  name: Name,
  version: number,
  kind: Kind,
  files: Files
): Artifact<Name, Readonly<Record<Files[number], Uint8Array>>> => {
  const artifact = id({ name, version })
  return {
    name,
    version,
    kind,
    encode: (value, write) =>
      Effect.gen(function* () {
        const parts = yield* Effect.forEach(files, (file) =>
          Effect.gen(function* () {
            const bytes = value[file as Files[number]]
            const object = yield* write(bytes)
            return { name: file, object, bytes: bytes.length, rows: null, content: object }
          })
        )
        const content = Digest.ofBytes(JSON.stringify(parts.map((part) => [part.name, part.object])))
        const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
        return { artifact, kind, content, rows: null, bytes, parts, header: null }
      }),
    decode: (stored, read) =>
      Effect.gen(function* () {
        const value: Partial<Record<string, Uint8Array>> = {}
        for (const file of files) {
          const part = stored.parts.find((candidate) => candidate.name === file)
          if (part === undefined) {
            return yield* new ArtifactUnreadable({ artifact, object: stored.content, what: `it has no ${file}` })
          }
          value[file] = yield* read(part)
        }
        return value as Readonly<Record<Files[number], Uint8Array>>
      })
  }
}
