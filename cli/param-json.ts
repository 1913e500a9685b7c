import { readBounded, Unbounded } from "../cache/bounded-file.ts"

/** A network of a thousand layers is 100 kB. */
const MOST_BYTES = 1 << 20
/** Everything that walks a value does so by recursion; no parameter nests as deep as this. */
const MOST_DEPTH = 64

/** How deep arrays and objects lie in each other, texts aside: found before anything is made of them. */
const depthOf = (json: string): number => {
  let depth = 0
  let deepest = 0
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === "[" || token === "{") deepest = Math.max(deepest, ++depth)
    else if (token === "]" || token === "}") depth -= 1
  }
  return deepest
}

/**
 * The value of a parameter's JSON, or of that in the file that `@file` names: a regular file, which is never waited for.
 * Throws an `Unbounded` for what is too large or too deep, what the system says of a file, or that it is no JSON.
 */
export const readParamJson = (text: string): unknown => {
  const json = text.startsWith("@") ? readBounded(text.slice(1), MOST_BYTES).toString("utf8") : text
  const depth = depthOf(json)
  if (depth > MOST_DEPTH) throw new Unbounded(`nests ${depth} deep, where ${MOST_DEPTH} is the most`)
  return JSON.parse(json)
}
