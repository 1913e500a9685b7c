import { Pipeline } from "headrace"
import { fitLine } from "../stages/fit-line.ts"
import { readRents } from "../stages/read-rents.ts"
import { rentsFile } from "../stages/rents-file.ts"

export const rents = Pipeline.make({
  name: "rents",
  description: "What a square metre costs",
  params: { ...rentsFile.params, ...readRents.params },
  build: (params) => {
    const { rents } = readRents({ file: rentsFile(params) }, params)
    return { line: fitLine({ rents }).line }
  }
})
