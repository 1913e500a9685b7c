import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import * as Document from "../../../artifacts/Document.ts"
import * as ObjectStore from "../../../cache/ObjectStore.ts"
import * as Results from "../../../cli/results/results-writer.ts"
import { ResultsWriter } from "../../../engine/Results.ts"
import { Kinds, withOwn } from "../../../kinds/Kinds.ts"
import { Place } from "../../../project/Place.ts"
import { flip } from "../../rig/cli.ts"
import { folder } from "../../rig/folder.ts"
import { strangers } from "../../rig/strangers.ts"

// What people open is what was computed, however it was damaged since; and is left alone where it is that.

const Told = Document.make("Told", 1, Schema.Struct({ accuracy: Schema.Number }))

/** A results folder with two documents in it, and how it is written again. */
const written = Effect.gen(function* () {
  const results = folder("headrace-results")
  const place = Layer.succeed(Place, {
    root: results,
    workingDirectory: results,
    build: results,
    home: results,
    results
  })
  const layer = Layer.provideMerge(
    Results.layer,
    Layer.mergeAll(place, ObjectStore.layerMemory(), Layer.succeed(Kinds, withOwn([])))
  )
  const context = yield* Layer.build(layer)
  return yield* Effect.gen(function* () {
    const store = yield* ObjectStore.ObjectStore
    const writer = yield* ResultsWriter
    const all = yield* Effect.forEach(["first", "second"], (name, n) =>
      Effect.map(Told.encode({ accuracy: n / 4 }, store.put), (stored) => ({ name, node: "n", output: name, stored }))
    )
    const write = writer.write("toy", all)
    yield* write
    const directory = path.join(results, "toy")
    const [object] = all.map(({ stored }) => stored.content)
    if (object === undefined) return yield* Effect.die("no result")
    return { write, directory, file: path.join(directory, "first.json"), object }
  }).pipe(Effect.provide(context))
})

it.scoped("a copy that was damaged at its own size and time is written again, one that was not is left alone", () =>
  Effect.gen(function* () {
    const { write, directory, file, object } = yield* written
    const { ino } = fs.statSync(directory)
    yield* write
    expect(fs.statSync(directory).ino).toBe(ino)
    expect(yield* Results.placed(directory, object)).toBe(file)
    const { atime, mtime, size } = fs.statSync(file)
    flip(file)
    fs.utimesSync(file, atime, mtime)
    expect(fs.statSync(file).size).toBe(size)
    expect(yield* Results.placed(directory, object)).toBeNull()
    yield* write
    expect(fs.readFileSync(file, "utf8")).toBe('{"accuracy":0}')
    expect(yield* Results.placed(directory, object)).toBe(file)
  })
)

for (const [what, lay] of Object.entries(strangers))
  it.scoped(`${what} in the place of a copy, or of the list of them, gives way`, () =>
    Effect.gen(function* () {
      const { write, directory, file, object } = yield* written
      for (const place of [file, path.join(directory, Results.INDEX)]) {
        lay(place)
        expect(yield* Results.placed(directory, object)).toBeNull()
        yield* write
        expect(fs.readFileSync(file, "utf8")).toBe('{"accuracy":0}')
        expect(yield* Results.placed(directory, object)).toBe(file)
      }
    })
  )
