import { describe, expect, it } from "vitest"
import { nearest, unknown } from "../../../cli/command/Usage.ts"

const OPTIONS = ["--dataset", "--image-size", "--learning-rate", "--batch-size", "--rotation", "--translation"]

describe("the name that was meant", () => {
  it("is the nearest, by letters that differ or by its beginning", () => {
    expect(nearest("--learing-rate", OPTIONS)).toBe("--learning-rate")
    expect(nearest("--learing", OPTIONS)).toBe("--learning-rate")
    expect(nearest("--learning", OPTIONS)).toBe("--learning-rate")
    expect(nearest("--image", OPTIONS)).toBe("--image-size")
    expect(nearest("rnu", ["run", "plan"])).toBe("run")
  })

  it("is not guessed where none is near", () => {
    for (const name of ["--frobnicate", "-x", "--", ""]) expect(nearest(name, OPTIONS), name).toBe(null)
    expect(nearest("frobnicate", ["run", "plan", "why"])).toBe(null)
  })
})

it("of many names an error tells the nearest, of few all", () => {
  const many = Array.from({ length: 30 }, (_, at) => `--option-${at}`)
  expect(unknown("option", "--option-3x", many, "See help.").expected).toMatch(
    /^one of 30, such as --option-3, (--option-\d+, ){3}--option-\d+$/
  )
  expect(unknown("option", "--x", OPTIONS, "See help.").expected).toBe(`one of ${OPTIONS.join(", ")}`)
  expect(unknown("node", "x", ["train"], "See plan.").expected).toBe("train")
})
