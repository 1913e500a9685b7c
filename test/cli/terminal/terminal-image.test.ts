import { assert, describe, it } from "@effect/vitest"
import { gridText, hasTruecolor, imageText } from "../../../cli/terminal/terminal-image.ts"

const red = [255, 0, 0]
const blue = [0, 0, 255]

describe("images as text", () => {
  it("a half block shows the upper pixel in front of the lower one, and every line ends in a reset", () => {
    const image = Uint8Array.from([...red, ...red, ...blue, ...blue])
    assert.strictEqual(imageText(image, 2, 2, 2), "\u001b[38;2;255;0;0;48;2;0;0;255m▀▀\u001b[0m")
  })
  it("a smaller picture shows mean colours, a larger one repeats pixels", () => {
    const image = Uint8Array.from([...red, ...blue, ...red, ...blue])
    assert.strictEqual(imageText(image, 2, 2, 1), "\u001b[38;2;128;0;128;48;2;128;0;128m▀\u001b[0m")
    const larger = imageText(image, 2, 2, 4).split("\n")
    assert.strictEqual(larger.length, 2)
    assert.strictEqual(larger[0], "\u001b[38;2;255;0;0;48;2;255;0;0m▀▀\u001b[38;2;0;0;255;48;2;0;0;255m▀▀\u001b[0m")
  })
  it("a grid fills the columns, takes floats, and names the classes", () => {
    const data = new Float32Array(5 * 8 * 8 * 3).fill(0.5)
    const lines = gridText({ data, shape: [8, 8, 3], labels: ["cat", "automobile"] }, 20, 8).split("\n")
    // two images of 8 cells a row, three rows of 4 lines and a name
    assert.strictEqual(lines.length, 15)
    assert.strictEqual(lines[4], "cat      automob…")
    assert.include(lines[0], "38;2;128;128;128")
  })
})

describe("detection", () => {
  const terminal = (env: Record<string, string>, isTTY = true) => hasTruecolor({ env, isTTY })
  it("a terminal that says truecolor or 24bit has it", () => {
    assert.isTrue(terminal({ COLORTERM: "truecolor" }))
    assert.isTrue(terminal({ COLORTERM: "24bit", NO_COLOR: "" }))
  })
  it("a pipe, NO_COLOR, a dumb terminal and a silent one do not", () => {
    assert.isFalse(terminal({ COLORTERM: "truecolor" }, false))
    assert.isFalse(terminal({ COLORTERM: "truecolor", NO_COLOR: "1" }))
    assert.isFalse(terminal({ COLORTERM: "truecolor", TERM: "dumb" }))
    assert.isFalse(terminal({ TERM: "xterm-256color" }))
  })
})
