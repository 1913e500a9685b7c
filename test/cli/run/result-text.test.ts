import { expect, it } from "vitest"
import { text } from "../../../cli/run/result-text.ts"

it("a file is told by its place, and with the numbers that are known of it", () => {
  expect(text("curves", { path: "/nowhere/curves.png", digest: "ab" })).toBe("curves: /nowhere/curves.png")
  expect(text("mistakes", { path: "/nowhere/m.json", digest: "ab", rows: 1000, mistakes: 12 })).toBe(
    "mistakes: /nowhere/m.json (rows 1,000, mistakes 12)"
  )
})

it("a result that could not be read says why beside its place; a document may have an error of its own", () => {
  const error = { tag: "StoreFailed", what: "Reading /nowhere/ab failed (EIO)", expected: "…", fix: "…" }
  expect(text("metrics", { path: "/nowhere/metrics.json", digest: "ab", error })).toBe(
    "metrics: /nowhere/metrics.json (not read: Reading /nowhere/ab failed (EIO))"
  )
  expect(text("metrics", { testLoss: 0.5, error })).toBe("metrics: test loss 0.5000")
})

it("a document is told by its own numbers, accuracies first, without its lists", () => {
  const classes = [{ name: "cat", recall: 1 }]
  expect(text("metrics", { testLoss: 0.5, testAccuracy: 0.25, rows: 1234, classes })).toBe(
    "metrics: test accuracy 25.0 %, test loss 0.5000, rows 1,234"
  )
  expect(text("others", { list: [], bestNote: null })).toBe("others: list, best note")
})

it("a document without numbers of its own is told by its rows, names first, twenty at most", () => {
  expect(text("table", { networks: [{ bestEpoch: 3, name: "a", testAccuracy: null, layers: [1] }] })).toBe(
    "table:\n  name  best epoch  test\n  a              3"
  )
  const many = Array.from({ length: 1021 }, (_, index) => ({ name: `c${index}`, train: index }))
  const lines = text("counts", { classes: many }).split("\n")
  expect(lines).toHaveLength(23)
  expect(lines.at(-1)).toBe("  … and 1,001 more")
})
