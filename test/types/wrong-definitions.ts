import { Effect, Schema } from "effect"
import * as ArrowTable from "../../artifacts/ArrowTable.ts"
import type { Checkpoint } from "../../artifacts/Checkpoint.ts"
import { type Batch, tensor } from "../../artifacts/Column.ts"
import * as Document from "../../artifacts/Document.ts"
import * as Param from "../../engine/Param.ts"
import * as Stage from "../../engine/Stage.ts"
import * as S from "./toy-stages.ts"

// Every line under an `@ts-expect-error` must not compile: `tsc` itself is the test, and nothing here is ever run. What it
// says there holds the text between backticks: messages.test.ts sees to that.

const Names = ArrowTable.make("Names", 1, { name: "utf8", share: "float64", code: tensor([2], "uint8") })
declare const withRequirements: Schema.Schema<number, number, S.Network>

// @ts-expect-error a default of the wrong type: `'string' is not assignable to parameter of type 'number'`
Param.make(Schema.Int, "3", "Passes")
// @ts-expect-error a default that is not one of the choices: `'97' is not assignable to parameter of type '96 | 128'`
Param.make(Schema.Literal(96, 128), 97, "Side")
// @ts-expect-error a schema that needs a service: `Types of property 'Context' are incompatible`
Param.make(withRequirements, 3, "Passes")
// @ts-expect-error a schema that encodes to no JSON: `Type 'Date' is not assignable to type 'Json'`
Param.make(Schema.DateFromSelf, new Date(0), "Day")
// @ts-expect-error a schema that encodes to bigint: `'bigint' is not assignable to type 'Json'`
Param.make(Schema.BigIntFromSelf, 1n, "Count")
// @ts-expect-error a schema that encodes to undefined: `Type 'undefined' is not assignable to type 'Json'`
Param.make(Schema.UndefinedOr(Schema.Int), 1, "Count")
// @ts-expect-error a document whose schema needs a service: `Type 'Network' is not assignable to type 'never'`
Document.make("Bad", 1, withRequirements)

/** What does encode to JSON: also structures, and dates as text. */
const Layer = Schema.Union(
  Schema.TaggedStruct("Conv2d", { filters: Schema.Int }),
  Schema.TaggedStruct("Dense", { units: Schema.Int })
)
export const network = Param.make(Schema.Array(Layer), [{ _tag: "Conv2d", filters: 3 }], "Layers")
export const day = Param.make(Schema.Date, new Date(0), "Day")

// What `run` of Stage.make returns.

Stage.make({
  name: "bad",
  inputs: {},
  outputs: { history: S.History },
  // @ts-expect-error plain outputs: `run returns no Effect: give Effect.succeed({ … }) of plain outputs, or Effect.gen(function* () { … }).`
  run: () => ({ history: { loss: [1] } })
})

Stage.make({
  name: "bad",
  inputs: {},
  outputs: { history: S.History },
  // @ts-expect-error plain outputs, from statements: `run returns no Effect: give Effect.succeed({ … }) of plain outputs, or Effect.gen(function* () { … }).`
  run: (_inputs) => {
    return { history: { loss: [1] } }
  }
})

Stage.make({
  name: "bad",
  inputs: {},
  outputs: { history: S.History },
  // @ts-expect-error a promise: `run returns no Effect: give Effect.succeed({ … }) of plain outputs, or Effect.gen(function* () { … }).`
  run: async () => ({ history: { loss: [1] } })
})

Stage.make({
  name: "bad",
  inputs: {},
  outputs: { history: S.History },
  // @ts-expect-error nothing: `run returns no Effect: give Effect.succeed({ … }) of plain outputs, or Effect.gen(function* () { … }).`
  run: () => {}
})

Stage.make({
  name: "bad",
  inputs: {},
  outputs: { history: S.History },
  // @ts-expect-error an output is missing: `run does not yield history, which outputs declares.`
  run: () => Effect.succeed({})
})

