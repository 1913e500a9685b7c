import * as fs from "node:fs"
import * as path from "node:path"
import { it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { expect } from "vitest"
import { local, readLocalFolder } from "../../api/files.ts"
import { FileDigests } from "../../files/FileDigests.ts"
import { Place } from "../../project/Place.ts"
import { folder } from "../rig/folder.ts"

const setting = () => {
  const root = folder()
  fs.mkdirSync(path.join(root, "texts/old"), { recursive: true })
  fs.writeFileSync(path.join(root, "texts/b.txt"), "b")
  fs.writeFileSync(path.join(root, "texts/old/a.txt"), "a")
  const place = { root, workingDirectory: root, build: root, home: root, results: root }
  const live = Layer.merge(Layer.succeed(Place, place), FileDigests.layer({ directory: path.join(root, "sources") }))
  return { texts: path.join(root, "texts"), resolved: Effect.provide(local("texts"), live) }
}

it.effect("a folder is read as it was digested, its files by their paths below it", () =>
  Effect.gen(function* () {
    const read = yield* Effect.flatMap(setting().resolved, readLocalFolder)
    expect(read.map(({ path: at, bytes }) => [at, new TextDecoder().decode(bytes)])).toEqual([
      ["b.txt", "b"],
      ["old/a.txt", "a"]
    ])
  })
)

it.effect.each([
  ["has another text", (texts: string) => fs.writeFileSync(path.join(texts, "b.txt"), "c")],
  ["has one more file", (texts: string) => fs.writeFileSync(path.join(texts, "c.txt"), "c")],
  ["lacks one", (texts: string) => fs.rmSync(path.join(texts, "b.txt"))]
] as const)("a folder that %s since it was digested is refused by name", ([_what, change]) =>
  Effect.gen(function* () {
    const { texts, resolved } = setting()
    const source = yield* resolved
    change(texts)
    expect(yield* Effect.flip(readLocalFolder(source))).toMatchObject({ _tag: "SourceChanged", label: "texts" })
  })
)
