import { type Kind, PART_NAME, Stored, type StoredPart } from "../artifacts/Artifact.ts"
import * as Digest from "../artifacts/Digest.ts"
import type { Code, Input, KeyText, Recipe } from "./Key.ts"
import type { ChunkCounts, Trace } from "./Trace.ts"

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const isString = (value: unknown): value is string => typeof value === "string"
const isInt = (value: unknown): value is number => Number.isSafeInteger(value)
const isRecord = <A>(value: unknown, is: (value: unknown) => value is A): value is Readonly<Record<string, A>> => {
  if (!isFields(value)) return false
  for (const name in value) if (!is(value[name])) return false
  return true
}

const isCode = (value: unknown): value is Code =>
  isFields(value) && isRecord(value.files, Digest.is) && isRecord(value.packages, isString)

const isRecipe = (value: unknown): value is Recipe =>
  isFields(value) &&
  isString(value.stage) &&
  isString(value.over) &&
  isFields(value.params) &&
  isRecord(value.inputs, isInput) &&
  isCode(value.code) &&
  isFields(value.facts)

const isInput = (value: unknown): value is Input =>
  Digest.is(value) || (Array.isArray(value) ? value.every(isInput) : isRecipe(value))

const isKeyText = (value: unknown): value is KeyText =>
  isFields(value) &&
  isInt(value.format) &&
  isString(value.stage) &&
  isFields(value.params) &&
  isRecord(value.inputs, isInput) &&
  isCode(value.code) &&
  isFields(value.facts) &&
  isRecord(value.outputs, isString)

const kinds: ReadonlySet<unknown> = new Set<Kind>(Stored.fields.kind.literals)

const isPart = (value: unknown): value is StoredPart =>
  isFields(value) &&
  isString(value.name) &&
  PART_NAME.test(value.name) &&
  Digest.is(value.object) &&
  isInt(value.bytes) &&
  (value.rows === null || isInt(value.rows)) &&
  Digest.is(value.content)

const isStored = (value: unknown): value is Stored =>
  isFields(value) &&
  isString(value.artifact) &&
  kinds.has(value.kind) &&
  Digest.is(value.content) &&
  (value.rows === null || isInt(value.rows)) &&
  isInt(value.bytes) &&
  Array.isArray(value.parts) &&
  value.parts.every(isPart) &&
  "header" in value

const isChunkCounts = (value: unknown): value is ChunkCounts =>
  isFields(value) && isInt(value.reused) && isInt(value.ran)

/**
 * What the schema of a trace says, asked by hand: a sweep of a thousand points reads two thousand traces, each for the
 * first and only time, and a schema's interpreter takes several times as long for one as its parsing does. What is refused
 * here is put to the schema, which says what is wrong with it; a test holds the two together.
 */
export const isTrace = (value: unknown): value is Trace =>
  isFields(value) &&
  Digest.is(value.key) &&
  isKeyText(value.text) &&
  isString(value.pipeline) &&
  isString(value.node) &&
  isRecord(value.outputs, isStored) &&
  isRecord(value.labels, isString) &&
  typeof value.seconds === "number" &&
  (value.chunks === null || isChunkCounts(value.chunks)) &&
  isString(value.host) &&
  isString(value.finished)