Stage.make({
  name: "bad",
  inputs: {},
  outputs: { history: S.History },
  // @ts-expect-error the output itself, not by its name: `run does not yield history, which outputs declares.`
  run: () => Effect.succeed({ loss: [1] })
})

Stage.make({
  name: "bad",
  inputs: {},
  outputs: { history: S.History },
  // @ts-expect-error an output of the wrong type: `run yields for history what its artifact is not made of.`
  run: () => Effect.succeed({ history: { loss: ["a"] } })
})

Stage.make({
  name: "bad",
  inputs: {},
  outputs: { history: S.History },
  // @ts-expect-error where it differs: `The types of 'history.loss' are incompatible between these types.`
  run: () => Effect.succeed({ history: { loss: ["a"] } })
})

Stage.make({
  name: "bad",
  inputs: {},
  outputs: { history: S.History },
  // @ts-expect-error an output that is not declared: `run yields more, which is not declared: add it to outputs, or leave it out.`
  run: () => Effect.succeed({ history: { loss: [1] }, more: 1 })
})

const more = { history: { loss: [1] }, more: 1 }
Stage.make({
  name: "bad",
  inputs: {},
  outputs: { history: S.History },
  // @ts-expect-error an output that is not declared, in a variable: `run yields more, which is not declared`
  run: () => Effect.succeed(more)
})

Stage.make({
  name: "bad",
  inputs: {},
  outputs: { history: S.History },
  errors: S.Diverged,
  run: () =>
    // @ts-expect-error an error that is not declared: `run may fail with Undecodable, which is not declared: give errors its class`
    Effect.gen(function* () {
      yield* new S.Undecodable({ file: "x" })
      return { history: { loss: [1] } }
    })
})

Stage.make({
  name: "bad",
  inputs: {},
  outputs: { history: S.History },
  run: () =>
    // @ts-expect-error an error where none is declared: `run may fail with Undecodable, which is not declared: give errors its class`
    Effect.gen(function* () {
      yield* new S.Undecodable({ file: "x" })
      return { history: { loss: [1] } }
    })
})

Stage.make({
  name: "bad",
  inputs: {},
  outputs: { history: S.History },
  // @ts-expect-error an error without a name: `run may fail with an error without a _tag, which is not declared`
  run: () => Effect.fail(new Error("x"))
})

Stage.make({
  name: "bad",
  inputs: { model: S.Classifier },
  outputs: { history: S.History },
  // @ts-expect-error an input that is not declared: `Property 'weights' does not exist`
  run: ({ weights }) => Effect.succeed({ history: { loss: [weights.length] } })
})

Stage.make({
  name: "bad",
  inputs: {},
  params: { epochs: Param.make(Schema.Int, 1, "Passes") },
  outputs: { history: S.History },
  // @ts-expect-error a parameter that is not declared: `Property 'epoch' does not exist`
  run: (_, { epoch }) => Effect.succeed({ history: { loss: [epoch] } })
})

// What every stage declares.

Stage.make({
  name: "bad",
  // @ts-expect-error an input that is no artifact: `Type 'string' is not assignable to type 'InputSpec'`
  inputs: { model: "classifier" },
  outputs: { history: S.History },
  run: () => Effect.succeed({ history: { loss: [1] } })
})

Stage.make({
  name: "bad",
  inputs: {},
  // @ts-expect-error an output that is no artifact: `Type 'typeof Int' is not assignable to type 'AnyArtifact'`
  outputs: { history: Schema.Int },
  run: () => Effect.succeed({ history: 1 })
})

Stage.make({
  name: "bad",
  inputs: {},
  // @ts-expect-error a parameter that is a plain value: `Type 'number' is not assignable to type 'AnyParam'`
  params: { epochs: 3 },
  outputs: { history: S.History },
  run: () => Effect.succeed({ history: { loss: [1] } })
})

Stage.make({
  name: "bad",
  inputs: {},
  // @ts-expect-error variables of the environment are declared by name, never with values: `not exist in type 'readonly string[]'`
  environment: { SCALE: "255" },
  outputs: { history: S.History },
  run: () => Effect.succeed({ history: { loss: [1] } })
})

