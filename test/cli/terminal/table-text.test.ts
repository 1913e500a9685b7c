import { assert, describe, it } from "@effect/vitest"
import { table } from "../../../cli/terminal/table-text.ts"
import {
  formatBytes,
  formatCount,
  formatRate,
  formatSeconds,
  formatShare,
  textWidth,
  truncate
} from "../../../kinds/format.ts"

describe("tables", () => {
  it("text is left, numbers are right, and no line ends in spaces", () => {
    const columns = [{ header: "node" }, { header: "rows", align: "right" }, { header: "reason" }] as const
    const rows = [
      ["ingest", "60,000", ""],
      ["extract-features", "5", "code changed"]
    ]
    assert.deepStrictEqual(table(columns, rows).split("\n"), [
      "node                rows  reason",
      "ingest            60,000",
      "extract-features       5  code changed"
    ])
  })
  it("a table without headers has no header line", () => {
    assert.strictEqual(table([{ header: "" }, { header: "" }], [["a", "b"]]), "a  b")
  })
  it("wide characters take two cells; colours, accents and joiners none", () => {
    assert.deepStrictEqual(["dog", "猫", "e\u0301", "\u001b[31mred\u001b[0m", "🐶"].map(textWidth), [3, 2, 1, 3, 2])
    // signs among the oldest emoji, a flag of two letters, and one that is text unless a variation makes it a picture
    assert.deepStrictEqual(["✅", "❌", "⌚", "🇫🇷", "🌡"].map(textWidth), [2, 2, 2, 2, 1])
    assert.strictEqual(
      table(
        [{ header: "" }, { header: "" }],
        [
          ["猫", "x"],
          ["abc", "y"]
        ]
      ),
      "猫   x\nabc  y"
    )
  })
  it("a character of several code points is one: a family, a flag, a keycap, a letter with its vowel", () => {
    const two = ["👨\u200d👩\u200d👧", "🇩🇪", "👍🏽", "⭐", "☀\ufe0f", "1\ufe0f\u20e3", "\u1112\u1161\u11ab"]
    assert.deepStrictEqual(
      two.map(textWidth),
      two.map(() => 2)
    )
    assert.deepStrictEqual(["☀", "🌡", "\u0928\u093f", "…", "\u200b"].map(textWidth), [1, 1, 1, 1, 0])
    assert.strictEqual(truncate("👨\u200d👩\u200d👧 at home", 4), "👨\u200d👩\u200d👧 …")
  })
  it("a long text is cut to its cells, a wide character never in half", () => {
    assert.strictEqual(truncate("automobile", 6), "autom…")
    assert.strictEqual(truncate("猫猫猫", 4), "猫…")
    assert.strictEqual(truncate("cat", 3), "cat")
  })
})

describe("numbers as people say them", () => {
  it("bytes are decimal, with three digits", () => {
    const bytes = [0, 999, 1000, 28_312, 999_499, 999_600, 307_200_000, 1_234_000_000, 28e9, 5e15]
    assert.deepStrictEqual(bytes.map(formatBytes), [
      "0 B",
      "999 B",
      "1 kB",
      "28.3 kB",
      "999 kB",
      "1 MB",
      "307 MB",
      "1.23 GB",
      "28 GB",
      "5,000 TB"
    ])
  })
  it("seconds have two units at most, and round across them", () => {
    const seconds = [0, 0.34, 0.9999, 1.24, 9.96, 59.4, 59.7, 185, 3599.6, 7380, 100_800]
    assert.deepStrictEqual(seconds.map(formatSeconds), [
      "0 ms",
      "340 ms",
      "1 s",
      "1.2 s",
      "10 s",
      "59 s",
      "1 min",
      "3 min 5 s",
      "1 h",
      "2 h 3 min",
      "1 d 4 h"
    ])
  })
  it("counts, rates and shares", () => {
    assert.deepStrictEqual([0, 999, 1000, 60_000, 1_234_567.6, -1234].map(formatCount), [
      "0",
      "999",
      "1,000",
      "60,000",
      "1,234,568",
      "-1,234"
    ])
    assert.deepStrictEqual(
      [0, 0.3456, 3.254, 412.3, 12_345].map((rate) => formatRate(rate, "images")),
      ["0 images/s", "0.35 images/s", "3.25 images/s", "412 images/s", "12,345 images/s"]
    )
    assert.strictEqual(formatShare(0.7934), "79.3 %")
  })
})
