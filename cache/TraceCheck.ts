import { Predicate } from "effect"
import { KIND_NAME, PART_NAME, type Stored, type StoredPart } from "../artifacts/Artifact.ts"
import * as Digest from "../artifacts/Digest.ts"
import { type Code, type Input, isRecordOf, type KeyText, type Recipe } from "./Key.ts"
import type { ChunkCounts, Trace } from "./Trace.ts"

const { isRecord, isString } = Predicate
const isInt = (value: unknown): value is number => Number.isSafeInteger(value)

const isCode = (value: unknown): value is Code =>
  isRecord(value) &&
  Digest.is(value.digest) &&
  isRecordOf(value.files, Digest.is) &&
  isRecordOf(value.packages, isString)

/** What the text of a key and a recipe share. */
type Made = Pick<Recipe, "stage" | "params" | "inputs" | "code" | "facts" | "environment">
const isMade = (value: unknown): value is Made & Readonly<Record<string, unknown>> =>
  isRecord(value) &&
  isString(value.stage) &&
  isRecord(value.params) &&
  isRecordOf(value.inputs, isInput) &&
  isCode(value.code) &&
  isRecord(value.facts) &&
  (value.environment === undefined || isRecord(value.environment))

const isText = (value: unknown): boolean =>
  isString(value) || (Array.isArray(value) && value.every((piece) => isString(piece) || isSetting(piece)))
const isSetting = (value: unknown): boolean => isRecord(value) && isString(value.parameter)

const isRecipe = (value: unknown): value is Recipe => isMade(value) && isString(value.over)

const isInput = (value: unknown): value is Input =>
  Digest.is(value) || (Array.isArray(value) ? value.every(isInput) : isRecipe(value))

const isKeyText = (value: unknown): value is KeyText =>
  isMade(value) && isInt(value.format) && isRecordOf(value.outputs, isString)

const isPart = (value: unknown): value is StoredPart =>
  isRecord(value) &&
  isString(value.name) &&
  PART_NAME.test(value.name) &&
  Digest.is(value.object) &&
  isInt(value.bytes) &&
  (value.rows === null || isInt(value.rows)) &&
  Digest.is(value.content)

const isStored = (value: unknown): value is Stored =>
  isRecord(value) &&
  isString(value.artifact) &&
  isString(value.kind) &&
  KIND_NAME.test(value.kind) &&
  Digest.is(value.content) &&
  (value.rows === null || isInt(value.rows)) &&
  isInt(value.bytes) &&
  Array.isArray(value.parts) &&
  value.parts.every(isPart) &&
  "header" in value

const isChunkCounts = (value: unknown): value is ChunkCounts =>
  isRecord(value) && isInt(value.reused) && isInt(value.ran)

/**
 * What the schema of a trace says, asked by hand: a sweep of a thousand points reads two thousand traces, each for the
 * first and only time, and a schema's interpreter takes several times as long for one as its parsing does. What is refused
 * here is put to the schema, which says what is wrong with it; a test holds the two together.
 */
export const isTrace = (value: unknown): value is Trace =>
  isRecord(value) &&
  Digest.is(value.key) &&
  isKeyText(value.text) &&
  isString(value.pipeline) &&
  isString(value.node) &&
  isRecordOf(value.outputs, isStored) &&
  isRecordOf(value.labels, isString) &&
  typeof value.seconds === "number" &&
  (value.chunks === null || isChunkCounts(value.chunks)) &&
  (value.told === undefined || (Array.isArray(value.told) && value.told.every(isText))) &&
  isString(value.host) &&
  (value.by === undefined || isString(value.by)) &&
  isString(value.finished)