Stage.make({
  name: "bad",
  inputs: {},
  // @ts-expect-error names are texts: `Type 'number' is not assignable to type 'string'`
  secrets: [42],
  outputs: { history: S.History },
  run: () => Effect.succeed({ history: { loss: [1] } })
})

// Stage.rows.

Stage.rows({
  name: "bad",
  keep: "stored",
  // @ts-expect-error the rows of an input that is not there: `over names an input that is a table, such as pixels.`
  over: "pixel",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  run: (_inputs) => Effect.succeed((batch) => Effect.succeed(batch))
})

Stage.rows({
  name: "bad",
  keep: "stored",
  // @ts-expect-error the rows of a model: `over names an input that is a table, such as pixels.`
  over: "model",
  inputs: { model: S.Classifier, pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  run: (_inputs) => Effect.succeed((batch) => Effect.succeed(batch))
})

Stage.rows({
  name: "bad",
  keep: "stored",
  // @ts-expect-error the rows of a list of tables: `over names an input that is a table, and there is none: Stage.make takes all other artifacts.`
  over: "pixels",
  inputs: { pixels: Stage.many(S.Pixels32) },
  outputs: { pixels: S.Pixels32 },
  run: (_inputs) => Effect.succeed((batch) => Effect.succeed(batch))
})

Stage.rows({
  name: "bad",
  // @ts-expect-error rows that are kept in no known way: `Type '"memory"' is not assignable to type '"stored" | "streamed"'`
  keep: "memory",
  over: "pixels",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  run: (_inputs) => Effect.succeed((batch) => Effect.succeed(batch))
})

Stage.rows({
  name: "bad",
  keep: "stored",
  over: "pixels",
  inputs: { pixels: S.Pixels32 },
  // @ts-expect-error two outputs: `The output of Stage.rows is one table, and these are several`
  outputs: { pixels: S.Pixels32, features: S.Features },
  run: (_inputs) => Effect.succeed((batch) => Effect.succeed(batch))
})

Stage.rows({
  name: "bad",
  keep: "stored",
  over: "pixels",
  inputs: { pixels: S.Pixels32 },
  // @ts-expect-error a document as output: `The output of Stage.rows is a table, made by ArrowTable.make`
  outputs: { history: S.History },
  run: (_inputs) => Effect.never
})

Stage.rows({
  name: "bad",
  keep: "stored",
  over: "pixels",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  // @ts-expect-error run without its inputs: `Let run take its inputs, as in run: (_inputs) => …, so that the type of the batch is known.`
  run: () => Effect.succeed((batch) => Effect.succeed(batch))
})

Stage.rows({
  name: "bad",
  keep: "stored",
  over: "pixels",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  // @ts-expect-error the batch where the inputs are: `run gives no function of one batch: return Effect.succeed((batch) => …), which is called for batch after batch.`
  run: (batch) => Effect.succeed(batch)
})

Stage.rows({
  name: "bad",
  keep: "stored",
  over: "pixels",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  // @ts-expect-error a function without an effect around it: `run returns no Effect: give Effect.succeed((batch) => …), the function that is called for batch after batch.`
  run: (_inputs) => (batch: unknown) => Effect.succeed(batch)
})

Stage.rows({
  name: "bad",
  keep: "stored",
  over: "pixels",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  // @ts-expect-error a plain function of one batch: `The function of one batch returns no Effect: give Effect.succeed({ rows, columns }), or see Stage.map for plain functions.`
  run: (_inputs) => Effect.succeed((batch) => batch)
})

Stage.rows({
  name: "bad",
  keep: "stored",
  over: "pixels",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels224 },
  // @ts-expect-error rows of another shape than the output's: `The function of one batch makes other columns than the output has.`
  run: (_inputs) => Effect.succeed((batch) => Effect.succeed(batch))
})

