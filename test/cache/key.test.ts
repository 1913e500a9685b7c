import { expect, it } from "@effect/vitest"
import { Effect, Either, Schema, Stream } from "effect"
import * as ArrowTable from "../../artifacts/ArrowTable.ts"
import * as CanonicalJson from "../../artifacts/CanonicalJson.ts"
import { tensor } from "../../artifacts/Column.ts"
import * as Digest from "../../artifacts/Digest.ts"
import * as Document from "../../artifacts/Document.ts"
import * as Key from "../../cache/Key.ts"
import * as Reason from "../../cache/Reason.ts"
import { codeOf } from "../rig/code.ts"
import { sliced } from "../rig/tables.ts"

// Golden keys and golden bytes. Where one of these changes, every kept result gets a new meaning or new bytes: raise
// `FORMAT` in cache/Key.ts along with the value here.

const digest = (text: string) => Digest.ofBytes(text)

const recipe: Key.Recipe = {
  stage: "resize",
  over: "pixels",
  params: { size: 224 },
  inputs: { pixels: digest("table"), mean: digest("table") },
  code: codeOf("resize", { "stages/resize.ts": "resize" }),
  facts: {}
}
const text: Key.KeyText = {
  format: 2,
  stage: "train",
  params: { learningRate: 0.001, layers: [{ _tag: "Dense", units: 3 }], name: "ä", none: null, on: true },
  inputs: { features: digest("features"), pixels: recipe, views: [digest("a"), digest("b")] },
  code: { ...codeOf("train", { "stages/train.ts": "train" }), packages: { sharp: "0.35.5 (0123abcd)" } },
  facts: { threads: 2 },
  outputs: { model: "Classifier@1" }
}
const keyOf = (of: Key.KeyText): string => Either.getOrThrow(Key.ofText(of))

it("a fixed text has a fixed key", () => {
  expect(Key.FORMAT).toBe(2)
  expect(keyOf(text)).toBe("c4b56ba7f3ca60bed8807e796768354f14826e3c00e2a8955f6f0858435c312a")
})

it("code counts by its digest: what its files are called and what is told of its packages doesn't", () => {
  const elsewhere = { ...text.code, files: { "lib/train.ts": digest("train") }, packages: {} }
  expect(keyOf({ ...text, code: elsewhere })).toBe(keyOf(text))
  const streamed = { ...recipe, code: { ...recipe.code, files: {} } }
  expect(keyOf({ ...text, inputs: { ...text.inputs, pixels: streamed } })).toBe(keyOf(text))
})

it("the order in which a key's parts were written does not count", () => {
  const turned = Object.fromEntries(Object.entries(text).reverse()) as unknown as Key.KeyText
  const params = Object.fromEntries(Object.entries(text.params).reverse())
  expect(keyOf({ ...turned, params })).toBe(keyOf(text))
})

it("every part of the text counts", () => {
  const others: ReadonlyArray<Partial<Key.KeyText>> = [
    { format: 1 },
    { stage: "trains" },
    { params: { ...text.params, learningRate: 0.0010000000000000002 } },
    { params: { ...text.params, more: null } },
    { inputs: { ...text.inputs, views: [digest("b"), digest("a")] } },
    { inputs: { ...text.inputs, pixels: { ...recipe, params: { size: 96 } } } },
    { code: { ...text.code, digest: digest("edited") } },
    { inputs: { ...text.inputs, pixels: { ...recipe, code: codeOf("edited") } } },
    { facts: { threads: 3 } },
    { outputs: { model: "Classifier@2" } }
  ]
  const keys = others.map((other) => keyOf({ ...text, ...other }))
  expect(new Set([keyOf(text), ...keys]).size).toBe(others.length + 1)
})

it("canonical JSON sorts names, writes no space, and numbers as ECMAScript does", () => {
  const value = { b: [1, -0, 1e21, 0.1, 5e-7], a: { ä: '\u2028"', A: true, a: null } }
  expect(CanonicalJson.encode(value)).toEqual(
    Either.right('{"a":{"A":true,"a":null,"ä":"\u2028\\""},"b":[1,0,1e+21,0.1,5e-7]}')
  )
})

