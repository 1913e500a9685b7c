import { Effect, Schema } from "effect"
import { ArrowTable, Param, Stage } from "headrace"
import * as Random from "headrace/random"
import { HashedNgrams } from "../artifacts/HashedNgrams.ts"
import { History } from "../artifacts/History.ts"
import { LanguageModel } from "../artifacts/LanguageModel.ts"
import { TrainingState } from "../artifacts/TrainingState.ts"
import * as SoftmaxRegression from "../models/SoftmaxRegression.ts"

const Epoch = Schema.Struct({ loss: Schema.Number, accuracy: Schema.Number })
const Epochs = Schema.parseJson(Schema.Array(Epoch))

const percent = (share: number) => `${(share * 100).toFixed(1)} %`

/**
 * Logistic regression by stochastic gradient descent. An epoch is a function of the weights before it and its number alone, and
 * `run` is not told how many there will be: more epochs go on from where fewer ended.
 */
export const train = Stage.iterate({
  name: "train",
  inputs: { ngrams: HashedNgrams },
  params: {
    learningRate: Param.make(Schema.Positive, 0.5, "Step size"),
    seed: Param.make(Schema.Int, 0, "Seed of the order of passages"),
    epochs: Param.make(Schema.Int.pipe(Schema.positive()), 10, "Passes over the training passages")
  },
  steps: "epochs",
  state: TrainingState,
  outputs: { model: LanguageModel, history: History },
  run: ({ ngrams }, { learningRate, seed }) =>
    Effect.map(ArrowTable.collectRows(ngrams), (rows) => {
      const examples = rows.map(({ feature, language }) => ({ features: feature.data, language }))
      const languages = [...new Set(rows.map(({ language }) => language))].sort()
      const width = examples[0]?.features.length ?? 0
      const model = SoftmaxRegression.zeros(languages, width)
      const history: Array<typeof Epoch.Type> = []
      return {
        step: (epoch) =>
          Effect.sync(() => {
            const order = Random.shuffle({ seed, purpose: "order", epoch, step: 0 }, Int32Array.from(examples.keys()))
            const shuffled = Array.from(order).flatMap((at) => examples[at] ?? [])
            const losses = shuffled.map((example) => SoftmaxRegression.learn(model, example, learningRate))
            const right = examples.filter(
              ({ features, language }) => SoftmaxRegression.predict(model, features) === language
            )
            const loss = losses.reduce((sum, each) => sum + each, 0) / losses.length
            const accuracy = right.length / examples.length
            history.push({ loss, accuracy })
            return `loss ${loss.toFixed(3)}, accuracy ${percent(accuracy)}`
          }),
        save: Effect.sync(() => ({
          arrays: Object.fromEntries(
            model.map(({ language, weights }) => [language, { shape: [weights.length], data: weights }])
          ),
          texts: { history: JSON.stringify(history) }
        })),
        resume: ({ arrays, texts }) =>
          Effect.sync(() => {
            for (const { language, weights } of model) weights.set(arrays[language]?.data ?? [])
            history.push(...Schema.decodeUnknownSync(Epochs)(texts.history))
          }),
        finish: Effect.sync(() => ({
          model: ArrowTable.of(LanguageModel, {
            language: languages,
            weights: {
              shape: [width + 1],
              data: Float32Array.from(model.flatMap(({ weights }) => [...weights]))
            }
          }),
          history: ArrowTable.of(History, {
            epoch: Int32Array.from(history, (_, at) => at + 1),
            loss: Float64Array.from(history, ({ loss }) => loss),
            accuracy: Float64Array.from(history, ({ accuracy }) => accuracy)
          })
        }))
      }
    })
})
