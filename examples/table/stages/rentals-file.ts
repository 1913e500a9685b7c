import { Schema } from "effect"
import { Param, Source } from "headrace"
import { local } from "headrace/files"
import { RentalsFile } from "../artifacts/RentalsFile.ts"

/** What comes from outside: found and hashed while a run is planned, read by the stages that take it. */
export const rentalsFile = Source.make({
  name: "rentals-file",
  artifact: RentalsFile,
  params: {
    file: Param.make(Schema.NonEmptyString, "data/rentals.csv", "A CSV with date, temperature, rain, wind and rentals")
  },
  resolve: ({ file }) => local(file)
})