class Point {
  readonly x = 1
}
it("what has no exact JSON form is refused by its place and by what it is", () => {
  const refusals: ReadonlyArray<readonly [unknown, string]> = [
    [{ rate: Number.NaN }, "key.rate is NaN"],
    [{ rates: [1, -Infinity] }, "key.rates[1] is -Infinity"],
    [{ a: { b: undefined } }, "key.a.b is undefined"],
    [{ run: () => 1 }, "key.run is a function"],
    [{ big: 1n }, "key.big is a bigint"],
    [{ tag: Symbol("s") }, "key.tag is a symbol"],
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is tried
    [[1, , 3], "key[1] is undefined"],
    [{ day: new Date(0) }, "key.day is an instance of Date"],
    [{ at: new Point() }, "key.at is an instance of Point"],
    [new Map(), "key is an instance of Map"],
    [{ bytes: new Uint8Array(2) }, "key.bytes is an instance of Uint8Array"]
  ]
  for (const [value, what] of refusals) {
    const refused = Either.flip(CanonicalJson.encode(value, "key"))
    expect(Either.getOrThrow(refused).message).toMatch(
      new RegExp(`^${what.replace(/[[\]]/g, "\\$&")}; expected .*\\. .*\\.$`)
    )
  }
  expect(Either.isRight(CanonicalJson.encode(Object.assign(Object.create(null), { a: 1 })))).toBe(true)
  const key = Key.ofText({ ...text, params: { learningRate: Number.NaN } })
  expect(Either.getOrThrow(Either.flip(key))).toMatchObject({
    _tag: "NotEncodable",
    path: "key of train.params.learningRate",
    what: "NaN"
  })
})

it("a chunk's key replaces the table under the named input, and nothing else that happens to be equal", () => {
  const chunk = digest("chunk")
  const twins = { ...text, inputs: { pixels: recipe, mean: digest("table"), views: [digest("table")] } }
  expect(Key.forChunk(twins, "pixels", chunk).inputs).toEqual({
    pixels: { ...recipe, inputs: { pixels: chunk, mean: digest("table") } },
    mean: digest("table"),
    views: [digest("table")]
  })
  expect(Key.forChunk(twins, "mean", chunk).inputs).toEqual({ ...twins.inputs, mean: chunk })
})

const Rows = ArrowTable.make("Rows", 1, { value: tensor([2], "float32"), label: "int32", name: "utf8", at: "float64" })
const rows = (count: number) => ({
  rows: count,
  columns: {
    value: { shape: [2] as const, data: Float32Array.from({ length: count * 2 }, (_, index) => index / 2) },
    label: Int32Array.from({ length: count }, (_, index) => index % 10),
    name: Array.from({ length: count }, (_, index) => `row ${index} ä`),
    at: Float64Array.from({ length: count }, (_, index) => index * 0.1)
  }
})

/** Where encoded bytes go, by digest. */
const sink = () => {
  const written = new Map<string, Uint8Array>()
  const write = (bytes: Uint8Array) =>
    Effect.sync(() => {
      const object = Digest.ofBytes(bytes)
      written.set(object, bytes)
      return object
    })
  return { written, write }
}

it.effect("encoded artifacts are golden bytes: an Arrow chunk, a document", () =>
  Effect.gen(function* () {
    const { write } = sink()
    const table = yield* Rows.encode(
      ArrowTable.fromBatch<typeof Rows.columns>(rows(50), { classes: '["a","b"]' }),
      write
    )
    expect([table.parts.map(({ object }) => object), table.content, table.parts.map(({ content }) => content)]).toEqual(
      [
        ["c8117842aefcdb1503bbbcef1470c186af1c013dcf6eab60bdf00bc3ca3cc5fd"],
        "6a165963be86fbd05e77817822079df0216c0af7c0393e59053e50d91ca823b0",
        ["6a165963be86fbd05e77817822079df0216c0af7c0393e59053e50d91ca823b0"]
      ]
    )
    const Note = Document.make("Note", 1, Schema.Struct({ b: Schema.Number, a: Schema.Array(Schema.String) }))
    const note = yield* Note.encode({ b: 0.1, a: ["ä"] }, write)
    expect(note.content).toBe(Digest.ofBytes('{"a":["ä"],"b":0.1}'))
    expect(note.content).toBe("ebcea453423bab870945442bb3f2fcbb3db5b35b73a7563e9634bacb9abc0026")
  })
)

