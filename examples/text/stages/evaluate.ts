import { Effect } from "effect"
import { ArrowTable, Stage } from "headrace"
import { Confusion, Metrics } from "../artifacts/Evaluation.ts"
import { HashedNgrams } from "../artifacts/HashedNgrams.ts"
import { LanguageModel } from "../artifacts/LanguageModel.ts"
import * as SoftmaxRegression from "../models/SoftmaxRegression.ts"

/** How a model does on passages that it was not trained on. */
export const evaluate = Stage.make({
  name: "evaluate",
  inputs: { model: LanguageModel, ngrams: HashedNgrams },
  outputs: { metrics: Metrics, confusion: Confusion },
  run: (inputs) =>
    Effect.gen(function* () {
      const rows = yield* ArrowTable.collectRows(inputs.model)
      const model = rows.map(({ language, weights }) => ({ language, weights: weights.data }))
      const passages = yield* ArrowTable.collectRows(inputs.ngrams)
      const taken = passages.map(({ feature }) => SoftmaxRegression.predict(model, feature.data))
      const takenFor = (language: string, other: string) =>
        passages.filter((passage, at) => passage.language === language && taken[at] === other).length
      const languages = model.map(({ language }) => language)
      return {
        metrics: {
          testAccuracy: passages.filter(({ language }, at) => taken[at] === language).length / passages.length,
          testPassages: passages.length
        },
        confusion: {
          languages: languages.map((language) => ({
            language,
            ...Object.fromEntries(languages.map((other) => [other, takenFor(language, other)]))
          }))
        }
      }
    })
})
