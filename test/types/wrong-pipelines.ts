import { Context, Effect, Layer, Schema } from "effect"
import * as Document from "../../artifacts/Document.ts"
import * as Files from "../../artifacts/Files.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Source from "../../engine/Source.ts"
import * as Stage from "../../engine/Stage.ts"
import * as Project from "../../project/Project.ts"
import * as S from "./toy-stages.ts"

// Every line under an `@ts-expect-error` must not compile: `tsc` itself is the test, and nothing here is ever run. What it
// says there holds the text between backticks: messages.test.ts sees to that.

Pipeline.make({
  name: "bad",
  description: "Reads a parameter that it does not have",
  params: S.ingest.params,
  // @ts-expect-error no such parameter: `Property 'views' does not exist`
  build: ({ views }) => ({ images: S.ingest({}, { dataset: views }).images })
})

Pipeline.make({
  name: "bad",
  description: "Has a plain value for a parameter",
  // @ts-expect-error no parameter: `Type 'number' is not assignable to type 'AnyParam'`
  params: { epochs: 3 },
  build: () => ({ images: S.ingest({}).images })
})

Pipeline.make({
  name: "bad",
  description: "Yields what is no wire",
  params: {},
  // @ts-expect-error all outputs: `images takes one wire, not all outputs of a stage: name it, as in .images`
  build: () => ({ images: S.ingest({}) })
})

Pipeline.make({
  name: "bad",
  description: "Yields a value",
  params: {},
  // @ts-expect-error a number: `accuracy takes a wire, an output of a stage or a source.`
  build: () => ({ images: S.ingest({}).images, accuracy: 0.9 })
})

Pipeline.make({
  name: "bad",
  description: "Yields a list",
  params: {},
  // @ts-expect-error a list: `images takes one wire, not a list of them.`
  build: () => ({ images: [S.ingest({}).images] })
})

Pipeline.make({
  name: "bad",
  description: "Yields a wire without a name",
  params: {},
  // @ts-expect-error no name: `build returns results by name, as in { images: … }, not one wire.`
  build: () => S.ingest({}).images
})

Pipeline.make({
  name: "bad",
  description: "Yields nothing",
  params: {},
  // @ts-expect-error nothing: `Type 'void' is not assignable to type '{}'`
  build: () => {
    S.ingest({})
  }
})

class Scales extends Context.Tag("my/Scales")<Scales, { readonly grams: number }>() {}
const Weight = Document.make("Weight", 1, Schema.Struct({ grams: Schema.Number }))
const weigh = Stage.make({
  name: "weigh",
  inputs: {},
  outputs: { weight: Weight },
  run: () => Effect.map(Scales, ({ grams }) => ({ weight: { grams } }))
})
const calibrated = Source.make({
  name: "calibrated",
  artifact: Files.make("Calibrated", 1),
  resolve: () => Effect.zipRight(Scales, Effect.never)
})
const weighing = Pipeline.make({ name: "weighing", description: "", params: {}, build: () => weigh({}) })
const calibrating = Pipeline.make({
  name: "calibrating",
  description: "",
  params: {},
  build: () => ({ file: calibrated() })
})

Project.whole(
  Project.plain(),
  {
    // @ts-expect-error a service to run: `weighing needs my/Scales to run, which no layer gives: give one in headrace.config.ts, as in layer: async () => Live.`
    weighing
  },
  {}
)

Project.whole(
  Project.plain(),
  {
    // @ts-expect-error a service to be planned: `calibrating needs my/Scales to be planned, which no layer gives: give one in headrace.config.ts, as in planning: Live.`
    calibrating
  },
  {}
)

const scales = Layer.succeed(Scales, { grams: 1 })
Project.whole(Project.make({ layer: async () => scales, planning: scales }), { weighing, calibrating }, {})
