import { expect, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import * as Document from "../../artifacts/Document.ts"
import * as Code from "../../engine/Code.ts"
import * as Executor from "../../engine/Executor.ts"
import type { Wire } from "../../engine/Node.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Points from "../../engine/Points.ts"
import * as Run from "../../engine/Run.ts"
import * as Source from "../../engine/Source.ts"
import * as Stage from "../../engine/Stage.ts"
import { codeOf } from "../rig/code.ts"
import * as Toys from "../rig/toys.ts"

// What `tsc` cannot see is found when the definition is made or used, by name. What it can is in test/types.

const Note = Document.make("Note", 1, Schema.Struct({ value: Schema.Unknown }))

const positive = Param.make(Schema.Int.pipe(Schema.positive()), 3, "A count")
const note = Stage.make({
  name: "note",
  inputs: {},
  params: {
    count: positive,
    rate: Param.make(Schema.Number, 1, "A rate"),
    marks: Param.make(Schema.ReadonlySet(Schema.Int), new Set([1]), "A set")
  },
  outputs: { note: Note },
  run: (_, { count, rate, marks }) => Effect.succeed({ note: { value: [count, Number.isNaN(rate), marks.size] } })
})

const build = <P extends Param.Params>(
  params: P,
  make: (params: Param.Values<P>) => Readonly<Record<string, Wire<typeof Note, never, never, never>>>
) => Pipeline.make({ name: "notes", description: "Notes", params, build: make })

const message = (make: () => unknown): string => {
  try {
    make()
  } catch (error) {
    expect(error).toBeInstanceOf(Param.DefinitionInvalid)
    return (error as Param.DefinitionInvalid).message
  }
  return expect.fail("it was accepted")
}

const anyCode = Layer.succeed(Code.Code, { of: () => Effect.succeed(codeOf("any")) })
const runNotes = (
  pipeline: Pipeline.AnyPipeline<never, never>,
  values: Readonly<Record<string, unknown>> = {},
  code: Layer.Layer<Code.Code> = anyCode
) => {
  const memory = Layer.provideMerge(code, Toys.memory().layer)
  return Effect.provide(
    Run.run(pipeline, values, { cores: 1 }),
    Layer.provideMerge(Executor.layerInProcess(pipeline), memory)
  )
}

it("a default that its own schema refuses is refused", () => {
  expect(message(() => Param.make(Schema.Positive, -1, "Step size"))).toBe(
    'The default -1 of the parameter "Step size" is refused by its own schema; expected a positive number. Change the default or the schema.'
  )
})

it("a misspelt parameter in a variable is refused where the pipeline is made", () => {
  const given = { count: 3, ratee: 2 }
  expect(message(() => build({}, () => note({}, given)))).toBe(
    'Pipeline "notes": note is given the parameter "ratee", which it does not declare; expected one of count, rate, marks. Correct the name.'
  )
})

it("a misspelt parameter of a source is refused where the pipeline is made", () => {
  const given = { list: "b", lists: "a" }
  const make = () =>
    Pipeline.make({
      name: "reads",
      description: "Reads",
      params: {},
      build: () => Toys.read({ file: Toys.list(given) })
    })
  expect(message(make)).toContain(
    'list is given the parameter "lists", which it does not declare; expected one of list'
  )
})

it("a parameter that nobody reads is refused where the pipeline is made", () => {
  const unread =
    /^Pipeline "notes": nobody reads the parameter "more"; expected that .* reads it\. Remove it, or pass it on\.$/
  expect(message(() => build({ ...note.params, more: positive }, (params) => note({}, params)))).toMatch(unread)
  // set by hand: what the pipeline offers under the name changes nothing
  const count = message(() => build({ count: positive }, () => note({}, { count: 5 })))
  expect(count).toContain('nobody reads the parameter "count"')
})

it("one name that two stages declare differently is refused where the pipeline is made", () => {
  const other = Stage.make({
    name: "other",
    inputs: {},
    params: { count: Param.make(Schema.Int.pipe(Schema.positive()), 4, "Another count") },
    outputs: { note: Note },
    run: (_, { count }) => Effect.succeed({ note: { value: count } })
  })
  const params = { ...note.params, ...other.params }
  expect(message(() => build(params, (given) => ({ a: note({}, given).note, b: other({}, given).note })))).toBe(
    'Pipeline "notes": the parameter "count" of note differs from another of that name; expected one definition a name. Rename one of them.'
  )
})

it("a pipeline may offer a stage's parameter with a default of its own", () => {
  const pipeline = build({ ...note.params, count: Param.withDefault(note.params.count, 8) }, (params) =>
    note({}, params)
  )
  expect(Pipeline.graph(pipeline, Pipeline.defaults(pipeline.params)).stages[0]?.node.params.count).toBe(8)
  expect(message(() => Param.withDefault(note.params.count, -1))).toContain("expected a positive number")
})

it("a value that build makes and the parameter's schema refuses is refused by name", () => {
  expect(message(() => build({}, () => note({}, { count: 0 })))).toBe(
    'note is given 0 for the parameter "count"; expected a positive number. Correct the call in the pipeline\'s build.'
  )
})

it("a stage that is misnamed or maps the rows of no table is refused where it is made", () => {
  const outputs = { note: Note }
  const run = () => Effect.succeed({ note: { value: 1 } })
  expect(message(() => Stage.make({ name: "myStage", inputs: {}, outputs, run }))).toContain(
    'Stage "myStage" is not named in kebab-case; expected the name of its file'
  )
  expect(
    message(() => Stage.make({ name: "empty", inputs: {}, outputs: {}, run: () => Effect.succeed({}) }))
  ).toContain('Stage "empty" has no outputs; expected at least one')
  const rows = () =>
    Stage.rows({
      name: "rows",
      keep: "stored",
      // @ts-expect-error `tsc` sees it where it knows the inputs
      over: "note",
      inputs: { note: Note },
      outputs: { numbers: Toys.Numbers },
      run: () => Effect.never
    })
  expect(message(rows)).toContain('Stage "rows" maps rows of "note"; expected the name of a table input')
})

it("parameters are compared as they encode: equal sets are one node, different ones two", () => {
  const names = (...sets: ReadonlyArray<ReadonlyArray<number>>) => {
    const pipeline = build({}, () =>
      Object.fromEntries(sets.map((marks, index) => [`r${index}`, note({}, { marks: new Set(marks) }).note]))
    )
    return Pipeline.graph(pipeline, {}).entries.map(({ name }) => name)
  }
  expect(names([1, 2], [1, 2])).toEqual(["note[marks=[1,2]]"])
  expect(names([1, 2], [1, 3])).toEqual(["note[marks=[1,2]]", "note[marks=[1,3]]"])
})

it("nodes are one by what each input is given, in whichever order the call names them", () => {
  const pair = Stage.make({
    name: "pair",
    inputs: { left: Note, right: Note },
    outputs: { note: Note },
    run: ({ left }) => Effect.succeed({ note: left })
  })
  const pipeline = build({}, () => {
    const [one, two] = [note({}, { count: 1 }).note, note({}, { count: 2 }).note]
    return { a: pair({ left: one, right: two }).note, b: pair({ right: one, left: two }).note }
  })
  expect(Pipeline.graph(pipeline, {}).entries.map(({ name }) => name)).toEqual([
    "note[count=1]",
    "note[count=2]",
    "pair",
    "pair#2"
  ])
})

it.effect("a parameter without an exact form fails its node by name, and never gets a weaker key", () =>
  Effect.gen(function* () {
    const nan = build({}, () => ({ a: note({}, { rate: Number.NaN }).note, b: note({}, { rate: Infinity }).note }))
    const { nodes, status } = yield* runNotes(nan)
    expect(status).toBe("failed")
    expect(nodes.map(({ status, key, error }) => [status, key, error?.tag, error?.what])).toEqual([
      ["failed", null, "NotEncodable", "key of note.params.rate is NaN"],
      ["failed", null, "NotEncodable", "key of note.params.rate is Infinity"]
    ])
  })
)

it.effect("outputs that a variable's type hid, and outputs left out, fail the node by name", () =>
  Effect.gen(function* () {
    const one = { note: { value: 1 } }
    for (const [found, what] of [
      [{ ...one, more: 1 }, 'Stage "lax" yields, but does not declare, the output "more"'],
      [{}, 'Stage "lax" does not yield the output "note"']
    ] as const) {
      const lax = Stage.make({
        name: "lax",
        inputs: {},
        outputs: { note: Note },
        run: () => Effect.succeed(found as unknown as typeof one)
      })
      const [node] = (yield* runNotes(build({}, () => lax({})))).nodes
      expect(node?.error).toMatchObject({ tag: "DefinitionInvalid", what, expected: "exactly note" })
    }
  })
)

it("a value given from outside is decoded, or refused by name with a way out", () => {
  const pipeline = build(note.params, (params) => note({}, params))
  expect(Pipeline.decodeParams(pipeline, { count: 5, marks: [1, 2] })).toMatchObject({
    right: { count: 5, rate: 1, marks: new Set([1, 2]) }
  })
  const wrong = Pipeline.decodeParams(pipeline, { count: -1 })
  expect(wrong._tag === "Left" && wrong.left.message).toBe(
    'Param "count" is -1; expected a positive number. Try count: 3.'
  )
  const unknown = Pipeline.decodeParams(pipeline, { counts: 1 })
  expect(unknown._tag === "Left" && unknown.left.message).toContain(
    'Param "counts" is unknown to notes; expected one of'
  )
})

/** A function that makes a stage: what it is called with is in no key. */
const noteOf = (value: number) =>
  Stage.make({
    name: "note-of",
    inputs: {},
    params: { count: positive },
    outputs: { note: Note },
    run: () => Effect.succeed({ note: { value } })
  })
const [ones, twos] = [noteOf(1), noteOf(2)]
const twice = (where: string) =>
  `The name "note-of" stands for two definitions in ${where}; expected one definition a name. Make it once, at the top of stages/note-of.ts, and let a parameter say what varies.`

it("two definitions under one name are refused where the pipeline is made, also where their nodes differ", () => {
  expect(message(() => build({}, () => ({ a: ones({}).note, b: twos({}).note })))).toBe(twice("notes"))
  expect(message(() => build({}, () => ({ a: ones({}, { count: 1 }).note, b: twos({}, { count: 2 }).note })))).toBe(
    twice("notes")
  )
  expect(
    Pipeline.graph(
      build({}, () => ({ a: ones({}).note, b: ones({}).note })),
      {}
    ).entries.length
  ).toBe(1)
})

it("two sources under one name are refused where the pipeline is made", () => {
  const other = Source.make({ name: "list", artifact: Toys.ListFile, resolve: () => Effect.never })
  const make = () =>
    Pipeline.make({
      name: "lists",
      description: "Lists",
      params: {},
      build: () => ({ a: Toys.read({ file: Toys.list() }).numbers, b: Toys.read({ file: other() }).numbers })
    })
  expect(message(make)).toContain('The name "list" stands for two definitions in lists')
})

it("two definitions under one name are refused where parameters let them meet, in one graph or at two points", () => {
  const params = { how: Param.make(Schema.Literal("ones", "twos", "both"), "ones", "Which") }
  const pipeline = build(params, ({ how }) => ({
    ...(how === "twos" ? {} : { a: ones({}).note }),
    ...(how === "ones" ? {} : { b: twos({}).note })
  }))
  expect(message(() => Pipeline.graph(pipeline, { how: "both" }))).toBe(twice("notes"))
  const points = [{ how: "ones" }, { how: "twos" }] as const
  expect(message(() => Points.unionOf(pipeline, points, ["how"]))).toBe(twice("notes"))
})

it("two pipelines of one project that mean different stages by one name are refused together", () => {
  const using = (name: string, stage: typeof ones) =>
    Pipeline.make({ name, description: "Notes", params: {}, build: () => ({ a: stage({}).note }) })
  const [first, second] = [using("first", ones), using("second", twos)]
  expect(message(() => Pipeline.together([first, second]))).toBe(twice("first and second"))
  expect(Pipeline.together([first, first])).toEqual([first, first])
})

it.effect("a stage that another file made than that of its name has no code, and fails its node by name", () =>
  Effect.gen(function* () {
    const [made, file] = [noteOf(1), noteOf(1)]
    const pipeline = build({}, () => ({ a: made({}).note }))
    const codes = { "note-of": codeOf("any") }
    const runWith = (exported: unknown) => runNotes(pipeline, {}, Code.layer(codes, { "note-of": exported }))
    expect((yield* runWith(made)).status).toBe("done")
    const [node] = (yield* runWith(file)).nodes
    expect([node?.status, node?.key, node?.error]).toMatchObject([
      "failed",
      null,
      {
        tag: "StageMadeElsewhere",
        what: 'The stage "note-of" is not the one that stages/note-of.ts exports',
        expected: '"export const noteOf = …" there, used as it is'
      }
    ])
  })
)
