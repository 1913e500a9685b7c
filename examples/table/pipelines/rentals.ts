import { Pipeline } from "headrace"
import { clean } from "../stages/clean.ts"
import { describeDays } from "../stages/describe-days.ts"
import { drawFit } from "../stages/draw-fit.ts"
import { evaluate } from "../stages/evaluate.ts"
import { fitModel } from "../stages/fit-model.ts"
import { readReadings } from "../stages/read-readings.ts"
import { rentalsFile } from "../stages/rentals-file.ts"

export const rentals = Pipeline.make({
  name: "rentals",
  description: "How many bikes are rented in what weather, by linear regression",
  params: { ...rentalsFile.params, ...clean.params, ...describeDays.params, ...fitModel.params },
  build: (params) => {
    const { readings } = readReadings({ file: rentalsFile(params) })
    const { days, cleaning } = clean({ readings }, params)
    const { described } = describeDays({ days }, params)
    const { model, predictions } = fitModel({ described }, params)
    return {
      cleaning,
      model,
      metrics: evaluate({ predictions }).metrics,
      fit: drawFit({ predictions }).figure
    }
  }
})
