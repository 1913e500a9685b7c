import * as Pipeline from "../../engine/Pipeline.ts"
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