it.effect("a table in batches of 7 and of 1,024 rows, in chunks of either size, has one content digest", () =>
  Effect.gen(function* () {
    const { write } = sink()
    const contents = yield* Effect.forEach([7, 1024], (size) =>
      Effect.gen(function* () {
        const batches = Stream.fromIterable(sliced(rows(3000), size))
        const table = yield* Rows.encode({ metadata: {}, batches }, write)
        // as the engine writes a row stage's output: each batch a chunk
        const header = { shapes: { value: [2] }, metadata: {} }
        const hash = ArrowTable.contentHash(Rows, header)
        const parts = []
        for (const batch of sliced(rows(3000), size)) {
          const digests = (yield* Effect.promise(() => import("../../artifacts/Chunker.ts"))).digestRows(
            batch,
            Object.keys(Rows.columns)
          )
          hash.update(digests)
          parts.push(yield* ArrowTable.writeChunk(Rows, header, batch, digests, write))
        }
        const cut = ArrowTable.stored(Rows, header, parts, hash)
        expect(cut.parts.length).toBe(Math.ceil(3000 / size))
        return [table.content, cut.content]
      })
    )
    expect(new Set(contents.flat())).toEqual(
      new Set(["000479560f6ae277d27acdf3fa681f22b7119a32113e46f83574dbe945a35244"])
    )
  })
)

const via = null
const labels = { before: { features: "extract.features" }, after: { features: "extract.features" } }

it("each difference between two keys is one reason of its own", () => {
  const differ = (change: Partial<Key.KeyText>) =>
    Reason.differences(text, { ...text, ...change }, labels).map((reason) => [reason._tag, Reason.render(reason)])
  expect(differ({})).toEqual([])
  expect(differ({ params: { ...text.params, learningRate: 0.01, name: "b", none: undefined } })).toEqual([
    ["ParamChanged", "learningRate was 0.001, is 0.01"],
    ["ParamChanged", "name was ä, is b"],
    ["ParamChanged", "none was null, is absent"]
  ])
  expect(differ({ params: { ...text.params, more: 1, other: 1 } }).map(([, reason]) => reason)).toEqual([
    "more was absent, is 1",
    "other was absent, is 1"
  ])
  const twice = (size: number) => ({
    ...text,
    inputs: { a: { ...recipe, params: { size } }, b: { ...recipe, params: { size } } }
  })
  expect(Reason.differences(twice(224), twice(96), labels).map(Reason.render)).toEqual([
    "size was 224, is 96 (through resize)"
  ])
  const [was, is] = [digest("features").slice(0, 12), digest("other").slice(0, 12)]
  expect(differ({ inputs: { ...text.inputs, features: digest("other") } })).toEqual([
    ["InputChanged", `input features was extract.features ${was}, is extract.features ${is}`]
  ])
  expect(differ({ inputs: { ...text.inputs, views: [digest("a"), digest("c")] } }).map(([tag]) => tag)).toEqual([
    "InputChanged"
  ])
  expect(differ({ inputs: { ...text.inputs, views: [digest("a")] } })).toEqual([
    ["InputChanged", "input views was 2 tables, is 1 tables"]
  ])
  expect(differ({ inputs: { ...text.inputs, pixels: { ...recipe, params: { size: 96 } } } })).toEqual([
    ["ParamChanged", "size was 224, is 96 (through resize)"]
  ])
  expect(
    differ({ inputs: { ...text.inputs, pixels: { ...recipe, code: { ...codeOf("x"), packages: { sharp: "1" } } } } })
  ).toEqual([
    ["CodeChanged", "code changed in stages/resize.ts (through resize)"],
    ["PackageChanged", "package sharp was absent, is 1 (through resize)"]
  ])
  expect(differ({ code: codeOf("edited", { "stages/train.ts": "x", "models/a.ts": "y" }) })).toEqual([
    ["CodeChanged", "code changed in models/a.ts, stages/train.ts"],
    ["PackageChanged", "package sharp was 0.35.5 (0123abcd), is absent"]
  ])
  const [moved, rest] = [{ "models/a.ts": "a" }, { "stages/train.ts": "train" }]
  const codes = {
    before: { ...text, code: codeOf("before", { ...moved, ...rest }) },
    moved: { ...text, code: codeOf("before", { "lib/a.ts": "a", ...rest }) },
    both: { ...text, code: codeOf("both", { "lib/a.ts": "a", "stages/train.ts": "edited" }) },
    turned: { ...text, code: codeOf("turned", { ...moved, ...rest }) }
  }
  const told = (after: Key.KeyText) => Reason.differences(codes.before, after, labels).map(Reason.render)
  expect(told(codes.moved)).toEqual([])
  expect(told(codes.both)).toEqual(["code changed in stages/train.ts"])
  expect(told(codes.turned)).toEqual(["imports in its code lead elsewhere"])
  expect(differ({ facts: { threads: 4 } })).toEqual([["FactChanged", "threads was 2, is 4"]])
  expect(differ({ environment: { SCALE: "255", TOKEN: { secret: digest("x") }, UNSET: null } })).toEqual([
    ["EnvironmentChanged", 'environment variable SCALE was undeclared, is "255"'],
    ["EnvironmentChanged", "environment variable TOKEN was undeclared, is a secret"],
    ["EnvironmentChanged", "environment variable UNSET was undeclared, is not set"]
  ])
  expect(differ({ outputs: { model: "Classifier@2" } })).toEqual([
    ["OutputsChanged", "its outputs were Classifier@1, are Classifier@2"]
  ])
  expect(differ({ format: 3 })).toEqual([["FormatChanged", "the cache format was 2, is 3"]])
})

