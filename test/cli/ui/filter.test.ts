import { expect, it } from "vitest"
import { filterOf, orderOf } from "../../../cli/ui/filter.ts"
import type { RunRow } from "../../../ui/Api.ts"

// Which runs a filter leaves, and in what order they are listed.

const row = (run: string, more: Partial<RunRow> = {}): RunRow => ({
  run,
  pipeline: "transfer",
  kind: "run",
  status: "done",
  started: "2026-11-28T12:00:00.000Z",
  seconds: 1,
  points: null,
  params: {},
  metrics: {},
  ran: 1,
  reused: 0,
  error: null,
  revision: null,
  marks: { tags: [], note: "", hidden: false },
  ...more
})

const rows = [
  row("1", { params: { units: 64, optimizer: "adam" }, metrics: { testAccuracy: 0.7 } }),
  row("2", { params: { units: 256, optimizer: "adamw" }, metrics: { testAccuracy: 0.85 }, seconds: 9 }),
  row("3", { params: { units: 1024, optimizer: null }, status: "failed", error: "Training diverged" }),
  row("4", { pipeline: "explore", marks: { tags: ["for the paper"], note: "bright images", hidden: false } })
]
const left = (filter: string) =>
  rows
    .filter(filterOf(filter))
    .map(({ run }) => run)
    .join("")

it.each([
  ["", "1234"],
  ["transfer", "123"],
  ["TRANSFER done", "12"],
  ["units=256", "2"],
  ["units>64", "23"],
  ["units>=64 units<1024", "12"],
  ["units!=64", "23"],
  ["testAccuracy>0.8", "2"],
  ["optimizer=adam", "1"],
  ["optimizer=null", "3"],
  ["adam", "12"],
  ["-adam", "34"],
  ["-status=done", "3"],
  ["diverged", "3"],
  ['tag="for the paper"', "4"],
  ['"bright images"', "4"],
  ["seconds>5", "2"],
  ["started>2026-11-27", "1234"],
  ["started<2026-11-28", ""],
  ["points<10", ""],
  ["optimizer<1", ""],
  ["units>many", ""],
  ["nothing=1", ""],
  ["units=", ""],
  ["  ", "1234"]
])("%j leaves %j", (filter, runs) => {
  expect(left(filter)).toBe(runs)
})

const sorted = (sort: string) => {
  const order = orderOf(sort)
  return order === null
    ? null
    : [...rows]
        .sort(order)
        .map(({ run }) => run)
        .join("")
}

it.each([
  ["param:units", "1234"],
  ["-param:units", "3214"],
  ["metric:testAccuracy", "1243"],
  ["-metric:testAccuracy", "2143"],
  ["-seconds", "2431"],
  ["pipeline", "4321"],
  ["weather", null],
  ["weather:units", null]
])("by %j they are in the order %j", (sort, runs) => {
  expect(sorted(sort)).toBe(runs)
})
