import { Pipeline } from "headrace"
import { corpus } from "../stages/corpus.ts"
import { evaluate } from "../stages/evaluate.ts"
import { hashNgrams } from "../stages/hash-ngrams.ts"
import { normalizeText } from "../stages/normalize-text.ts"
import { splitPassages } from "../stages/split-passages.ts"
import { train } from "../stages/train.ts"

export const languages = Pipeline.make({
  name: "languages",
  description: "Which language a few words are in, by logistic regression on hashed n-grams",
  params: { ...corpus.params, ...splitPassages.params, ...hashNgrams.params, ...train.params },
  build: (params) => {
    const { train: training, test } = splitPassages({ corpus: corpus(params) }, params)
    const ngramsOf = (passages: typeof training) =>
      hashNgrams({ passages: normalizeText({ passages }).normalized }, params).ngrams
    const { model, history } = train({ ngrams: ngramsOf(training) }, params)
    return { model, history, ...evaluate({ model, ngrams: ngramsOf(test) }) }
  }
})
