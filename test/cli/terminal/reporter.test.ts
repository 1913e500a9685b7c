import { expect, it } from "vitest"
import { canReplace } from "../../../cli/terminal/Reporter.ts"

it("lines are replaced on a terminal that can, and nowhere else", () => {
  expect(canReplace(true, {})).toBe(true)
  expect(canReplace(true, { TERM: "xterm-256color", NO_COLOR: "1" })).toBe(true)
  expect(canReplace(false, { TERM: "xterm-256color" })).toBe(false)
  expect(canReplace(true, { TERM: "dumb" })).toBe(false)
  expect(canReplace(true, { TERM: "xterm-256color", CI: "true" })).toBe(false)
  // as a variable that is set to nothing counts everywhere else
  expect(canReplace(true, { CI: "" })).toBe(true)
})
