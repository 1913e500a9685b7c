import { Effect, Stream } from "effect"
import type { Artifact, ArtifactUnreadable, Stored, StoredPart } from "../artifacts/Artifact.ts"
import type { Verified } from "../artifacts/Verified.ts"
import { ObjectStore, type ReadFailure, readPart } from "../cache/ObjectStore.ts"
import type * as Basis from "../engine/Kind.ts"
import type { Exported, Found, Kind, ResultFile } from "./Kind.ts"

/** Names the files of a result after it, each with what follows the first dot of its part: `curves.vl.json`, `curves.png`. */
export const besideEachOther = (result: string, { parts }: Stored): ReadonlyArray<ResultFile> =>
  parts.map(({ name, object, bytes }) => ({ file: `${result}${name.slice(name.indexOf("."))}`, object, bytes }))

/** Lays the files of a result into a folder of its name, each under the name of its part: `model/model.json`, `model/weights.bin`. */
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
 * Makes a kind. The first argument is what every run must know of it: its name, and what differs from a result that is no picture
 * and has no value. The second has what is to differ from a kind of which nothing is known but its bytes, which are listed, and
 * exported as they are.
 *
 * @example
 * const scene = Kind.make(
 *   { name: "scene" },
 *   { inspect: ({ stored }) => Effect.succeed({ blocks: [`${stored.parts.length} files`], details: {} }) }
 * )
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

/** Reads the bytes of a part, which are hashed on the way. */
export const read = (part: StoredPart): Effect.Effect<Verified, ReadFailure, ObjectStore> =>
  Effect.flatMap(ObjectStore, (store) => readPart(store)(part))

/** Reads a stored artifact as the value that a stage is given of it. */
export const decode = <Out>(
  artifact: Pick<Artifact<string, never, Out>, "decode">,
  stored: Stored
): Effect.Effect<Out, ReadFailure | ArtifactUnreadable, ObjectStore> =>
  Effect.flatMap(ObjectStore, (store) => artifact.decode(stored, readPart(store)))
