import { Either, Schema } from "effect"

/** What a parameter's schema must encode to: its key is exact. */
export type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [name: string]: Json }

export interface Param<A, I extends Json> {
  readonly schema: Schema.Schema<A, I>
  readonly default: A
  readonly description: string
}

// biome-ignore lint/suspicious/noExplicitAny: a parameter of any type; `Values` recovers it
export type AnyParam = Param<any, any>
export type Params = Readonly<Record<string, AnyParam>>
export type Values<P extends Params> = { readonly [K in keyof P]: P[K]["default"] }

/** A definition that contradicts itself: a default its own schema refuses, an unread parameter. Found when it is made. */
export class DefinitionInvalid extends Schema.TaggedError<DefinitionInvalid>()("DefinitionInvalid", {
  what: Schema.String,
  expected: Schema.String,
  fix: Schema.String
}) {
  override get message() {
    return `${this.what}; expected ${this.expected}. ${this.fix}`
  }
}

/** A value given for a parameter that its schema refuses. */
export class ParamInvalid extends Schema.TaggedError<ParamInvalid>()("ParamInvalid", {
  name: Schema.String,
  found: Schema.String,
  expected: Schema.String,
  fix: Schema.String
}) {
  override get message() {
    return `Param "${this.name}" is ${this.found}; expected ${this.expected}. ${this.fix}`
  }
}

/** Throws `DefinitionInvalid` where the default is refused: definitions are evaluated when the program starts. */
export const make = <A, I extends Json>(
  schema: Schema.Schema<A, I>,
  value: NoInfer<A>,
  description: string
): Param<A, I> => {
  const checked = Schema.validateEither(schema)(value)
  if (Either.isLeft(checked)) {
    throw new DefinitionInvalid({
      what: `The default ${JSON.stringify(value)} of the parameter "${description}" is refused by its own schema`,
      expected: expectation(schema),
      fix: "Change the default or the schema."
    })
  }
  return { schema, default: value, description }
}

/** A schema in words, from its annotations: "a positive number", "one of 96, 128". */
export const expectation = (schema: Schema.Schema.All): string => {
  const { ast } = schema
  if (ast._tag === "Union" && ast.types.every((type) => type._tag === "Literal")) {
    return `one of ${ast.types.map((type) => String((type as { readonly literal: unknown }).literal)).join(", ")}`
  }
  const found = ast.annotations[descriptionAnnotation] ?? ast.annotations[titleAnnotation]
  return typeof found === "string" ? found : String(schema)
}

const descriptionAnnotation = Symbol.for("effect/annotation/Description")
const titleAnnotation = Symbol.for("effect/annotation/Title")

/** Whether two stages mean the same by one name: the same definition, or an equal one. */
export const same = (a: AnyParam, b: AnyParam): boolean =>
  a === b || (String(a.schema) === String(b.schema) && JSON.stringify(a.default) === JSON.stringify(b.default))
