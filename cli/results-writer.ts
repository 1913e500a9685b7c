import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect, Layer, Stream } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import * as Digest from "../artifacts/Digest.ts"
import { causeText } from "../cache/disk.ts"
import { ObjectStore, StoreFailed } from "../cache/ObjectStore.ts"
import { type Result, ResultsWriter } from "../engine/Results.ts"
import { buildFolder, indexOf } from "./build-folder.ts"
import { Place } from "./Place.ts"

/** File name in the results folder to the object that it is a copy of. */
export const filesOf = (
  name: string,
  { kind, parts }: Stored
): ReadonlyArray<{ readonly file: string; readonly object: StoredObject; readonly bytes: number }> =>
  parts.map((part) => ({
    file: kind === "model" ? path.join(name, part.name) : `${name}${part.name.slice(part.name.indexOf("."))}`,
    object: part.object,
    bytes: part.bytes
  }))
type StoredObject = Stored["parts"][number]["object"]

export const unwritable = (file: string, cause: unknown): StoreFailed =>
  new StoreFailed({
    what: `The results cannot be written: ${file} (${causeText(cause)})`,
    expected: "a folder that you may write to, with room",
    fix: "Correct its permissions or free some space, or let PIPELINE_RESULTS name another folder; what was computed is kept."
  })

export const INDEX = ".results.json"

type Files = ReturnType<typeof filesOf>
const indexFor = (files: Files): string => indexOf(files.map(({ file, object }) => ({ file, digest: object })))

/** Whether the folder's files are these results': another run's may have been swapped in since. */
export const holds = (
  directory: string,
  results: ReadonlyArray<Pick<Result, "name" | "stored">>
): Effect.Effect<boolean> =>
  Effect.promise(async () => {
    const index = indexFor(results.flatMap(({ name, stored }) => filesOf(name, stored)))
    return (await fs.readFile(path.join(directory, INDEX), "utf8").catch(() => null)) === index
  })

/** Whether the folder holds these files already, whole as far as their sizes tell. */
const isUpToDate = async (
  directory: string,
  index: string,
  files: ReadonlyArray<{ readonly file: string; readonly bytes: number }>
): Promise<boolean> => {
  try {
    if ((await fs.readFile(path.join(directory, INDEX), "utf8")) !== index) return false
    const stats = await Promise.all(files.map(({ file }) => fs.stat(path.join(directory, file))))
    return stats.every((stat, at) => stat.size === files[at]?.bytes)
  } catch {
    return false
  }
}

/** Where the last finished run put a copy of an object, if it is still that; what people open has an extension. */
export const placed = (directory: string, object: StoredObject): Effect.Effect<string | null> =>
  Effect.tryPromise(async () => {
    const index = JSON.parse(await fs.readFile(path.join(directory, INDEX), "utf8")) as ReadonlyArray<[string, string]>
    const [name = ""] = index.find(([, each]) => each === object) ?? []
    const file = path.join(directory, name)
    return Digest.ofBytes(await fs.readFile(file)) === object ? file : null
  }).pipe(Effect.orElseSucceed(() => null))

/** Copies a run's results to `results/<pipeline>/`: built aside and swapped in, left alone when nothing changed. */
export const layer: Layer.Layer<ResultsWriter, never, Place | ObjectStore> = Layer.effect(
  ResultsWriter,
  Effect.gen(function* () {
    const { results: root } = yield* Place
    const store = yield* ObjectStore
    const write = (pipeline: string, results: ReadonlyArray<Result>) =>
      Effect.gen(function* () {
        const target = path.join(root, pipeline)
        const files = results.flatMap(({ name, stored }) => filesOf(name, stored))
        const index = indexFor(files)
        if (yield* Effect.promise(() => isUpToDate(target, index, files))) return
        const copies = files.map(({ file, object }) => ({ file, bytes: Stream.fromEffect(store.get(object)) }))
        yield* buildFolder(target, INDEX, copies, unwritable)
      })
    return { write }
  })
)
