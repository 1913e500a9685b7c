import { Effect, Schema, type SchemaAST } from "effect"
import { Unbounded } from "../../artifacts/BoundedFile.ts"
import { expectation } from "../../artifacts/SchemaRefusal.ts"
import * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import { readParamJson } from "./param-json.ts"

/** The type that a parameter's text is read as: that of its encoded side. */
const kindOf = (ast: SchemaAST.AST): "string" | "number" | "boolean" | "json" => {
  switch (ast._tag) {
    case "StringKeyword":
    case "TemplateLiteral":
      return "string"
    case "NumberKeyword":
      return "number"
    case "BooleanKeyword":
      return "boolean"
    case "Literal":
      return typeof ast.literal === "string" || typeof ast.literal === "number" || typeof ast.literal === "boolean"
        ? (typeof ast.literal as "string")
        : "json"
    case "Refinement":
      return kindOf(ast.from)
    case "Union": {
      const kinds = new Set(ast.types.map(kindOf))
      const [only] = kinds
      return kinds.size === 1 && only !== undefined ? only : "json"
    }
    default:
      return "json"
  }
}

/** What was typed, as far as a message holds it. */
const MOST_SHOWN = 80
const shown = (text: string): string =>
  JSON.stringify(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text)

const invalid = (name: string, param: Param.AnyParam, text: string, expected: string, why = "") =>
  new Param.ParamInvalid({
    name,
    found: `${shown(text)}${why}`,
    expected,
    fix: Param.suggestion(name, param)
  })

/** The encoded value that a text stands for: numbers, booleans and strings as such, the rest JSON, or `@file.json`. */
export const parse = (
  name: string,
  param: Param.AnyParam,
  text: string
): Effect.Effect<unknown, Param.ParamInvalid> => {
  const expected = expectation(param.schema)
  switch (kindOf(Schema.encodedSchema(param.schema).ast)) {
    case "string":
      return Effect.succeed(text)
    case "number":
      return text.trim() !== "" && Number.isFinite(Number(text))
        ? Effect.succeed(Number(text))
        : invalid(name, param, text, expected)
    case "boolean":
      return text === "true" || text === "false"
        ? Effect.succeed(text === "true")
        : invalid(name, param, text, "true or false")
    case "json":
      return Effect.try({
        try: () => readParamJson(text),
        catch: (cause) => {
          const why = cause instanceof Unbounded ? `, which ${cause.message}` : ""
          return invalid(name, param, text, `${expected}, as JSON or @file.json of at most 1 MB`, why)
        }
      })
  }
}

/** A parameter's default as it would be typed. */
export const defaultText = (param: Param.AnyParam): string => JSON.stringify(Param.encodedDefault(param))

/** What was typed for parameters, by their names. */
export type Texts = ReadonlyMap<string, string>

/** The parameters that were given, encoded. */
export const given = (
  pipeline: Pipeline.AnyPipeline,
  texts: Texts
): Effect.Effect<Readonly<Record<string, unknown>>, Param.ParamInvalid> =>
  Effect.gen(function* () {
    const encoded: Record<string, unknown> = {}
    for (const [name, text] of texts) {
      const param = pipeline.params[name]
      if (param !== undefined) encoded[name] = yield* parse(name, param, text)
    }
    return encoded
  })

/** The pipeline's parameters from the texts that were given. */
export const decode = (
  pipeline: Pipeline.AnyPipeline,
  texts: Texts
): Effect.Effect<Readonly<Record<string, unknown>>, Param.ParamInvalid> =>
  Effect.flatMap(given(pipeline, texts), (encoded) => Pipeline.decodeParams(pipeline, encoded))
