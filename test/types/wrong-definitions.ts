import { Effect, Schema } from "effect"
import * as Document from "../../artifacts/Document.ts"
import * as Param from "../../engine/Param.ts"
import * as Stage from "../../engine/Stage.ts"
import * as S from "./toy-stages.ts"

// Every line under an `@ts-expect-error` must not compile: `tsc` itself is the test, and nothing here is ever run.

declare const withRequirements: Schema.Schema<number, number, S.Network>

// @ts-expect-error a default of the wrong type
Param.make(Schema.Int, "3", "Passes")
// @ts-expect-error a default that is not one of the choices
Param.make(Schema.Literal(96, 128), 97, "Side")
// @ts-expect-error a schema that needs a service
Param.make(withRequirements, 3, "Passes")
// @ts-expect-error a schema that encodes to no JSON
Param.make(Schema.DateFromSelf, new Date(0), "Day")
// @ts-expect-error a schema that encodes to bigint
Param.make(Schema.BigIntFromSelf, 1n, "Count")
// @ts-expect-error a schema that encodes to undefined
Param.make(Schema.UndefinedOr(Schema.Int), 1, "Count")
// @ts-expect-error a document whose schema needs a service
Document.make("Bad", 1, withRequirements)

/** What does encode to JSON: also structures, and dates as text. */
const Layer = Schema.Union(
  Schema.TaggedStruct("Conv2d", { filters: Schema.Int }),
  Schema.TaggedStruct("Dense", { units: Schema.Int })
)
export const network = Param.make(Schema.Array(Layer), [{ _tag: "Conv2d", filters: 3 }], "Layers")
export const day = Param.make(Schema.Date, new Date(0), "Day")

Stage.make({
  name: "bad",
  inputs: {},
  outputs: { history: S.History },
  // @ts-expect-error an output is missing
  run: () => Effect.succeed({})
})

Stage.make({
  name: "bad",
  inputs: {},
  outputs: { history: S.History },
  // @ts-expect-error an output of the wrong type
  run: () => Effect.succeed({ history: { loss: ["a"] } })
})

Stage.make({
  name: "bad",
  inputs: {},
  outputs: { history: S.History },
  // @ts-expect-error an output that is not declared
  run: () => Effect.succeed({ history: { loss: [1] }, more: 1 })
})

const more = { history: { loss: [1] }, more: 1 }
Stage.make({
  name: "bad",
  inputs: {},
  outputs: { history: S.History },
  // @ts-expect-error an output that is not declared, in a variable
  run: () => Effect.succeed(more)
})

Stage.make({
  name: "bad",
  inputs: {},
  outputs: { history: S.History },
  errors: S.Diverged,
  run: () =>
    // @ts-expect-error an error that is not declared
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
    // @ts-expect-error an error where none is declared
    Effect.gen(function* () {
      yield* new S.Undecodable({ file: "x" })
      return { history: { loss: [1] } }
    })
})

Stage.make({
  name: "bad",
  inputs: { model: S.Classifier },
  outputs: { history: S.History },
  // @ts-expect-error an input that is not declared
  run: ({ weights }) => Effect.succeed({ history: { loss: [weights.length] } })
})

Stage.make({
  name: "bad",
  inputs: {},
  params: { epochs: Param.make(Schema.Int, 1, "Passes") },
  outputs: { history: S.History },
  // @ts-expect-error a parameter that is not declared
  run: (_, { epoch }) => Effect.succeed({ history: { loss: [epoch] } })
})

Stage.rows({
  name: "bad",
  keep: "stored",
  // @ts-expect-error the rows of an input that is not there
  over: "pixel",
  inputs: { pixels: S.Pixels224 },
  outputs: { pixels: S.Pixels224 },
  run: () => Effect.never
})

Stage.rows({
  name: "bad",
  keep: "stored",
  over: "pixels",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels224 },
  // @ts-expect-error rows of another shape than the output's
  run: (_inputs) => Effect.succeed((batch) => Effect.succeed(batch))
})

Stage.rows({
  name: "bad",
  keep: "stored",
  over: "pixels",
  inputs: { pixels: S.Pixels32 },
  // @ts-expect-error a row stage that yields a document
  outputs: { history: S.History },
  run: (_inputs) => Effect.never
})

Stage.rows({
  name: "bad",
  keep: "stored",
  over: "pixels",
  inputs: { pixels: S.Pixels32 },
  outputs: { pixels: S.Pixels32 },
  // @ts-expect-error the function of a batch needs a service: services are had once, before the first batch
  run: (_inputs) => Effect.succeed((batch) => Effect.as(S.Decoder, batch))
})

Stage.make({
  name: "bad",
  inputs: {},
  // @ts-expect-error variables of the environment are declared by name, never with values
  environment: { SCALE: "255" },
  outputs: { history: S.History },
  run: () => Effect.succeed({ history: { loss: [1] } })
})

Stage.make({
  name: "bad",
  inputs: {},
  // @ts-expect-error names are texts
  secrets: [42],
  outputs: { history: S.History },
  run: () => Effect.succeed({ history: { loss: [1] } })
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
