import { describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import * as fc from "fast-check"
import * as Explained from "../../artifacts/Explained.ts"
import * as Text from "../../artifacts/Text.ts"

class Diverged extends Explained.TaggedError<Diverged>()("Diverged", { rate: Schema.Number }, ({ rate }) => ({
  what: `It diverged at ${rate}`,
  expected: "it to fall; expected, that is. Always",
  fix: Text.text`Lower it: ${Text.setting("learningRate", rate / 10)}.`
})) {}

it("an error's three parts are told as they were made, whatever stands in them, also behind a process boundary", () => {
  const error = new Diverged({ rate: 1 })
  const there = Schema.decodeSync(Diverged)(JSON.parse(JSON.stringify(Schema.encodeSync(Diverged)(error))))
  expect(there).toBeInstanceOf(Diverged)
  for (const one of [error, there]) {
    expect(Explained.partsOf(one)).toEqual({
      what: "It diverged at 1",
      expected: "it to fall; expected, that is. Always",
      fix: ["Lower it: ", { parameter: "learningRate", value: 0.1 }, "."]
    })
    expect(one.message).toBe(
      "It diverged at 1; expected it to fall; expected, that is. Always. Lower it: learningRate: 0.1."
    )
  }
})

it("anybody's error has no parts, however its message reads", () => {
  expect(Explained.partsOf(new Error("a; expected b. Do c."))).toBeNull()
  for (const none of [null, undefined, "a; expected b. Do c.", 3]) expect(Explained.partsOf(none)).toBeNull()
})

it("a parameter is written as whoever shows the text writes it", () => {
  const text = Text.text`Set ${Text.setting("imageSize", 224)} or leave out ${Text.parameter("splits")}, ${2} of them.`
  expect(Text.show(text)).toBe("Set imageSize: 224 or leave out splits, 2 of them.")
  const upper: Text.Spelling = ({ parameter, value }) => `${parameter.toUpperCase()}=${value ?? "?"}`
  expect(Text.show(text, upper)).toBe("Set IMAGESIZE=224 or leave out SPLITS=?, 2 of them.")
})

const piece = fc.oneof(
  fc.string(),
  fc.record({ parameter: fc.string(), value: fc.jsonValue() }).filter(({ value }) => value !== undefined)
)
const texts = fc.array(fc.oneof(fc.string(), fc.array(piece)))

it("texts that are joined say what they say one after the other, and a text survives JSON", () => {
  fc.assert(
    fc.property(texts, (parts) => {
      const joined = Text.join(parts)
      expect(Text.show(joined)).toBe(parts.map((part) => Text.show(part)).join(""))
      const there = Schema.decodeUnknownSync(Text.Text)(JSON.parse(JSON.stringify(joined)))
      expect(Text.show(there)).toBe(Text.show(joined))
    })
  )
})

it("what is changed in a text leaves its parameters as they are", () => {
  const text = Text.text`a ${Text.setting("a", "a")} a`
  expect(Text.show(Text.map(text, (part) => part.replaceAll("a", "b")))).toBe('b a: "a" b')
})

it("a text in a plain template reads as a program writes it", () => {
  expect(`Try ${Text.text`this: ${Text.setting("epochs", 3)}`}, or ${Text.parameter("units")}.`).toBe(
    "Try this: epochs: 3, or units."
  )
})

describe("the name that was meant", () => {
  const OPTIONS = ["--dataset", "--image-size", "--learning-rate", "--batch-size", "--rotation", "--translation"]

  it("is the nearest, by letters that differ or by its beginning", () => {
    expect(Explained.nearest("--learing-rate", OPTIONS)).toBe("--learning-rate")
    expect(Explained.nearest("--learing", OPTIONS)).toBe("--learning-rate")
    expect(Explained.nearest("--learning", OPTIONS)).toBe("--learning-rate")
    expect(Explained.nearest("--image", OPTIONS)).toBe("--image-size")
    expect(Explained.nearest("rnu", ["run", "plan"])).toBe("run")
  })

  it("is the same in letters of another size", () => {
    expect(Explained.nearest("CIFAR-10", ["cifar10", "cifar10-5k", "sample"])).toBe("cifar10")
    expect(Explained.nearest("--learningrate", ["--learningRate", "--learning"])).toBe("--learningRate")
  })

  it("is not guessed where none is near", () => {
    for (const name of ["--frobnicate", "-x", "--", ""]) expect(Explained.nearest(name, OPTIONS), name).toBe(null)
    expect(Explained.nearest("frobnicate", ["run", "plan", "why"])).toBe(null)
  })
})
