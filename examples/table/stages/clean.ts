import { Effect, Schema } from "effect"
import { ArrowTable, type Column, Param, Stage } from "headrace"
import { Cleaning } from "../artifacts/Cleaning.ts"
import { Days } from "../artifacts/Days.ts"
import { Readings } from "../artifacts/Readings.ts"

type Reading = Column.Row<typeof Readings.columns>

/** What becomes of readings, one after the other. */
const judge = (hottest: number) => {
  const seen = new Set<string>()
  return ({ date, temperature, rain, wind, rentals }: Reading) => {
    if ([temperature, rain, wind, rentals].some(Number.isNaN)) return "incomplete"
    if (Math.abs(temperature) > hottest || rain < 0 || wind < 0 || rentals < 0) return "implausible"
    if (seen.has(date)) return "repeated"
    seen.add(date)
    return "kept"
  }
}

/** Keeps the readings that are complete and plausible, each day once, and counts the others. */
export const clean = Stage.make({
  name: "clean",
  inputs: { readings: Readings },
  params: {
    hottest: Param.make(Schema.Positive, 50, "Degrees above zero, or below, beyond which a thermometer is broken")
  },
  outputs: { days: Days, cleaning: Cleaning },
  run: ({ readings }, { hottest }) =>
    Effect.map(ArrowTable.collectRows(readings), (rows) => {
      const verdicts = rows.map(judge(hottest))
      const count = (verdict: string) => verdicts.filter((each) => each === verdict).length
      const days = rows.filter((_, row) => verdicts[row] === "kept")
      return {
        days: ArrowTable.of(Days, {
          date: days.map(({ date }) => date),
          temperature: Float64Array.from(days, ({ temperature }) => temperature),
          rain: Float64Array.from(days, ({ rain }) => rain),
          wind: Float64Array.from(days, ({ wind }) => wind),
          rentals: Float64Array.from(days, ({ rentals }) => rentals)
        }),
        cleaning: {
          readings: rows.length,
          days: days.length,
          incomplete: count("incomplete"),
          implausible: count("implausible"),
          repeated: count("repeated")
        }
      }
    })
})
