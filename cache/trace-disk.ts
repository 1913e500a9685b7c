import * as path from "node:path"
import { Effect, Layer, Schema } from "effect"
import * as Digest from "../artifacts/Digest.ts"
import * as Disk from "./disk.ts"
import type { Key } from "./Key.ts"
import { ChunkTrace, type Lookup, newestFirst, Trace, TraceStore } from "./Trace.ts"

/** A text file whose first line is the sha256 of the rest, so that a cut or changed one is told from a whole one. */
export const seal = (text: string): Uint8Array => new TextEncoder().encode(`${Digest.ofBytes(text)}\n${text}`)

/** The text, or null where it is not what was sealed. */
export const unseal = (bytes: Uint8Array): string | null => {
  const text = new TextDecoder().decode(bytes)
  const end = text.indexOf("\n")
  const body = text.slice(end + 1)
  return end > 0 && Digest.ofBytes(body) === text.slice(0, end) ? body : null
}

/** Traces as sealed JSON files `traces/<stage>/<key>.json`; those of chunks in `traces/<stage>/chunks/`. */
export const layerDisk = (home: string): Layer.Layer<TraceStore> =>
  Layer.sync(TraceStore, () => {
    const root = path.join(home, "traces")
    const fileOf = (stage: string, key: Key) => path.join(root, stage, `${key}.json`)
    const chunkOf = (stage: string, key: Key) => path.join(root, stage, "chunks", `${key}.json`)

    const look = <A extends { readonly key: Key }, I>(
      schema: Schema.Schema<A, I>,
      file: string
    ): Effect.Effect<Lookup<A>> =>
      Effect.gen(function* () {
        const bytes = yield* Disk.readIfThere(file)
        if (bytes === null) return { _tag: "Absent" as const }
        const text = unseal(bytes)
        if (text === null) return { _tag: "Unreadable" as const, what: "its bytes were damaged" }
        const trace = yield* Schema.decode(Schema.parseJson(schema))(text)
        // a file that was moved or copied speaks of another key
        if (!file.endsWith(`${trace.key}.json`))
          return { _tag: "Unreadable" as const, what: "it belongs to another key" }
        return { _tag: "Hit" as const, trace }
      }).pipe(Effect.catchAll((error) => Effect.succeed({ _tag: "Unreadable" as const, what: error.message })))

    const write = <A, I>(schema: Schema.Schema<A, I>, file: string, trace: A) =>
      Effect.flatMap(Effect.orDie(Schema.encode(Schema.parseJson(schema))(trace)), (text) =>
        Disk.publish(file, seal(text))
      )

    const ofStage = (stage: string) =>
      Effect.gen(function* () {
        const names = (yield* Disk.listIfThere(path.join(root, stage))).filter((name) => name.endsWith(".json"))
        const found = yield* Effect.forEach(names, (name) => look(Trace, path.join(root, stage, name)), {
          concurrency: 16
        })
        return newestFirst(found.flatMap((one) => (one._tag === "Hit" ? [one.trace] : [])))
      })

    return {
      get: (stage, key) => look(Trace, fileOf(stage, key)),
      put: (trace) => write(Trace, fileOf(trace.text.stage, trace.key), trace),
      remove: (stage, key) => Disk.removeIfThere(fileOf(stage, key)),
      ofStage,
      keysOf: (stage) =>
        Effect.map(
          Disk.listIfThere(path.join(root, stage)),
          (names) => new Set(names.map((name) => path.basename(name, ".json")))
        ),
      stages: Effect.map(Disk.listIfThere(root), (names) => [...names].sort()),
      getChunk: (stage, key) => look(ChunkTrace, chunkOf(stage, key)),
      putChunk: (trace) => write(ChunkTrace, chunkOf(trace.stage, trace.key), trace)
    }
  })
