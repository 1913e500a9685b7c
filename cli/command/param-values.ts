import { Schema, SchemaAST } from "effect"
import { expectation } from "../../artifacts/SchemaRefusal.ts"
import type * as Param from "../../engine/Param.ts"

interface Bounds {
  readonly type?: string
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly exclusiveMaximum?: number
}

/** What the filters of a number say, which they tell for JSON Schema. */
const boundsOf = (ast: SchemaAST.AST): Bounds =>
  SchemaAST.isRefinement(ast)
    ? { ...boundsOf(ast.from), ...(ast.annotations[SchemaAST.JSONSchemaAnnotationId] as Bounds | undefined) }
    : {}

const isNumber = (ast: SchemaAST.AST): boolean =>
  SchemaAST.isRefinement(ast) ? isNumber(ast.from) : SchemaAST.isNumberKeyword(ast)

const numbersText = ({ type, minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Bounds): string => {
  const most = maximum ?? (exclusiveMaximum === undefined ? undefined : `below ${exclusiveMaximum}`)
  const least = exclusiveMinimum === undefined ? minimum : `above ${exclusiveMinimum}`
  if (least !== undefined && most !== undefined) return `${least} to ${most}`
  if (most !== undefined) return `up to ${most}`
  if (exclusiveMinimum !== undefined) return `${least}`
  if (least !== undefined) return `from ${least}`
  return type === "integer" ? "any whole number" : "any number"
}

/** More choices than these are better told as the parameter tells them. */
const MOST_CHOICES = 6

const textOf = (ast: SchemaAST.AST): string | null => {
  if (SchemaAST.isBooleanKeyword(ast)) return "true or false"
  if (SchemaAST.isLiteral(ast)) return String(ast.literal)
  if (isNumber(ast)) return numbersText(boundsOf(ast))
  if (!SchemaAST.isUnion(ast) || ast.types.length > MOST_CHOICES) return null
  const texts = ast.types.map(textOf)
  return texts.includes(null) ? null : `${texts.slice(0, -1).join(", ")} or ${texts.at(-1)}`
}

/** The values that a parameter takes, in as few words as help has room for: `1 to 65536`, `adam or sgd`. */
export const valuesText = (param: Param.AnyParam): string =>
  textOf(Schema.encodedBoundSchema(param.schema).ast) ?? expectation(param.schema)
