import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Stored } from "../../artifacts/Artifact.ts"
import * as ObjectStore from "../../cache/ObjectStore.ts"
import { INDEX, targetOf } from "../../cli/artifact/export-folder.ts"
import { documentsOf, drawingsOf } from "../../cli/report/documents.ts"
import { layersOf } from "../../images/kinds/model-layers.ts"
import { classesOf } from "../../kinds/classes.ts"
import { Kinds, withOwn } from "../../kinds/Kinds.ts"
import { folder } from "../rig/folder.ts"
import { deepJson, strangers } from "../rig/strangers.ts"

// What commands show of stored JSON: bytes with the right digest may still be anything.

const put = (kind: string, name: string, text: string) =>
  Effect.gen(function* () {
    const store = yield* ObjectStore.ObjectStore
    const bytes = new TextEncoder().encode(text)
    const object = yield* store.put(bytes)
    const part = { name, object, bytes: bytes.length, rows: null, content: object }
    const stored: Stored = {
      artifact: "Odd@1",
      kind,
      content: object,
      rows: null,
      bytes: bytes.length,
      parts: [part],
      header: null
    }
    return stored
  })

const result = (name: string, stored: Stored) => ({ [name]: { node: "n", output: name, stored } })

it.effect("a report leaves out documents that are gone, are no JSON or nest too deep, and shows the others", () =>
  Effect.gen(function* () {
    const gone = yield* put("document", "gone.json", "{}")
    yield* Effect.flatMap(ObjectStore.ObjectStore, (store) => store.remove(gone.content))
    const results = {
      ...result("gone", gone),
      ...result("none", yield* put("document", "none.json", '{"a":')),
      ...result("deep", yield* put("document", "deep.json", deepJson())),
      ...result("good", yield* put("document", "good.json", '{"accuracy":0.5}')),
      ...result("drawn", yield* put("figure", "drawn.svg", "<svg/>")),
      ...result("raster", yield* put("figure", "raster.png", "…"))
    }
    expect(yield* documentsOf(results)).toEqual([{ name: "good", artifact: "Odd", value: { accuracy: 0.5 } }])
    expect(yield* drawingsOf(results)).toEqual([{ name: "drawn", artifact: "Odd", value: "<svg/>" }])
  }).pipe(Effect.provide(ObjectStore.layerMemory()), Effect.provideService(Kinds, withOwn([])))
)

it.effect("a model whose description nests too deep is refused by name", () =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(layersOf(yield* put("model", "model.json", `{"modelTopology":${deepJson()}}`)))
    expect(error).toMatchObject({
      _tag: "ArtifactUnreadable",
      message: expect.stringMatching(
        /cannot be decoded: .*nests 100001 deep.*; expected .*\. Run its pipeline with --again/s
      )
    })
  }).pipe(Effect.provide(ObjectStore.layerMemory()))
)

it("names of classes that are none are none", () => {
  for (const classes of ["", "1", '{"a":1}', "[1,2]", deepJson()])
    expect(classesOf({ shapes: {}, metadata: { classes } })).toEqual([])
  expect(classesOf({ shapes: {}, metadata: {} })).toEqual([])
  expect(classesOf({ shapes: {}, metadata: { classes: '["cat","dog"]' } })).toEqual(["cat", "dog"])
})

for (const [what, lay] of Object.entries(strangers))
  it.effect(`a folder with ${what} in the place of an export's list is no export's, and is not written to`, () =>
    Effect.gen(function* () {
      const to = folder()
      lay(path.join(to, INDEX))
      const refused = yield* Effect.flip(targetOf(to))
      expect(refused.message).toMatch(/holds what no export wrote .*: \.export\.json; expected .*\. Name another one/)
    })
  )