it("a variable of the environment is told with its value, a secret without", () => {
  const differ = (before: Key.KeyText["environment"], after: Key.KeyText["environment"]) =>
    Reason.differences({ ...text, environment: before }, { ...text, environment: after }, labels).map(Reason.render)
  const [one, other] = [{ secret: digest("one") }, { secret: digest("other") }]
  expect(differ({ SCALE: null, T: one }, { SCALE: "", T: one })).toEqual([
    'environment variable SCALE was not set, is ""'
  ])
  expect(differ({ T: one }, { T: other })).toEqual(["environment variable T is another secret than it was"])
  expect(differ({ T: one }, { T: null })).toEqual(["environment variable T was a secret, is not set"])
  const through = (SCALE: string) => ({ ...text, inputs: { pixels: { ...recipe, environment: { SCALE } } } })
  expect(Reason.differences(through("1"), through("2"), labels).map(Reason.render)).toEqual([
    'environment variable SCALE was "1", is "2" (through resize)'
  ])
})

it("the other reasons are sentences too", () => {
  const object = digest("object")
  expect(
    [
      Reason.NeverRan.make({ stage: "train" }),
      Reason.TraceLost.make({ what: "its bytes were damaged" }),
      Reason.Unanswered.make({ what: "the shared store s3://team answers 503" }),
      Reason.ObjectLost.make({ output: "model", object, what: "missing" }),
      Reason.Undecided.make({ ancestors: ["ingest", "train"] }),
      Reason.ParamChanged.make({ name: "sizes", before: [1], after: [1, 2], via })
    ].map(Reason.render)
  ).toEqual([
    "it has no result yet",
    "its trace is lost: its bytes were damaged",
    "the shared store s3://team answers 503: it may have the result",
    `object ${object.slice(0, 12)} of its output model is missing`,
    "it depends on what ingest, train yields",
    "sizes was [1], is [1,2]"
  ])
})

it("equal keys differ in nothing, in whatever order a parameter's fields were written", () => {
  const params = { layer: { units: 3, rate: 0.5 }, seed: 1 }
  const turned = { layer: { rate: 0.5, units: 3 }, seed: 2 }
  expect(Reason.differences({ ...text, params }, { ...text, params: turned }, labels).map(Reason.render)).toEqual([
    "seed was 1, is 2"
  ])
})
