/**
 * Parsing of JSON that may be anything: how deep it nests is bounded before anything is made of it.
 *
 * @module
 */
import { ParseResult, Schema } from "effect"
import { Unbounded } from "./BoundedFile.ts"

/**
 * How deep arrays and objects of JSON that is read may lie in each other. Whatever walks a value does so by recursion and
 * would run out of stack; nothing that is written here nests as deep as this.
 */
export const MOST_DEPTH = 256

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Where the text that begins at `start` has its closing quote. */
const endOfText = (json: string, start: number): number => {
  for (let end = json.indexOf('"', start + 1); end >= 0; end = json.indexOf('"', end + 1)) {
    let before = end
    while (json.charCodeAt(before - 1) === BACKSLASH) before -= 1
    if ((end - before) % 2 === 0) return end
  }
  return json.length
}

/** How deep arrays and objects lie in each other, texts aside: found before anything is made of them. */
const depthOf = (json: string): number => {
  let depth = 0
  let deepest = 0
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) at = endOfText(json, at)
    // the two kinds of brackets differ in one bit: [ and {, ] and }
    else if ((code & 0xdf) === 0x5b) deepest = Math.max(deepest, ++depth)
    else if ((code & 0xdf) === 0x5d) depth -= 1
  }
  return deepest
}

/** The name of a field that becomes the prototype of what the fields are copied to, and no field of it: schemas copy them so. */
const PROTOTYPE = "__proto__"
/** What a text has in it that has such a field, as it is or escaped. */
const MAY_NAME = /__proto__|\\u00/

/** Whether an object in a value, however deep, has a field called `__proto__`. It is looked at without recursion. */
export const namesPrototype = (value: unknown): boolean => {
  const seen = new Set<unknown>()
  const left = [value]
  while (left.length > 0) {
    const next = left.pop()
    if (typeof next !== "object" || next === null || ArrayBuffer.isView(next) || seen.has(next)) continue
    if (Object.hasOwn(next, PROTOTYPE)) return true
    seen.add(next)
    for (const inner of Object.values(next)) if (typeof inner === "object") left.push(inner)
  }
  return false
}

/**
 * Parses a JSON text. Throws an `Unbounded` for one that nests deeper than `most` or has a field called `__proto__`, and a `SyntaxError`
 * for what is no JSON.
 */
export const parse = (json: string, most: number = MOST_DEPTH): unknown => {
  // each level takes a bracket to open and one to close
  const depth = json.length > 2 * most ? depthOf(json) : 0
  if (depth > most) throw new Unbounded({ message: `nests ${depth} deep, where ${most} is the most` })
  const value: unknown = JSON.parse(json)
  if (MAY_NAME.test(json) && namesPrototype(value)) throw new Unbounded({ message: `has a field called ${PROTOTYPE}` })
  return value
}

const Json = Schema.transformOrFail(Schema.String, Schema.Unknown, {
  strict: true,
  decode: (json, _, ast) =>
    ParseResult.try({
      try: () => parse(json),
      catch: (cause) =>
        new ParseResult.Type(ast, json, cause instanceof Unbounded ? `JSON that ${cause.message}` : `no JSON: ${cause}`)
    }),
  encode: (value) => ParseResult.succeed(JSON.stringify(value))
}).annotations({ identifier: "Json" })

/** The schema of a value that is written as a JSON text, which nests at most `MOST_DEPTH` deep. */
export const schema = <A, I, R>(value: Schema.Schema<A, I, R>): Schema.Schema<A, string, R> =>
  Schema.compose(Json, value, { strict: false })

/** Whether a value nests deeper than `most`, or without end. It is looked at without recursion, which such a value would exhaust. */
export const isDeeper = (value: unknown, most: number): boolean => {
  const left: Array<{ readonly value: unknown; readonly depth: number }> = [{ value, depth: 0 }]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next.value !== "object" || next.value === null || ArrayBuffer.isView(next.value)) continue
    const depth = next.depth + 1
    if (depth > most) return true
    for (const inner of Object.values(next.value)) if (typeof inner === "object") left.push({ value: inner, depth })
  }
  return false
}
