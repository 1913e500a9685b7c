import { Effect } from "effect"
import type { Stored } from "../../artifacts/Artifact.ts"
import type { Verified } from "../../artifacts/Verified.ts"
import type { Wire } from "../../engine/Node.ts"
import * as S from "./toy-stages.ts"

// Every line under an `@ts-expect-error` must not compile: `tsc` itself is the test, and nothing here is ever run. What it
// says there holds the text between backticks: messages.test.ts sees to that.

const { images } = S.ingest({})
const { normalized } = S.normalize({ images })
const { resized } = S.resizeTo224({ normalized })
const { features } = S.extractFeatures({ pixels: resized })
const { model } = S.train({ features: [features] })
declare const embeddings: Wire<typeof S.Embeddings, never, never, never>

// @ts-expect-error cells of 32x32 where 224x224 are wanted: `pixels takes Pixels with other columns, or with cells of another shape.`
S.extractFeatures({ pixels: normalized })
const { resized: anySize } = S.resize({ pixels: normalized }, { size: 96 })
// @ts-expect-error cells of a size that only the data knows where 224x224 are wanted: `Type 'number' is not assignable to type '224'`
S.extractFeatures({ pixels: anySize })

// @ts-expect-error a table where a model is wanted: `model takes Classifier, and is given Features.`
S.evaluate({ model: features, features })
// @ts-expect-error equal columns under another name: `features takes Features, and is given Embeddings.`
S.evaluate({ model, features: embeddings })
// @ts-expect-error equal columns under another name, in a list: `features takes Features, and is given Embeddings.`
S.train({ features: [embeddings] })

// @ts-expect-error a missing input: `Property 'model' is missing`
S.evaluate({ features })
// @ts-expect-error no inputs at all: `Type '{}' is missing the following properties`
S.evaluate({})
// @ts-expect-error an input too many, in a literal: `The stage has no input more.`
S.extractFeatures({ pixels: resized, more: resized })
const both = { pixels: resized, more: resized }
// @ts-expect-error an input too many, in a variable: `The stage has no input more.`
S.extractFeatures(both)
// @ts-expect-error an input of a stage that takes none: `The stage has no input images.`
S.ingest({ images })

// @ts-expect-error one wire where a list is wanted: `features takes a list of wires: [features].`
S.train({ features })
// @ts-expect-error a list where one wire is wanted: `features takes one wire, not a list of them.`
S.evaluate({ model, features: [features] })
// @ts-expect-error a list with another table in it: `features takes Features, and is given Pixels.`
S.train({ features: [features, resized] })
// @ts-expect-error everything a stage yields where one wire is wanted: `pixels takes one wire, not all outputs of a stage: name it, as in .resized`
S.extractFeatures({ pixels: S.resizeTo224({ normalized }) })
// @ts-expect-error the artifact instead of a wire: `pixels takes a wire, an output of a stage, not the artifact itself.`
S.extractFeatures({ pixels: S.Pixels224 })
// @ts-expect-error a value instead of a wire: `pixels takes a wire, an output of a stage or a source.`
S.extractFeatures({ pixels: 224 })
// @ts-expect-error a wire without the name of its input: `A stage is given its inputs by name, as in { images }, not one wire.`
S.extractFeatures(resized)
// @ts-expect-error an output that the stage does not have: `Property 'weights' does not exist`
S.train({ features: [features] }).weights

// @ts-expect-error a parameter of the wrong type: `Type 'string' is not assignable to type 'number'`
S.train({ features: [features] }, { epochs: "3" })
// @ts-expect-error an unknown parameter, in a literal: `Did you mean to write 'epochs'?`
S.train({ features: [features] }, { epoch: 3 })
const nothingShared = { lr: 3 }
// @ts-expect-error a variable that shares no parameter with the stage: `has no properties in common with type`
S.train({ features: [features] }, nothingShared)
// @ts-expect-error a parameter that is undefined: `Type 'undefined' is not assignable to type 'number'`
S.train({ features: [features] }, { epochs: undefined })
// @ts-expect-error a choice that is not one of the parameter's: `Type '97' is not assignable to type '96 | 128 | 224`
S.resize({ pixels: normalized }, { size: 97 })

// what fits: a fixed size where any is wanted, and the pipeline's parameters, of which a stage takes its own
S.resize({ pixels: normalized })
S.resize({ pixels: resized }, { size: 224 })
S.train({ features: [features, features] }, { epochs: 2, units: 3 } as { epochs: number; units: number; other: string })
S.train({ features: [] })

declare const stored: Stored
declare const hashed: Verified
S.Raw.decode(stored, () => Effect.succeed(hashed))
// @ts-expect-error bytes that nobody hashed where a table is decoded: `is not assignable to type 'Verified'`
S.Raw.decode(stored, () => Effect.succeed(new Uint8Array()))
// @ts-expect-error bytes that nobody hashed where a document is decoded: `is not assignable to type 'Verified'`
S.History.decode(stored, () => Effect.succeed(new Uint8Array()))
