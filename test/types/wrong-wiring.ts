import { Effect } from "effect"
import type { Stored } from "../../artifacts/Artifact.ts"
import type { Verified } from "../../artifacts/Verified.ts"
import type { Wire } from "../../engine/Node.ts"
import * as S from "./toy-stages.ts"

// Every line under an `@ts-expect-error` must not compile: `tsc` itself is the test, and nothing here is ever run.

const { images } = S.ingest({})
const { normalized } = S.normalize({ images })
const { resized } = S.resizeTo224({ normalized })
const { features } = S.extractFeatures({ pixels: resized })
const { model } = S.train({ features: [features] })
declare const embeddings: Wire<typeof S.Embeddings, never, never, never>

// @ts-expect-error cells of 32x32 where 224x224 are wanted
S.extractFeatures({ pixels: normalized })
const { resized: anySize } = S.resize({ pixels: normalized }, { size: 96 })
// @ts-expect-error cells of a size that only the data knows where 224x224 are wanted
S.extractFeatures({ pixels: anySize })

// @ts-expect-error a table where a model is wanted
S.evaluate({ model: features, features })
// @ts-expect-error equal columns under another name
S.evaluate({ model, features: embeddings })
// @ts-expect-error equal columns under another name, in a list
S.train({ features: [embeddings] })

// @ts-expect-error a missing input
S.evaluate({ features })
// @ts-expect-error no inputs at all
S.evaluate({})
// @ts-expect-error an input too many, in a literal
S.extractFeatures({ pixels: resized, more: resized })
const both = { pixels: resized, more: resized }
// @ts-expect-error an input too many, in a variable
S.extractFeatures(both)
// @ts-expect-error an input of a stage that takes none
S.ingest({ images })

// @ts-expect-error one wire where a list is wanted
S.train({ features })
// @ts-expect-error a list where one wire is wanted
S.evaluate({ model, features: [features] })
// @ts-expect-error a list with another table in it
S.train({ features: [features, resized] })
// @ts-expect-error everything a stage yields where one wire is wanted
S.extractFeatures({ pixels: S.resizeTo224({ normalized }) })
// @ts-expect-error an output that the stage does not have
S.train({ features: [features] }).weights

// @ts-expect-error a parameter of the wrong type
S.train({ features: [features] }, { epochs: "3" })
// @ts-expect-error an unknown parameter, in a literal
S.train({ features: [features] }, { epoch: 3 })
const nothingShared = { lr: 3 }
// @ts-expect-error a variable that shares no parameter with the stage
S.train({ features: [features] }, nothingShared)
// @ts-expect-error a parameter that is undefined
S.train({ features: [features] }, { epochs: undefined })
// @ts-expect-error a choice that is not one of the parameter's
S.resize({ pixels: normalized }, { size: 97 })

// what fits: a fixed size where any is wanted, and the pipeline's parameters, of which a stage takes its own
S.resize({ pixels: normalized })
S.resize({ pixels: resized }, { size: 224 })
S.train({ features: [features, features] }, { epochs: 2, units: 3 } as { epochs: number; units: number; other: string })
S.train({ features: [] })

declare const stored: Stored
declare const hashed: Verified
S.Raw.decode(stored, () => Effect.succeed(hashed))
// @ts-expect-error bytes that nobody hashed where a table is decoded
S.Raw.decode(stored, () => Effect.succeed(new Uint8Array()))
// @ts-expect-error bytes that nobody hashed where a document is decoded
S.History.decode(stored, () => Effect.succeed(new Uint8Array()))
