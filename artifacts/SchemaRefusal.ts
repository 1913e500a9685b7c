/**
 * What a schema's refusal tells people: an Effect `ParseError` is a tree of several lines, of which one leaf says what is wrong.
 *
 * @module
 */
import { Inspectable, type ParseResult, Schema, SchemaAST } from "effect"
import * as Masked from "./Masked.ts"

/** A refusal as two parts of a sentence: what was found where, and what the schema expects there. */
export interface Refusal {
  readonly what: string
  readonly expected: string
}

/** A value may be a whole document, and a message is one line. */
const MOST_LETTERS = 60

const written = (value: unknown): string => {
  // before it is cut: half of a password would not be known for one
  const text = Masked.urls(typeof value === "string" ? JSON.stringify(value) : Inspectable.toStringUnknown(value, 0))
  return text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/

/** `value.rows[0].slope`, as a program writes it. */
const placeOf = (path: ReadonlyArray<PropertyKey>): string =>
  `value${path
    .map((key) =>
      typeof key === "string" && IDENTIFIER.test(key)
        ? `.${key}`
        : `[${typeof key === "string" ? JSON.stringify(key) : String(key)}]`
    )
    .join("")}`

/** What a schema expects, in words that its annotations or its choices give: "a positive number", "one of 96, 128". */
export const expectation = ({ ast }: Schema.Schema.All): string => {
  const described = ast.annotations[SchemaAST.DescriptionAnnotationId]
  if (typeof described === "string") return described
  const choices = SchemaAST.isUnion(ast) ? ast.types.filter(SchemaAST.isLiteral) : []
  if (SchemaAST.isUnion(ast) && choices.length === ast.types.length)
    return `one of ${choices.map(({ literal }) => String(literal)).join(", ")}`
  const found = ast.annotations[SchemaAST.TitleAnnotationId]
  return typeof found === "string" ? found : String(ast)
}

const expected = (ast: SchemaAST.AST): string => expectation(Schema.make(ast))

/** The first leaf below an issue. A union's members were all tried, so that none of them says more than the union itself. */
const told = (issue: ParseResult.ParseIssue, path: ReadonlyArray<PropertyKey>): Refusal => {
  switch (issue._tag) {
    case "Pointer":
      return told(issue.issue, path.concat(issue.path))
    case "Composite": {
      if (SchemaAST.isUnion(issue.ast)) break
      const [first] = [issue.issues].flat() as ReadonlyArray<ParseResult.ParseIssue>
      return first === undefined ? { what: placeOf(path), expected: expected(issue.ast) } : told(first, path)
    }
    case "Refinement":
      // a filter's own words say more than the name of the schema that it narrows
      if (issue.kind === "Predicate" && issue.issue._tag === "Type" && issue.issue.message === undefined) break
      return told(issue.issue, path)
    case "Transformation":
      return told(issue.issue, path)
    case "Missing":
      return { what: `${placeOf(path)} is missing`, expected: issue.message ?? expected(issue.ast.type) }
    case "Unexpected":
      return { what: `${placeOf(path)} is ${written(issue.actual)}`, expected: "no such field" }
    case "Type":
    case "Forbidden":
      return { what: `${placeOf(path)} is ${written(issue.actual)}`, expected: issue.message ?? expected(issue.ast) }
  }
  return { what: `${placeOf(path)} is ${written(issue.actual)}`, expected: expected(issue.ast) }
}

/** What was found and what was expected, for an error of three parts. */
export const refusalOf = ({ issue }: ParseResult.ParseError): Refusal => told(issue, [])

/** Both as one part of a sentence that expects something of its own. */
export const phrase = (error: ParseResult.ParseError): string => {
  const { what, expected } = refusalOf(error)
  return `${what} (it should be ${expected})`
}
