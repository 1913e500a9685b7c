import { ArrowTable } from "headrace"

/** A row a line of the CSV, as it stands there: NaN for a cell that is empty. Degrees Celsius, mm, km/h, bikes. */
export const Readings = ArrowTable.make("Readings", 1, {
  date: "utf8",
  temperature: "float64",
  rain: "float64",
  wind: "float64",
  rentals: "float64"
})
