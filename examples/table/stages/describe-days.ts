import { Schema } from "effect"
import { Param, Stage } from "headrace"
import { DayFeatures, FEATURES } from "../artifacts/DayFeatures.ts"
import { Days } from "../artifacts/Days.ts"

/** People ride less where it is hotter than this, in degrees. */
const PLEASANT = 16

/**
 * The features of a day, a plain function of a row. It is streamed: its rows are made where they are needed and never
 * stored, and whoever takes them runs again when it changes.
 */
export const describeDays = Stage.map({
  name: "describe-days",
  inputs: { days: Days },
  params: {
    testEvery: Param.make(Schema.Int.pipe(Schema.between(2, 28)), 5, "Test on the days of the month that it divides")
  },
  outputs: { described: DayFeatures },
  run: ({ date, temperature, rain, wind, rentals }, { testEvery }) => {
    const day = new Date(`${date}T00:00:00Z`)
    const features: Record<(typeof FEATURES)[number], number> = {
      temperature,
      heat: Math.max(0, temperature - PLEASANT) ** 2,
      rain,
      wind,
      weekend: day.getUTCDay() % 6 === 0 ? 1 : 0
    }
    return {
      date,
      feature: { shape: [FEATURES.length], data: Float32Array.from(FEATURES, (name) => features[name]) },
      rentals,
      heldOut: day.getUTCDate() % testEvery === 0 ? 1 : 0
    }
  }
})