Stage.rows({
  name: "bad",
  keep: "stored",
  over: "pixels",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels224 },
  // @ts-expect-error where they differ: `Type '32' is not assignable to type '224'`
  run: (_inputs) => Effect.succeed((batch) => Effect.succeed(batch))
})

Stage.rows({
  name: "bad",
  keep: "stored",
  over: "pixels",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  // @ts-expect-error a function of other batches: `The function of one batch takes another batch than over has.`
  run: (_inputs) => Effect.succeed((batch: Batch<typeof S.Pixels224.columns>) => Effect.die(batch))
})

Stage.rows({
  name: "bad",
  keep: "stored",
  over: "pixels",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  // @ts-expect-error a function of one batch that needs a service: `The function of one batch needs a service: take it in run, which has it once for all batches.`
  run: (_inputs) => Effect.succeed((batch) => Effect.as(S.Decoder, batch))
})

Stage.rows({
  name: "bad",
  keep: "stored",
  over: "pixels",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  // @ts-expect-error a function of one batch that fails in a way that is not declared: `run may fail with Undecodable, which is not declared`
  run: (_inputs) => Effect.succeed((_batch) => new S.Undecodable({ file: "x" }))
})

// Stage.map.

Stage.map({
  name: "bad",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  // @ts-expect-error an effect: `run returns an Effect: Stage.map takes plain functions of a row, Stage.rows those with effects.`
  run: (row) => Effect.succeed(row)
})

Stage.map({
  name: "bad",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  // @ts-expect-error a promise: `run returns a Promise: Stage.map takes functions that return the row itself, Stage.rows those with effects.`
  run: async (row) => row
})

Stage.map({
  name: "bad",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  // @ts-expect-error a column is missing: `run does not make label, a column of the output.`
  run: ({ image }) => ({ image })
})

Stage.map({
  name: "bad",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  // @ts-expect-error a column too many: `run makes name, which is no column of the output.`
  run: (row) => ({ ...row, name: "x" })
})

Stage.map({
  name: "bad",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  // @ts-expect-error bare numbers for a tensor: `TensorValues<readonly [32, 32, 3], Float32Array<ArrayBufferLike>>': shape, data`
  run: ({ image, label }) => ({ image: image.data, label })
})

Stage.map({
  name: "bad",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  // @ts-expect-error a text for a number: `Type 'string' is not assignable to type 'number'`
  run: ({ image }) => ({ image, label: "cat" })
})

Stage.map({
  name: "bad",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels224 },
  // @ts-expect-error a cell of another shape: `run makes for image what the column of the output does not hold.`
  run: (row) => row
})

Stage.map({
  name: "bad",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  // @ts-expect-error a column that rows do not have: `Property 'pixel' does not exist`
  run: ({ pixel, label }) => ({ image: pixel, label })
})

