import path from "node:path"
import { Effect, Schema } from "effect"
import { AtomicFile, BoundedFile, BoundedJson } from "headrace/files"

/** Which edition each name resolved to last, so that a run with nothing to do asks no network. */
const Choices = BoundedJson.schema(Schema.Record({ key: Schema.String, value: Schema.String }))

/** A name and a file each. */
const mostBytes = 1 << 20

const fileIn = (home: string): string => path.join(home, "sources", "editions.json")

const read = (home: string): Effect.Effect<Readonly<Record<string, string>>> =>
  Effect.try(() => BoundedFile.read(fileIn(home), mostBytes).toString("utf8")).pipe(
    Effect.flatMap((text) => Schema.decodeUnknown(Choices)(text)),
    Effect.orElseSucceed(() => ({}))
  )

export const recall = (home: string, name: string): Effect.Effect<string | null> =>
  Effect.map(read(home), (choices) => choices[name] ?? null)

/** Memory only saves time, so that a read-only or full disk is no failure. */
export const remember = (home: string, name: string, file: string): Effect.Effect<void> =>
  Effect.gen(function* () {
    const choices = yield* read(home)
    if (choices[name] === file) return
    yield* AtomicFile.write(fileIn(home), JSON.stringify({ ...choices, [name]: file }))
  }).pipe(Effect.ignore)
