/**
 * Parameters: typed values that a stage takes beside its inputs. They are in its key, and options on the command line.
 *
 * @module
 */
import { Either, Inspectable, Schema } from "effect"
import * as BoundedJson from "../artifacts/BoundedJson.ts"
import { fields, type Parts, TaggedError } from "../artifacts/Explained.ts"
import { expectation } from "../artifacts/SchemaRefusal.ts"
import * as Text from "../artifacts/Text.ts"

/** What the values of parameters encode to. A key holds this JSON, so that it must say the value exactly. */
export type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [name: string]: Json }

/** A parameter of a stage, source or pipeline. */
export interface Param<A, I extends Json> {
  readonly schema: Schema.Schema<A, I>
  /** The value where nobody gives one. */
  readonly default: A
  /** What help says of it. */
  readonly description: string
  /** Writes a value in a few words for names of nodes; null where it shall tell none apart. Without it they have its JSON. */
  readonly text: ((value: A) => string | null) | null
  /** Why no trials are to be chosen by results that have this value; null where they may, as without it. */
  readonly unfit?: (value: A) => string | null
  /** Why results that differ in it are measured by different things, so that none is the better; missing where they are not. */
  readonly incomparable?: string
  /** By what a definition is told from others, whatever its default is. */
  readonly of: symbol
}

/** A parameter of any type. */
// biome-ignore lint/suspicious/noExplicitAny: a parameter of any type; `Values` recovers it
export type AnyParam = Param<any, any>
/** Parameters by their names. */
export type Params = Readonly<Record<string, AnyParam>>
/** The values of parameters, by their names. */
export type Values<P extends Params> = { readonly [K in keyof P]: P[K]["default"] }

/** A definition contradicts itself, such as by a default that its own schema refuses. It is found when the definition is made. */
export class DefinitionInvalid extends TaggedError<DefinitionInvalid>()(
  "DefinitionInvalid",
  fields,
  ({ what, expected, fix }) => ({ what, expected, fix })
) {}

/** A parameter is given a value that its schema refuses. */
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

/**
 * Makes a parameter from a schema that encodes to JSON, a default, and what help says of it. Throws `DefinitionInvalid` where the
 * schema refuses the default. `text` writes a value in a few words, for names of nodes.
 *
 * @example
 * const units = Param.make(Schema.Int.pipe(Schema.positive()), 128, "Width of the hidden layer")
 */
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

/**
 * Gives a parameter another default, for a pipeline or a stage that shares it with others.
 *
 * @example
 * const shared = { epochs: Param.make(Schema.Int, 10, "Passes over the rows"), seed: Param.make(Schema.Int, 0, "Seed") }
 * const params = { ...shared, epochs: Param.withDefault(shared.epochs, 30) }
 */
export const withDefault = <A, I extends Json>(param: Param<A, I>, value: NoInfer<A>): Param<A, I> => ({
  ...param,
  ...make(param.schema, value, param.description, param.text),
  of: param.of
})

/**
 * Says of a parameter that results of some of its values are not to choose among trials by, such as those of a model that was chosen on the
 * very test images: a tune refuses them unless it is told twice. `why` gives a clause for such a value, and null for any other.
 */
export const unfit = <A, I extends Json>(
  param: Param<A, I>,
  why: (value: NoInfer<A>) => string | null
): Param<A, I> => ({ ...param, unfit: why })

/**
 * Says of a parameter that results which differ in it are measured by different things, such as by other images: a tune over it is refused.
 * `why` is a clause.
 */
export const incomparable = <A, I extends Json>(param: Param<A, I>, why: string): Param<A, I> => ({
  ...param,
  incomparable: why
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

/** How to mend a value that is refused: try the default, which is not. */
export const suggestion = (name: string, param: AnyParam): Text.Text =>
  Text.text`Try ${Text.setting(name, encodedDefault(param))}.`

/**
 * The values of all declared parameters: what is given, else the default, as where `undefined` is. Throws `DefinitionInvalid`, which names `of`, for a value
 * that its schema refuses.
 */
export const fill = (
  of: string,
  params: Params,
  given: Readonly<Record<string, unknown>>
): Readonly<Record<string, unknown>> => {
  const values: Record<string, unknown> = {}
  for (const name in params) {
    const param = params[name] as AnyParam
    const value = given[name] === undefined ? param.default : given[name]
    const isRefused = () => BoundedJson.namesPrototype(value) || !accepts(param, value)
    if (given[name] !== undefined && isRefused()) {
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

/** Encodes values, which their schemas accept, to the JSON that enters keys. */
export const encode = (
  params: Params,
  values: Readonly<Record<string, unknown>>
): Readonly<Record<string, unknown>> => {
  const json: Record<string, unknown> = {}
  for (const name in params) json[name] = encoded(params[name] as AnyParam, values[name])
  return json
}

const refusal = Symbol.for("headrace/Refusal")
type Refuse = (value: unknown) => Parts | null

/** Narrows a schema by a function that tells of a value what is wrong, what was expected and how to fix it; null where all is well. */
export const refusing = <A, I>(schema: Schema.Schema<A, I>, refuse: (value: A) => Parts | null): Schema.Schema<A, I> =>
  schema.pipe(Schema.filter((value) => refuse(value) === null)).annotations({ [refusal]: refuse })

/** What a schema that was made with `refusing` tells of an encoded value which it refuses; null for any other. */
export const refusalOf = ({ ast }: Schema.Schema.Any, value: unknown): Parts | null => {
  const refuse = ast.annotations[refusal] as Refuse | undefined
  if (refuse === undefined || ast._tag !== "Refinement") return null
  const decoded = Schema.decodeUnknownEither(Schema.make(ast.from))(value)
  return Either.isRight(decoded) ? refuse(decoded.right) : null
}

/**
 * Whether two parameters of one name mean the same: they are one definition, whatever their defaults, or have equal schemas and
 * defaults.
 */
export const same = (a: AnyParam, b: AnyParam): boolean =>
  a.of === b.of ||
  (String(a.schema) === String(b.schema) &&
    JSON.stringify(encode({ a }, { a: a.default })) === JSON.stringify(encode({ a: b }, { a: b.default })))
