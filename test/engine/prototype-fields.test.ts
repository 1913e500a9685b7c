import { expect, it } from "@effect/vitest"
import { Effect, Either, Schema } from "effect"
import * as CanonicalJson from "../../artifacts/CanonicalJson.ts"
import * as Document from "../../artifacts/Document.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Stage from "../../engine/Stage.ts"

// A field called `__proto__` is one to JSON, and to whatever copies the fields of an object it is the object's prototype: what a stage
// would see of it stands in no key, and what it makes of it would not be kept.

const Counts = Document.make("Counts", 1, Schema.Record({ key: Schema.String, value: Schema.Unknown }))
const Classes = Schema.Record({ key: Schema.String, value: Schema.Record({ key: Schema.String, value: Schema.Int }) })
const count = Stage.make({
  name: "count",
  inputs: {},
  params: { classes: Param.make(Classes, {}, "Any") },
  outputs: { counts: Counts },
  run: () => Effect.succeed({ counts: {} })
})
const counting = Pipeline.make({
  name: "counting",
  description: "Counts",
  params: count.params,
  build: (params) => count({}, params)
})

const hostile = (): typeof Classes.Type => JSON.parse('{"cat":{"__proto__":3}}')

it("a parameter that has such a field is refused by name, and so is a call that gives one", () => {
  for (const decoded of [Pipeline.decodeParams, Pipeline.fillParams])
    expect(Either.flip(decoded(counting, { classes: hostile() }))).toMatchObject({
      right: { _tag: "ParamInvalid", name: "classes", expected: "no field called __proto__" }
    })
  expect(() => count({}, { classes: hostile() })).toThrow('for the parameter "classes"')
})

it.effect("a document that has one is not kept, and no key is made of one", () =>
  Effect.gen(function* () {
    const write = () => Effect.dieMessage("it was written")
    expect(yield* Effect.flip(Counts.encode(hostile(), write))).toMatchObject({
      _tag: "ArtifactInvalid",
      what: "an object with a field __proto__"
    })
    expect(Either.getLeft(CanonicalJson.encode(hostile()))).toMatchObject({
      value: { _tag: "NotEncodable", path: "value.cat", what: "an object with a field __proto__" }
    })
  })
)
