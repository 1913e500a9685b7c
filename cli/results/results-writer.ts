import * as path from "node:path"
import { Effect, Layer, Schema, Stream } from "effect"
import type { Stored } from "../../artifacts/Artifact.ts"
import * as BoundedFile from "../../artifacts/BoundedFile.ts"
import * as BoundedJson from "../../artifacts/BoundedJson.ts"
import * as Disk from "../../cache/disk.ts"
import { MOST_OBJECT_BYTES, ObjectStore, StoreFailed } from "../../cache/ObjectStore.ts"
import { type Result, ResultsWriter } from "../../engine/Results.ts"
import type { ResultFile } from "../../kinds/Kind.ts"
import { Kinds, kindOf } from "../../kinds/Kinds.ts"
import { Place } from "../../project/Place.ts"
import { buildFolder, indexOf } from "./build-folder.ts"

type StoredObject = Stored["parts"][number]["object"]

export const unwritable = (file: string, cause: unknown): StoreFailed =>
  new StoreFailed({
    what: `The results cannot be written: ${file} (${Disk.causeText(cause)})`,
    expected: "a folder that you may write to, with room",
    fix: "Correct its permissions or free some space, or let PIPELINE_RESULTS name another folder; what was computed is kept."
  })

export const INDEX = ".results.json"

type Files = ReadonlyArray<ResultFile>

/** The files of results, each a copy of an object. */
const filesOf = (results: ReadonlyArray<Pick<Result, "name" | "stored">>): Effect.Effect<Files, never, Kinds> =>
  Effect.map(Kinds, (kinds) => results.flatMap(({ name, stored }) => kindOf(kinds, stored).files(name, stored)))

const indexFor = (files: Files): string => indexOf(files.map(({ file, object }) => ({ file, digest: object })))

/** A name and a digest for each part: room for a table of some hundred thousand chunks. */
const MOST_INDEX_BYTES = 64 * 1024 * 1024

const readIndex = async (directory: string): Promise<string> =>
  (await BoundedFile.readLarge(path.join(directory, INDEX), MOST_INDEX_BYTES)).toString("utf8")

/** Whether the folder's files are these results': another run's may have been swapped in since. */
export const holds = (
  directory: string,
  results: ReadonlyArray<Pick<Result, "name" | "stored">>
): Effect.Effect<boolean, never, Kinds> =>
  Effect.flatMap(filesOf(results), (files) =>
    Effect.promise(async () => (await readIndex(directory).catch(() => null)) === indexFor(files))
  )

/**
 * Whether the folder holds these files already: all of them are hashed, for one that was damaged may have kept its size
 * and its times.
 */
const isUpToDate = (directory: string, index: string, files: Files): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    if ((yield* Effect.tryPromise(() => readIndex(directory))) !== index) return false
    for (const { file, bytes, object } of files)
      if ((yield* Disk.digestIfThere(path.join(directory, file), bytes)) !== object) return false
    return true
  }).pipe(Effect.orElseSucceed(() => false))

const Index = BoundedJson.schema(Schema.Array(Schema.Tuple(Schema.String, Schema.String)))

/** Where the last finished run put a copy of an object, if it is still that; what people open has an extension. */
export const placed = (directory: string, object: StoredObject): Effect.Effect<string | null> =>
  Effect.gen(function* () {
    const text = yield* Effect.tryPromise(() => readIndex(directory))
    const [name = ""] = (yield* Schema.decode(Index)(text)).find(([, each]) => each === object) ?? []
    const file = path.join(directory, name)
    return (yield* Disk.digestIfThere(file, MOST_OBJECT_BYTES)) === object ? file : null
  }).pipe(Effect.orElseSucceed(() => null))

/** Copies a run's results to `results/<pipeline>/`: built aside and swapped in, left alone when nothing changed. */
export const layer: Layer.Layer<ResultsWriter, never, Place | ObjectStore | Kinds> = Layer.effect(
  ResultsWriter,
  Effect.gen(function* () {
    const { results: root } = yield* Place
    const store = yield* ObjectStore
    const kinds = yield* Kinds
    const write = (pipeline: string, results: ReadonlyArray<Result>) =>
      Effect.gen(function* () {
        const target = path.join(root, pipeline)
        const files = yield* Effect.provideService(filesOf(results), Kinds, kinds)
        const index = indexFor(files)
        if (yield* isUpToDate(target, index, files)) return
        const copies = files.map(({ file, object }) => ({ file, bytes: Stream.fromEffect(store.get(object)) }))
        yield* buildFolder(target, INDEX, copies, unwritable)
      })
    return { write }
  })
)
