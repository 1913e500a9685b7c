import { expect, it } from "vitest"
import * as Running from "../../../cli/terminal/Running.ts"

const rows = (done: number) => ({ done, total: 400, unit: "rows", reused: 0, note: null })

it("where lines are replaced, what runs is shown at once, and ten times a second at most", () => {
  const running = Running.make(true)
  running.progressed("train", rows(0), 5000)
  expect(running.isDue(5000)).toBe(true)
  expect(running.isDue(5099)).toBe(false)
  expect(running.isDue(5100)).toBe(true)
  running.progressed("ingest", rows(9), 5150)
  running.progressed("train", rows(200), 6000)
  expect(running.lines()).toEqual(["train: 200 of 400 rows, 200/s, 1 s left", "ingest: 9 of 400 rows"])
})

it("where lines stay, nothing is said of what is over within ten seconds, and then a line every ten", () => {
  const running = Running.make(false)
  running.progressed("ingest", rows(0), 5000)
  expect(running.isDue(14_999)).toBe(false)
  running.ended("ingest")
  running.progressed("train", rows(0), 15_000)
  running.progressed("train", rows(100), 24_000)
  expect(running.isDue(24_000)).toBe(false)
  running.progressed("train", rows(100), 25_000)
  expect(running.isDue(25_000)).toBe(true)
  expect(running.lines()).toEqual(["train: 100 of 400 rows, 10/s, 30 s left"])
  expect(running.isDue(34_999)).toBe(false)
  expect(running.isDue(35_000)).toBe(true)
  running.allEnded()
  expect(running.lines()).toEqual([])
})
