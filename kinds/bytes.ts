import { Effect, Stream } from "effect"
import type { Artifact, ArtifactUnreadable, Stored, StoredPart } from "../artifacts/Artifact.ts"
import type { Verified } from "../artifacts/Verified.ts"
import { ObjectStore, type ReadFailure, readPart } from "../cache/ObjectStore.ts"
import type * as Basis from "../engine/Kind.ts"
import type { Exported, Found, Kind, ResultFile } from "./Kind.ts"

/** A file a part under the result's name, with what follows the first dot of the part's: `curves.vl.json`, `curves.png`. */
export const besideEachOther = (result: string, { parts }: Stored): ReadonlyArray<ResultFile> =>
  parts.map(({ name, object, bytes }) => ({ file: `${result}${name.slice(name.indexOf("."))}`, object, bytes }))

/** A folder of the result's name, with a file a part under its own: `model/model.json`, `model/weights.bin`. */
export const inFolder = (result: string, { parts }: Stored): ReadonlyArray<ResultFile> =>
  parts.map(({ name, object, bytes }) => ({ file: `${result}/${name}`, object, bytes }))

/** What an export calls its files by. The trace that names the output may come from elsewhere: of a path the last name counts. */
export const nameOf = ({ output }: Pick<Found, "output">): string => output.slice(output.lastIndexOf("/") + 1)

/** The files as they are. */
const copies = (files: Kind["files"]) => (found: Found) =>
  Effect.map(
    ObjectStore,
    (store): Exported => ({
      files: files(nameOf(found), found.stored).map(({ file, object }) => ({
        file,
        bytes: Stream.fromEffect(store.get(object))
      })),
      notes: [],
      ways: [],
      details: {}
    })
  )

/**
 * A kind of which no more is known than what is given: its bytes are listed, copied to the results where it is one, which is
 * the default, and exported as they are.
 *
 * @example
 * Kind.make({ name: "scene" }, { inspect: () => Effect.succeed({ blocks: ["a scene"], details: {} }) })
 */
export const make = (
  basis: Pick<Basis.Kind, "name"> & Partial<Basis.Kind>,
  given: Partial<Omit<Kind, keyof Basis.Kind>> = {}
): Kind => {
  const files = given.files ?? besideEachOther
  return {
    isResult: true,
    isPicture: () => false,
    value: null,
    isPartial: false,
    inspect: () => Effect.succeed({ blocks: [], details: {} }),
    drawing: null,
    export: copies(files),
    ...given,
    ...basis,
    files
  }
}

/** The bytes of a part, hashed since they were read: what decoders of artifacts take. */
export const read = (part: StoredPart): Effect.Effect<Verified, ReadFailure, ObjectStore> =>
  Effect.flatMap(ObjectStore, (store) => readPart(store)(part))

/** What is stored as the value that stages are given. */
export const decode = <Out>(
  artifact: Pick<Artifact<string, never, Out>, "decode">,
  stored: Stored
): Effect.Effect<Out, ReadFailure | ArtifactUnreadable, ObjectStore> =>
  Effect.flatMap(ObjectStore, (store) => artifact.decode(stored, readPart(store)))
