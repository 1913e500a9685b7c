import * as path from "node:path"
import { Effect } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import * as Contents from "../Contents.ts"
import { noteOf } from "./Note.ts"

/** A file of a store, whose place tells that it is of this kind. */
export type Placed<Tag extends Contents.Content["_tag"]> = Omit<Contents.Lying, "content"> & {
  readonly content: Extract<Contents.Content, { readonly _tag: Tag }>
}

/** What lies in a store, as far as verifying looks at it. */
export interface There {
  readonly objects: ReadonlyMap<Digest.Digest, Placed<"Object">>
  readonly traces: ReadonlyArray<Placed<"Trace" | "ChunkTrace">>
  readonly records: ReadonlyArray<Placed<"Record">>
  /** All that may be noted beside them: see `Note.ts`. */
  readonly notes: ReadonlyArray<Contents.Lying>
  readonly quarantine: {
    readonly files: number
    readonly bytes: number
    readonly objects: ReadonlySet<Digest.Digest>
  }
}

const is = <Tag extends Contents.Content["_tag"]>(
  lying: Contents.Lying,
  ...tags: ReadonlyArray<Tag>
): lying is Contents.Lying & Placed<Tag> => (tags as ReadonlyArray<string>).includes(lying.content._tag)

/** Walks through the store under `home`. Downloads and builds are left out: whoever uses them compares their digests. */
export const there = (home: string): Effect.Effect<There> =>
  Effect.gen(function* () {
    const objects = new Map<Digest.Digest, Placed<"Object">>()
    const traces: Array<Placed<"Trace" | "ChunkTrace">> = []
    const records: Array<Placed<"Record">> = []
    const notes: Array<Contents.Lying> = []
    const quarantined = new Set<Digest.Digest>()
    let [files, bytes] = [0, 0]
    const look = (lying: Contents.Lying) => {
      if (is(lying, "Object")) objects.set(lying.content.object, lying)
      else if (is(lying, "Trace", "ChunkTrace")) traces.push(lying)
      else if (is(lying, "Record")) records.push(lying)
      else if (is(lying, "Quarantined")) {
        files += 1
        bytes += lying.bytes
        const name = path.basename(lying.file)
        if (Digest.is(name)) quarantined.add(name)
      } else if (noteOf(lying) !== null) notes.push(lying)
    }
    yield* Contents.walk(home, (folder) => Effect.sync(() => folder.forEach(look)))
    return { objects, traces, records, notes, quarantine: { files, bytes, objects: quarantined } }
  })
