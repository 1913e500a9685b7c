import { Either, Predicate, Schema } from "effect"
import * as CanonicalJson from "../artifacts/CanonicalJson.ts"
import * as Digest from "../artifacts/Digest.ts"

/**
 * Raised whenever effect, apache-arrow, esbuild, or the code of the kernel (`bin/kernel.mjs`: `engine/`, `cache/` and the codecs
 * of `artifacts/`) gives an old key a new meaning or old content new bytes. The golden keys and golden bytes of the tests force it.
 */
export const FORMAT = 2

/**
 * A record whose values all pass, checked by hand: a sweep of a thousand points reads a hundred thousand digests of files,
 * and a schema asks many times as much for each.
 */
export const recordOf = <A>(
  what: string,
  is: (value: unknown) => value is A
): Schema.Schema<Readonly<Record<string, A>>> =>
  Schema.declare((value): value is Readonly<Record<string, A>> => isRecordOf(value, is), {
    identifier: `a record of ${what}`
  })
export const isRecordOf = <A>(
  value: unknown,
  is: (value: unknown) => value is A
): value is Readonly<Record<string, A>> => Predicate.isRecord(value) && Object.values(value).every(is)
export const Strings = recordOf("strings", Predicate.isString)

/** The source a result depends on: every file reached by import from the stage's own, and the packages among them. */
export const Code = Schema.Struct({
  /**
   * What enters a key: over the text of every file, stripped of types, comments and whitespace, where its imports lead, and
   * the packages. No path is in it, so that a file may move.
   */
  digest: Digest.Digest,
  /** For people, to say which file changed: path from the project's root to a digest of that file alone. */
  files: recordOf("digests", Digest.is),
  /** For people: package name to version, and some digits of the content; native parts under their own names. */
  packages: Strings
})
export type Code = typeof Code.Type

const Values = recordOf("values", (_): _ is unknown => true)

/** A streamed input: how its rows are made, down to the stored table under it. */
export interface Recipe {
  readonly stage: string
  /** The input whose rows it maps: the one that leads down to the stored table. */
  readonly over: string
  readonly params: Readonly<Record<string, unknown>>
  readonly inputs: Readonly<Record<string, Input>>
  readonly code: Code
  readonly facts: Readonly<Record<string, unknown>>
  /** Of stages that declare some. */
  readonly environment?: Readonly<Record<string, unknown>> | undefined
}
/** A content digest; a recipe where the input is streamed; a list where the stage takes many. */
export type Input = Digest.Digest | Recipe | ReadonlyArray<Input>

const Input: Schema.Schema<Input> = Schema.suspend(() =>
  Schema.Union(Schema.typeSchema(Digest.Digest), Recipe, Schema.Array(Input))
)
const Recipe: Schema.Schema<Recipe> = Schema.Struct({
  stage: Schema.String,
  over: Schema.String,
  params: Values,
  inputs: Schema.Record({ key: Schema.String, value: Input }),
  code: Schema.typeSchema(Code),
  facts: Values,
  environment: Schema.optional(Values)
})

/** Everything a node's result depends on, and nothing else. Kept with the result, so that two keys can be compared. */
export const KeyText = Schema.Struct({
  /** See `FORMAT`. */
  format: Schema.Int,
  stage: Schema.String,
  /** Encoded by their schemas; defaults included, so that changing a default counts. */
  params: Values,
  /** By content: an unchanged output of an upstream node stops the rerun. */
  inputs: Schema.Record({ key: Schema.String, value: Input }),
  code: Schema.typeSchema(Code),
  /** What of the machine may change the bytes: the native library's version, threads. */
  facts: Values,
  /** Variables of the environment that the stage declares: values, null where one is not set, digests of secrets. */
  environment: Schema.optional(Values),
  /** Output name to artifact@version. */
  outputs: Strings
})
export type KeyText = typeof KeyText.Type

export const Key = Schema.String.pipe(Schema.pattern(/^[0-9a-f]{64}$/), Schema.brand("Key"))
export type Key = typeof Key.Type

const isList = (input: Input): input is ReadonlyArray<Input> => Array.isArray(input)
/** Whether the input is streamed. */
export const isRecipe = (input: Input | undefined): input is Recipe =>
  typeof input === "object" && !Array.isArray(input)

/** The contents that a result is made of: under streamed inputs, those of the stored tables. */
export const contentsIn = (inputs: KeyText["inputs"]): ReadonlyArray<Digest.Digest> => {
  const below = (input: Input): ReadonlyArray<Digest.Digest> => {
    if (typeof input === "string") return [input]
    return isList(input) ? input.flatMap(below) : contentsIn(input.inputs)
  }
  return Object.values(inputs).flatMap(below)
}

/** As a key counts it: code by its digest, in the recipes of streamed inputs too. */
const counted = <Part extends KeyText | Recipe>(part: Part) => ({
  ...part,
  code: part.code.digest,
  inputs: Object.fromEntries(Object.entries(part.inputs).map(([name, input]) => [name, countedInput(input)]))
})
const countedInput = (input: Input): unknown =>
  typeof input === "string" ? input : isList(input) ? input.map(countedInput) : counted(input)

/**
 * The sha256 of the text as canonical JSON, in which code stands by its digest. A part that has no exact JSON form is an error
 * by name.
 */
export const ofText = (text: KeyText): Either.Either<Key, CanonicalJson.NotEncodable> =>
  Either.map(
    CanonicalJson.encode(counted(text), `key of ${text.stage}`),
    (json) => Digest.ofBytes(json) as string as Key
  )

/** Stands for a content that is not known before a node above has run. */
export const OPEN = "0".repeat(64) as Digest.Digest

const filled = (input: Input, from: Input | undefined): Input => {
  if (typeof input === "string") return input === OPEN && typeof from === "string" ? from : input
  if (isList(input)) return input.map((each, at) => filled(each, Array.isArray(from) ? from[at] : undefined))
  return isRecipe(from) ? { ...input, inputs: filledAll(input.inputs, from.inputs) } : input
}
const filledAll = (inputs: Recipe["inputs"], from: Recipe["inputs"]): Recipe["inputs"] =>
  Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, filled(input, from[name])]))

/**
 * The text with what another holds in the places of contents that it leaves open: the text of its key, should its inputs come
 * out as those of the other were.
 */
export const withContentsOf = (text: KeyText, other: KeyText): KeyText => ({
  ...text,
  inputs: filledAll(text.inputs, other.inputs)
})

/** Follows the row inputs down to the stored table; other inputs are whole tables, and stay what they are. */
const onChunk = (input: Input, chunk: Digest.Digest): Input => {
  if (typeof input === "string" || isList(input)) return chunk
  return { ...input, inputs: withChunk(input.inputs, input.over, chunk) }
}

const withChunk = (inputs: Recipe["inputs"], over: string, chunk: Digest.Digest): Recipe["inputs"] => ({
  ...inputs,
  [over]: onChunk(inputs[over] ?? chunk, chunk)
})

/** The text of one chunk's key: the node's, with the stored table under its row input `over` replaced by the chunk. */
export const forChunk = (text: KeyText, over: string, chunk: Digest.Digest): KeyText => ({
  ...text,
  inputs: withChunk(text.inputs, over, chunk)
})
