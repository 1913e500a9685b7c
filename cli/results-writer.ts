import { randomBytes } from "node:crypto"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect, Layer } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import { storeFailed } from "../cache/disk.ts"
import { ObjectStore } from "../cache/ObjectStore.ts"
import { type Result, ResultsWriter } from "../engine/Results.ts"
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

const INDEX = ".results.json"

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

/** Puts `aside` in the place of `target`, also when another process does the same at this moment. */
const swapIn = async (aside: string, target: string): Promise<void> => {
  const old = `${aside}.old`
  for (let tries = 0; ; tries++) {
    await fs.rename(target, old).catch(() => undefined)
    try {
      await fs.rename(aside, target)
      break
    } catch (cause) {
      const { code } = cause as { readonly code?: string }
      if (tries > 50 || (code !== "ENOTEMPTY" && code !== "EEXIST")) throw cause
      await fs.rm(old, { recursive: true, force: true })
    }
  }
  await fs.rm(old, { recursive: true, force: true })
}

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
        const index = JSON.stringify(files.map(({ file, object }) => [file, object]))
        if (yield* Effect.promise(() => isUpToDate(target, index, files))) return
        const aside = path.join(root, `.${pipeline}-${process.pid}-${randomBytes(4).toString("hex")}`)
        const io = <A>(file: string, run: () => Promise<A>) =>
          Effect.tryPromise({ try: run, catch: (cause) => storeFailed("Writing results to", file, cause) })
        yield* Effect.gen(function* () {
          yield* io(aside, () => fs.mkdir(aside, { recursive: true }))
          for (const { file, object } of files) {
            const bytes = yield* store.get(object)
            const to = path.join(aside, file)
            yield* io(to, () => fs.mkdir(path.dirname(to), { recursive: true }).then(() => fs.writeFile(to, bytes)))
          }
          yield* io(aside, () => fs.writeFile(path.join(aside, INDEX), index))
          yield* io(target, () => swapIn(aside, target))
        }).pipe(Effect.ensuring(Effect.promise(() => fs.rm(aside, { recursive: true, force: true }))))
      })
    return { write }
  })
)
