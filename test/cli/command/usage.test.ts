import { expect, it } from "vitest"
import { unknown } from "../../../cli/command/Usage.ts"

const OPTIONS = ["--dataset", "--image-size", "--learning-rate", "--batch-size", "--rotation", "--translation"]

it("of many names an error tells the nearest, of few all", () => {
  const many = Array.from({ length: 30 }, (_, at) => `--option-${at}`)
  expect(unknown("option", "--option-3x", many, "See help.").expected).toMatch(
    /^one of 30, such as --option-3, (--option-\d+, ){3}--option-\d+$/
  )
  expect(unknown("option", "--x", OPTIONS, "See help.").expected).toBe(`one of ${OPTIONS.join(", ")}`)
  expect(unknown("node", "x", ["train"], "See plan.").expected).toBe("train")
})
