/**
 * JSON with one text for each value, so that its bytes can be hashed: the form of keys and of documents.
 *
 * @module
 */
import { Either, Schema } from "effect"
import { MOST_DEPTH as MOST_READ } from "./BoundedJson.ts"
import * as Explained from "./Explained.ts"

/** What has an exact JSON form, as a part of a sentence. */
export const EXPECTED = "a finite number, string, boolean, null, array or plain object"

/** A part of a key or a document has no exact JSON form. That is an error which names it, and never a weaker key. */
export class NotEncodable extends Explained.TaggedError<NotEncodable>()(
  "NotEncodable",
  {
    path: Schema.String,
    what: Schema.String
  },
  ({ path, what }) => ({
    what: `${path} is ${what}`,
    expected: EXPECTED,
    fix: "Give it a schema that encodes to JSON."
  })
) {}

class Stop extends Error {
  constructor(readonly failure: NotEncodable) {
    super()
  }
}

/** Its path would be as long as it is deep: the whole value is what is refused. */
class TooDeep extends Error {}

const describe = (value: unknown): string =>
  typeof value === "number" ? String(value) : value === undefined ? "undefined" : `a ${typeof value}`

/** How deep a value may nest. It is half of what is read, as a record holds the value of a key or a parameter deep inside of it. */
export const MOST_DEPTH = MOST_READ / 2

const write = (value: unknown, path: string, room: number): string => {
  if (value === null || typeof value === "string" || typeof value === "boolean") return JSON.stringify(value)
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value)
  if (typeof value === "object" && room === 0) throw new TooDeep()
  if (Array.isArray(value)) {
    // Array.from, unlike map, visits the holes of a sparse array
    return `[${Array.from(value, (item, index) => write(item, `${path}[${index}]`, room - 1)).join(",")}]`
  }
  if (typeof value === "object") {
    const prototype = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) {
      const fields = value as Record<string, unknown>
      const names = Object.keys(fields).sort()
      // whoever reads it by a schema would have no such field, and another prototype
      if (Object.hasOwn(fields, "__proto__"))
        throw new Stop(new NotEncodable({ path, what: "an object with a field __proto__" }))
      const written = names.map((name) => `${JSON.stringify(name)}:${write(fields[name], `${path}.${name}`, room - 1)}`)
      return `{${written.join(",")}}`
    }
    throw new Stop(new NotEncodable({ path, what: `an instance of ${prototype.constructor?.name ?? "a class"}` }))
  }
  throw new Stop(new NotEncodable({ path, what: describe(value) }))
}

/** The one text of a value: its keys are sorted by code units, it has no whitespace, and numbers are as ECMAScript prints them. */
export const encode = (value: unknown, root = "value"): Either.Either<string, NotEncodable> => {
  try {
    return Either.right(write(value, root, MOST_DEPTH))
  } catch (stop) {
    if (stop instanceof TooDeep)
      return Either.left(new NotEncodable({ path: root, what: `a value that nests more than ${MOST_DEPTH} deep` }))
    if (stop instanceof Stop) return Either.left(stop.failure)
    throw stop
  }
}
