import { Schema } from "effect"
import { Files, Param, Source } from "headrace"
import { local } from "headrace/files"

/** A CSV with a line a flat. Only the digest of its bytes enters keys, never where it lies. */
export const RentsFile = Files.make("RentsFile", 1)

export const rentsFile = Source.make({
  name: "rents-file",
  artifact: RentsFile,
  params: { file: Param.make(Schema.NonEmptyString, "data/rents.csv", "A CSV with the columns area and rent") },
  resolve: ({ file }) => local(file)
})
