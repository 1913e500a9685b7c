import { Schema } from "effect"
import { expect, it } from "vitest"
import * as Digest from "../../artifacts/Digest.ts"
import { Trace } from "../../cache/Trace.ts"
import { isTrace } from "../../cache/TraceCheck.ts"
import { traceOf } from "../rig/store-contract.ts"

const digest = Digest.ofBytes("x")
const code = { digest, files: { "a.ts": digest }, packages: { effect: "3" } }
const recipe = {
  stage: "resize",
  over: "images",
  params: { size: 224 },
  inputs: { images: digest },
  code,
  facts: { threads: 2 },
  environment: { SCALE: "255" }
}
const plain = traceOf("train", 1)
/** A trace with all that a trace may have. */
const trace: Trace = {
  ...plain,
  text: {
    ...plain.text,
    code,
    environment: { SCALE: null, TOKEN: { secret: digest } },
    inputs: { one: digest, many: [digest, recipe], streamed: recipe }
  },
  outputs: { ...plain.outputs, table: { ...plain.outputs.out, rows: 3, kind: "table", header: { shapes: {} } } },
  labels: { one: "cifar10" },
  chunks: { reused: 1, ran: 2 },
  told: ["2 classes"],
  by: "0.2.0"
} as Trace

type Place = ReadonlyArray<string>

/** Every place in a value, itself included. */
const placesOf = (value: unknown): ReadonlyArray<Place> => [
  [],
  ...(typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([name, inner]) => placesOf(inner).map((place) => [name, ...place]))
    : [])
]

const GONE = Symbol("gone")
/** A copy with another value at a place. */
const withAt = (value: unknown, [name, ...rest]: Place, put: unknown): unknown => {
  if (name === undefined) return put
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>
  const inner = withAt(copy[name], rest, put)
  if (inner === GONE && !Array.isArray(copy)) delete copy[name]
  else copy[name] = inner === GONE ? null : inner
  return copy
}

const isBySchema = Schema.is(Schema.typeSchema(Trace))

it("a trace as it is written passes", () => {
  expect(isTrace(trace)).toBe(true)
  expect(isTrace(JSON.parse(JSON.stringify(trace)))).toBe(true)
})

it("what passes by hand and what the schema accepts are the same, wherever a trace is changed", () => {
  const others = [
    GONE,
    null,
    undefined,
    "",
    "x",
    "../x",
    digest,
    0,
    1.5,
    Number.NaN,
    true,
    [],
    {},
    [digest],
    { a: 1 },
    recipe
  ]
  const verdicts = new Set<boolean>()
  for (const place of placesOf(trace)) {
    for (const put of others) {
      const changed = withAt(trace, place, put)
      verdicts.add(isTrace(changed))
      expect(isTrace(changed), `${place.join(".")}: ${String(put)}`).toBe(isBySchema(changed))
    }
  }
  expect(verdicts).toEqual(new Set([true, false]))
})
