import * as BoundedFile from "../../artifacts/BoundedFile.ts"
import * as BoundedJson from "../../artifacts/BoundedJson.ts"

/** A network of a thousand layers is 100 kB. */
const MOST_BYTES = 1 << 20
/** No parameter nests as deep as this. */
const MOST_DEPTH = 64

/**
 * The value of a parameter's JSON, or of that in the file that `@file` names: a regular file, which is never waited for.
 * Throws an `Unbounded` for what is too large or too deep, what the system says of a file, or that it is no JSON.
 */
export const readParamJson = (text: string): unknown => {
  const json = text.startsWith("@") ? BoundedFile.read(text.slice(1), MOST_BYTES).toString("utf8") : text
  return BoundedJson.parse(json, MOST_DEPTH)
}
