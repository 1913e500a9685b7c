import fs from "node:fs"
import path from "node:path"
import { Effect, Schema } from "effect"
import * as AtomicFile from "./AtomicFile.ts"

/** Which edition each name resolved to last, so that a run with nothing to do asks no network. */
const Choices = Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.String }))

const fileIn = (home: string): string => path.join(home, "sources", "editions.json")

const read = (home: string): Effect.Effect<Readonly<Record<string, string>>> =>
  Effect.try(() => fs.readFileSync(fileIn(home), "utf8")).pipe(
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
