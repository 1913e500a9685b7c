import { Schema } from "effect"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as S from "./toy-stages.ts"

// Uses of a pipeline that must not compile, as in wrong-pipelines.ts.

const extracting = Pipeline.make({
  name: "extracting",
  description: "Yields images and a history",
  params: S.ingest.params,
  build: (params) => {
    const { images } = S.ingest({}, params)
    const { features } = S.extractFeatures({ pixels: S.resizeTo224(S.normalize({ images })).resized })
    const { history } = S.train({ features: [features] })
    return { images, history }
  }
})
const top = Param.make(Schema.Int, 3, "How many")

Pipeline.withUse(extracting, {
  name: "bad",
  description: "Goes on from what the pipeline does not make",
  params: {},
  // @ts-expect-error no such result: `Property 'model' does not exist`
  build: (_, { model }) => ({ images: S.normalize({ images: model }).normalized })
})

Pipeline.withUse(extracting, {
  name: "bad",
  description: "Gives a stage what is of another kind",
  params: {},
  // @ts-expect-error a history: `images takes Images, and is given History.`
  build: (_, { history }) => ({ normalized: S.normalize({ images: history }).normalized })
})

Pipeline.withUse(extracting, {
  name: "bad",
  description: "Yields a value",
  params: {},
  // @ts-expect-error a number: `accuracy takes a wire, an output of a stage or a source.`
  build: (_, { images }) => ({ images, accuracy: 0.9 })
})

Pipeline.withUse(extracting, {
  name: "bad",
  description: "Reads a parameter that neither has",
  params: { top },
  // @ts-expect-error no such parameter: `Property 'bottom' does not exist`
  build: ({ top, bottom }, { images }) => ({ normalized: S.normalize({ images }, { top, bottom }).normalized })
})

Pipeline.withUse(extracting, {
  name: "bad",
  description: "Decides a parameter that is not its own",
  params: { top },
  reads: () => ({ images: S.ingest({}).images }),
  // @ts-expect-error the pipeline's own: `has no properties in common with type 'Partial<Values<`
  settings: ({ images }) => ({ dataset: images.content }),
  build: (_, { images }) => ({ normalized: S.normalize({ images }).normalized })
})

Pipeline.withUse(extracting, {
  name: "bad",
  description: "Decides a parameter by what it does not read",
  params: { top },
  reads: () => ({ images: S.ingest({}).images }),
  // @ts-expect-error no such output: `Property 'labels' does not exist`
  settings: ({ labels }) => ({ top: labels.rows }),
  build: (_, { images }) => ({ normalized: S.normalize({ images }).normalized })
})