Stage.map({
  name: "bad",
  // @ts-expect-error two inputs: `The input of Stage.map is one table, and these are several`
  inputs: { pixels: S.Pixels32, more: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  run: (row) => row
})

Stage.map({
  name: "bad",
  // @ts-expect-error a model as input: `The input of Stage.map is a table, made by ArrowTable.make`
  inputs: { model: S.Classifier },
  outputs: { pixels: S.Pixels32 },
  run: (row) => row
})

Stage.map({
  name: "bad",
  inputs: { pixels: S.Pixels32 },
  // @ts-expect-error two outputs: `The output of Stage.map is one table, and these are several`
  outputs: { pixels: S.Pixels32, more: S.Pixels32 },
  run: (row) => row
})

// Stage.iterate.

declare const state: Checkpoint<string>
const iteration = <A, E>(finish: Effect.Effect<A, E>) => ({
  resume: () => Effect.void,
  step: () => Effect.succeed(null),
  save: Effect.succeed({ arrays: {}, texts: {} }),
  finish
})

Stage.iterate({
  name: "bad",
  inputs: {},
  params: { epochs: Param.make(Schema.Int, 1, "Passes") },
  // @ts-expect-error steps that count no parameter: `steps names a parameter that is a whole number, such as epochs.`
  steps: "epoch",
  state,
  outputs: { history: S.History },
  run: () => Effect.never
})

Stage.iterate({
  name: "bad",
  inputs: {},
  params: { name: Param.make(Schema.String, "x", "Name") },
  // @ts-expect-error steps that are no number: `steps names a parameter that is a whole number, and there is none.`
  steps: "name",
  state,
  outputs: { history: S.History },
  run: () => Effect.never
})

Stage.iterate({
  name: "bad",
  inputs: {},
  params: { epochs: Param.make(Schema.Int, 1, "Passes") },
  steps: "epochs",
  state,
  outputs: { history: S.History },
  // @ts-expect-error outputs where an iteration is wanted: `run gives no iteration, an Effect of { resume, step, save, finish }.`
  run: () => Effect.succeed({ history: { loss: [1] } })
})

Stage.iterate({
  name: "bad",
  inputs: {},
  params: { epochs: Param.make(Schema.Int, 1, "Passes") },
  steps: "epochs",
  state,
  outputs: { history: S.History },
  // @ts-expect-error an iteration without an effect around it: `run returns no Effect: give Effect.succeed({ resume, step, save, finish }), or Effect.gen`
  run: () => iteration(Effect.succeed({ history: { loss: [1] } }))
})

Stage.iterate({
  name: "bad",
  inputs: {},
  params: { epochs: Param.make(Schema.Int, 1, "Passes") },
  steps: "epochs",
  state,
  outputs: { history: S.History },
  // @ts-expect-error an output is missing: `run does not yield history, which outputs declares.`
  run: () => Effect.succeed(iteration(Effect.succeed({})))
})

Stage.iterate({
  name: "bad",
  inputs: {},
  params: { epochs: Param.make(Schema.Int, 1, "Passes") },
  steps: "epochs",
  state,
  outputs: { history: S.History },
  // @ts-expect-error a step that fails in a way that is not declared: `run may fail with Diverged, which is not declared`
  run: () => Effect.succeed(iteration(new S.Diverged({ epoch: 1 })))
})

Stage.iterate({
  name: "bad",
  inputs: {},
  params: { epochs: Param.make(Schema.Int, 1, "Passes") },
  steps: "epochs",
  state,
  outputs: { history: S.History },
  // @ts-expect-error the number of its steps: `Property 'epochs' does not exist`
  run: (_inputs, { epochs }) => Effect.succeed(iteration(Effect.succeed({ history: { loss: [epochs] } })))
})

// What is right: literals, rows and parameters have their types from what is declared.

const Kinds = Document.make("Kinds", 1, Schema.Struct({ kind: Schema.Literal("a", "b"), at: Schema.Tuple(Schema.Int) }))
Stage.make({
  name: "good",
  inputs: {},
  outputs: { kinds: Kinds },
  run: (_inputs) => Effect.as(S.Network, { kinds: { kind: "a", at: [1] } })
})

Stage.map({
  name: "good",
  inputs: { pixels: S.Pixels32 },
  params: { by: Param.make(Schema.Number, 2, "Factor") },
  outputs: { pixels: S.Pixels32 },
  keep: "stored",
  run: ({ image, label }, { by }, room) => {
    const scaled = room.image([32, 32, 3])
    for (const [at, value] of image.data.entries()) scaled.data[at] = value * by
    return { image: scaled, label }
  }
})

Stage.map({
  name: "good",
  inputs: { pixels: S.PixelsAny },
  outputs: { names: Names },
  run: ({ label }) => ({
    name: `class ${label}`,
    share: label / 10,
    code: { shape: [2], data: Uint8Array.of(label, 0) }
  })
})

/** All kinds of stages declare them. */
Stage.rows({
  name: "good",
  keep: "streamed",
  over: "pixels",
  environment: ["SCALE"],
  secrets: ["TOKEN"],
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  run: (_inputs) => Effect.succeed((batch) => Effect.succeed(batch))
})
Stage.map({
  name: "good",
  environment: ["SCALE"],
  secrets: ["TOKEN"],
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  run: (row) => row
})
