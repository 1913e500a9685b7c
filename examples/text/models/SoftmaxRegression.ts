/** What a model knows of one class: a weight a feature, and the bias at the end. */
export interface ClassWeights {
  readonly language: string
  readonly weights: Float32Array
}

/** Multinomial logistic regression: a class's probability is the softmax of its weighted features. */
export type SoftmaxRegression = ReadonlyArray<ClassWeights>

/** Something to learn from. */
export interface Example {
  readonly features: Float32Array
  readonly language: string
}

export const zeros = (languages: ReadonlyArray<string>, features: number): SoftmaxRegression =>
  languages.map((language) => ({ language, weights: new Float32Array(features + 1) }))

/** A probability a class, in the model's order. */
export const probabilities = (model: SoftmaxRegression, features: Float32Array): ReadonlyArray<number> => {
  const logits = model.map(({ weights }) =>
    features.reduce((sum, value, at) => sum + value * (weights[at] ?? 0), weights[features.length] ?? 0)
  )
  const greatest = Math.max(...logits)
  const exponentials = logits.map((logit) => Math.exp(logit - greatest))
  const total = exponentials.reduce((sum, value) => sum + value, 0)
  return exponentials.map((value) => value / total)
}

/** The most probable class, the first of equals. */
export const predict = (model: SoftmaxRegression, features: Float32Array): string => {
  const found = probabilities(model, features)
  return model[found.indexOf(Math.max(...found))]?.language ?? ""
}

/** One step of gradient descent on an example, which changes the weights; gives its cross-entropy before the step. */
export const learn = (model: SoftmaxRegression, { features, language }: Example, learningRate: number): number => {
  const found = probabilities(model, features)
  model.forEach(({ language: own, weights }, at) => {
    const step = learningRate * ((own === language ? 1 : 0) - (found[at] ?? 0))
    features.forEach((value, feature) => {
      weights[feature] = (weights[feature] ?? 0) + step * value
    })
    weights[features.length] = (weights[features.length] ?? 0) + step
  })
  return -Math.log(found[model.findIndex((each) => each.language === language)] ?? 0)
}
