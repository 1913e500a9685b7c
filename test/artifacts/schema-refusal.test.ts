import { describe, expect, it } from "@effect/vitest"
import { Either, Schema } from "effect"
import * as SchemaRefusal from "../../artifacts/SchemaRefusal.ts"

const refusalOf = <A, I>(schema: Schema.Schema<A, I>, value: unknown) => {
  const decoded = Schema.decodeUnknownEither(schema)(value)
  if (Either.isRight(decoded)) throw new Error("the schema takes it")
  return { ...SchemaRefusal.refusalOf(decoded.left), phrase: SchemaRefusal.phrase(decoded.left) }
}

describe("a schema's refusal", () => {
  const Fit = Schema.Struct({ epochs: Schema.Array(Schema.Struct({ loss: Schema.Positive })) })

  it("names the place, what is there, and what should be", () => {
    expect(refusalOf(Fit, { epochs: [{ loss: 1 }, { loss: -1 }] })).toEqual({
      what: "value.epochs[1].loss is -1",
      expected: "a positive number",
      phrase: "value.epochs[1].loss is -1 (it should be a positive number)"
    })
    expect(refusalOf(Fit, { epochs: [{ loss: "low" }] })).toMatchObject({
      what: 'value.epochs[0].loss is "low"',
      expected: "a number"
    })
  })

  it("names a field that is missing, and a value that is wrong as a whole", () => {
    expect(refusalOf(Fit, { epochs: [{}] })).toMatchObject({
      what: "value.epochs[0].loss is missing",
      expected: "a positive number"
    })
    expect(refusalOf(Fit, null)).toMatchObject({ what: "value is null" })
    expect(refusalOf(Schema.Struct({ "a b": Schema.Int }), { "a b": 1.5 })).toMatchObject({
      what: 'value["a b"] is 1.5',
      expected: "an integer"
    })
  })

  it("tells a union's choices, a filter's own words, and of a long value its beginning", () => {
    expect(refusalOf(Schema.Literal("sgd", "adam"), "Adam")).toMatchObject({ expected: "one of sgd, adam" })
    const even = Schema.Number.pipe(Schema.filter((value) => value % 2 === 0 || "an even number"))
    expect(refusalOf(even, 3)).toMatchObject({ what: "value is 3", expected: "an even number" })
    expect(refusalOf(Schema.Int, "x".repeat(1000)).what.length).toBeLessThan(100)
  })
})
