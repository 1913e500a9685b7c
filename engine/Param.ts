import { Either, Inspectable, Schema } from "effect"
import { fields, type Parts, TaggedError } from "../artifacts/Explained.ts"
import * as Text from "../artifacts/Text.ts"

/** What a parameter's schema must encode to: its key is exact. */
export type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [name: string]: Json }

export interface Param<A, I extends Json> {
  readonly schema: Schema.Schema<A, I>
  readonly default: A
  readonly description: string
  /** A value in a few words, for names of nodes, or null where it is to tell none apart; JSON where there is no function. */
  readonly text: ((value: A) => string | null) | null
  /** What tells a definition from others, whatever its default. */
  readonly of: symbol
}

// biome-ignore lint/suspicious/noExplicitAny: a parameter of any type; `Values` recovers it
export type AnyParam = Param<any, any>
export type Params = Readonly<Record<string, AnyParam>>
export type Values<P extends Params> = { readonly [K in keyof P]: P[K]["default"] }

/** A definition that contradicts itself: a default its own schema refuses, an unread parameter. Found when it is made. */
export class DefinitionInvalid extends TaggedError<DefinitionInvalid>()(
  "DefinitionInvalid",
  fields,
  ({ what, expected, fix }) => ({ what, expected, fix })
) {}

/** A value given for a parameter that its schema refuses. */
export class ParamInvalid extends TaggedError<ParamInvalid>()(
  "ParamInvalid",
  {
    name: Schema.String,
    found: Text.Text,
    expected: Text.Text,
    fix: Text.Text
  },
  ({ name, found, expected, fix }) => ({ what: Text.text`Param "${name}" is ${found}`, expected, fix })
) {}

/** Throws `DefinitionInvalid` where the default is refused: definitions are evaluated when the program starts. */
export const make = <A, I extends Json>(
  schema: Schema.Schema<A, I>,
  value: NoInfer<A>,
  description: string,
  text: ((value: NoInfer<A>) => string | null) | null = null
): Param<A, I> => {
  const checked = Schema.validateEither(schema)(value)
  if (Either.isLeft(checked)) {
    throw new DefinitionInvalid({
      what: `The default ${Inspectable.toStringUnknown(value, 0)} of the parameter "${description}" is refused by its own schema`,
      expected: expectation(schema),
      fix: "Change the default or the schema."
    })
  }
  return { schema, default: value, description, text, of: Symbol(description) }
}

/** The same parameter as a pipeline or another stage offers it, with a default of its own. */
export const withDefault = <A, I extends Json>(param: Param<A, I>, value: NoInfer<A>): Param<A, I> => ({
  ...make(param.schema, value, param.description, param.text),
  of: param.of
})

/**
 * What a function of a parameter gave for a value, where that is no object: a sweep asks the same of a thousand graphs.
 */
const remembered = <A>(of: (param: AnyParam, value: unknown) => A) => {
  const known = new WeakMap<AnyParam, Map<unknown, A>>()
  return (param: AnyParam, value: unknown): A => {
    if (typeof value === "object" && value !== null) return of(param, value)
    const own = known.get(param) ?? new Map<unknown, A>()
    known.set(param, own)
    if (!own.has(value)) own.set(value, of(param, value))
    return own.get(value) as A
  }
}

const accepts = remembered(({ schema }, value) => Either.isRight(Schema.validateEither(schema)(value)))
const encoded = remembered(({ schema }, value): unknown => Schema.encodeSync(schema)(value))

/** A parameter's default as the JSON that enters keys. */
export const encodedDefault = (param: AnyParam): unknown => encoded(param, param.default)

/** How to mend a value that is refused: the default, which is none. */
export const suggestion = (name: string, param: AnyParam): Text.Text =>
  Text.text`Try ${Text.setting(name, encodedDefault(param))}.`

/** Every declared parameter: what the call gives, else the default. Throws `DefinitionInvalid` on a value that is refused. */
export const fill = (
  of: string,
  params: Params,
  given: Readonly<Record<string, unknown>>
): Readonly<Record<string, unknown>> => {
  const values: Record<string, unknown> = {}
  for (const name in params) {
    const param = params[name] as AnyParam
    const value = name in given ? given[name] : param.default
    if (name in given && !accepts(param, value)) {
      throw new DefinitionInvalid({
        what: `${of} is given ${Inspectable.toStringUnknown(value, 0)} for the parameter "${name}"`,
        expected: expectation(param.schema),
        fix: "Correct the call in the pipeline's build."
      })
    }
    values[name] = value
  }
  return values
}

/** Values that their schemas accept, as the JSON that enters keys. */
export const encode = (
  params: Params,
  values: Readonly<Record<string, unknown>>
): Readonly<Record<string, unknown>> => {
  const json: Record<string, unknown> = {}
  for (const name in params) json[name] = encoded(params[name] as AnyParam, values[name])
  return json
}

/** A schema in words, from its annotations or its choices: "a positive number", "one of 96, 128". */
export const expectation = (schema: Schema.Schema.All): string => {
  const { ast } = schema
  const described = ast.annotations[descriptionAnnotation]
  if (typeof described === "string") return described
  if (ast._tag === "Union" && ast.types.every((type) => type._tag === "Literal")) {
    return `one of ${ast.types.map((type) => String((type as { readonly literal: unknown }).literal)).join(", ")}`
  }
  const found = ast.annotations[titleAnnotation]
  return typeof found === "string" ? found : String(schema)
}

const refusal = Symbol.for("headrace/Refusal")
type Refuse = (value: unknown) => Parts | null

/** A schema without the values that `refuse` tells of: what is wrong with one, what was expected and how to fix it. */
export const refusing = <A, I>(schema: Schema.Schema<A, I>, refuse: (value: A) => Parts | null): Schema.Schema<A, I> =>
  schema.pipe(Schema.filter((value) => refuse(value) === null)).annotations({ [refusal]: refuse })

/** What the schema itself tells of an encoded value that it refuses; null where it tells nothing. */
export const refusalOf = ({ ast }: Schema.Schema.Any, value: unknown): Parts | null => {
  const refuse = ast.annotations[refusal] as Refuse | undefined
  if (refuse === undefined || ast._tag !== "Refinement") return null
  const decoded = Schema.decodeUnknownEither(Schema.make(ast.from))(value)
  return Either.isRight(decoded) ? refuse(decoded.right) : null
}

const descriptionAnnotation = Symbol.for("effect/annotation/Description")
const titleAnnotation = Symbol.for("effect/annotation/Title")

/** Whether two stages mean the same by one name: the same definition, whatever its default here, or an equal one. */
export const same = (a: AnyParam, b: AnyParam): boolean =>
  a.of === b.of ||
  (String(a.schema) === String(b.schema) &&
    JSON.stringify(encode({ a }, { a: a.default })) === JSON.stringify(encode({ a: b }, { a: b.default })))
