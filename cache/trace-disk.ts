import * as path from "node:path"
import { setImmediate } from "node:timers/promises"
import { Effect, Either, Layer } from "effect"
import { phrase } from "../artifacts/SchemaRefusal.ts"
import * as Disk from "./disk.ts"
import type { Key } from "./Key.ts"
import * as Seal from "./Seal.ts"
import { among, type Lookup, newestFirst, type Trace, TraceStore } from "./Trace.ts"
import { type Format, ofChunk, whole } from "./TraceFormat.ts"

/** So many traces are read one after the other before timers get their turn, which renew leases: each is read at once. */
const AT_ONCE = 256

/** A trace has some three hundred bytes for each chunk of its tables. */
const MOST_BYTES = 64 * 1024 * 1024

/** What a stage printed is cut long before. */
const MOST_PRINTED_BYTES = 1024 * 1024

/** What stands in the place of a text that is not as it was printed. */
const PRINTED_DAMAGED = `[what the stage printed cannot be shown: ${Seal.DAMAGED}]\n`

/**
 * Traces as sealed JSON files `traces/<stage>/<key>.json`; those of chunks in `traces/<stage>/chunks/`. What was printed is a
 * sealed text file in `traces/<stage>/printed/`: it is for people, and whoever reads a thousand traces needs none of it.
 */
export const layerDisk = (home: string): Layer.Layer<TraceStore> =>
  Layer.sync(TraceStore, () => {
    const root = path.join(home, "traces")
    const fileOf = (stage: string, key: Key) => path.join(root, stage, `${key}.json`)
    const chunkOf = (stage: string, key: Key) => path.join(root, stage, "chunks", `${key}.json`)

    const printedOf = (stage: string, key: Key) => path.join(root, stage, "printed", `${key}.txt`)

    const look = <A extends { readonly key: Key }>({ decode }: Format<A>, file: string): Effect.Effect<Lookup<A>> =>
      Disk.readTextIfThere(file, MOST_BYTES).pipe(
        Effect.map((sealed): Lookup<A> => {
          if (sealed === null) return { _tag: "Absent" }
          const text = Seal.open(sealed)
          if (text === null) return { _tag: "Unreadable", what: Seal.DAMAGED }
          const decoded = decode(text)
          if (Either.isLeft(decoded)) return { _tag: "Unreadable", what: phrase(decoded.left) }
          // a file that was moved or copied speaks of another key
          if (!file.endsWith(`${decoded.right.key}.json`))
            return { _tag: "Unreadable", what: "it belongs to another key" }
          return { _tag: "Hit", trace: decoded.right }
        }),
        Effect.catchTags({
          StoreFailed: ({ message }) => Effect.succeed({ _tag: "Unreadable" as const, what: message }),
          Unbounded: ({ message }) => Effect.succeed({ _tag: "Unreadable" as const, what: `its file ${message}` })
        })
      )

    const write = <A>({ encode }: Format<A>, file: string, trace: A) =>
      Effect.flatMap(Effect.orDie(encode(trace)), (text) => Disk.publish(file, Seal.bytesOf(text)))

    const ofStage = (stage: string) =>
      Effect.gen(function* () {
        const names = (yield* Disk.listIfThere(path.join(root, stage))).filter((name) => name.endsWith(".json"))
        const found: Array<Trace> = []
        for (const [at, name] of names.entries()) {
          if (at % AT_ONCE === AT_ONCE - 1) yield* Effect.promise(() => setImmediate())
          const one = yield* look(whole, path.join(root, stage, name))
          if (one._tag === "Hit") found.push(one.trace)
        }
        return yield* newestFirst(found)
      })

    const keysOf = (stage: string) =>
      Effect.map(
        Disk.listIfThere(path.join(root, stage)),
        (names) => new Set(names.filter((name) => name.endsWith(".json")).map((name) => path.basename(name, ".json")))
      )

    return {
      get: (stage, key) => look(whole, fileOf(stage, key)),
      getHere: (stage, key) => look(whole, fileOf(stage, key)),
      getMany: (stage, keys) => Effect.forEach(keys, (key) => look(whole, fileOf(stage, key))),
      put: (trace) => write(whole, fileOf(trace.text.stage, trace.key), trace),
      remove: (stage, key) => Disk.removeIfThere(fileOf(stage, key)),
      ofStage,
      keysOf,
      keysAmong: among(keysOf),
      stages: Effect.map(Disk.listIfThere(root), (names) => [...names].sort()),
      getChunk: (stage, key) => look(ofChunk, chunkOf(stage, key)),
      getChunks: (stage, keys) => Effect.forEach(keys, (key) => look(ofChunk, chunkOf(stage, key))),
      putChunk: (trace) => write(ofChunk, chunkOf(trace.stage, trace.key), trace),
      printed: (stage, key) =>
        Disk.readTextIfThere(printedOf(stage, key), MOST_PRINTED_BYTES).pipe(
          Effect.map((sealed) => (sealed === null ? "" : (Seal.open(sealed) ?? PRINTED_DAMAGED))),
          Effect.orElseSucceed(() => PRINTED_DAMAGED)
        ),
      putPrinted: (stage, key, text) =>
        text === ""
          ? Disk.removeIfThere(printedOf(stage, key))
          : Disk.publish(printedOf(stage, key), Seal.bytesOf(text))
    }
  })
