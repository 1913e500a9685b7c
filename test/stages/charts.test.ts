import { assert, describe, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { confusionHeatmap } from "../../images/charts/confusion-heatmap.ts"
import { learningCurves } from "../../images/charts/learning-curves.ts"
import { bestOf, type Epoch } from "../../images/models/Epoch.ts"
import { Figures, type VegaLiteSpec } from "../../images/services/Figures.ts"

const epochs = (accuracies: ReadonlyArray<number>): ReadonlyArray<Epoch> =>
  accuracies.map((validationAccuracy, index) => ({
    epoch: index + 1,
    loss: 1 / (index + 1),
    accuracy: 1 - 0.5 / (index + 1),
    validationLoss: 1.2 / (index + 1) + 0.3,
    validationAccuracy
  }))

const draw = (spec: VegaLiteSpec) =>
  Effect.gen(function* () {
    const figures = yield* Figures
    const files = yield* figures.render(spec)
    const svg = new TextDecoder().decode(files["figure.svg"])
    return { svg, texts: Array.from(svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g), ([, text]) => text ?? "") }
  })

const count = (texts: ReadonlyArray<string>, text: string) => texts.filter((other) => other === text).length

const cifar = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

/** Row i has share i / (n - 1) on its diagonal, the rest beside it. */
const graded = (classes: number) =>
  Array.from({ length: classes }, (_, row) => {
    const correct = Math.round((1000 * row) / (classes - 1))
    return Array.from({ length: classes }, (_, column) =>
      column === row ? correct : column === (row + 1) % classes ? 1000 - correct : 0
    )
  })

/** Contrast ratio of two colours by WCAG 2.2, 1 to 21. */
const contrast = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number => {
  const luminance = (rgb: ReadonlyArray<number>) =>
    rgb
      .map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
      .reduce((sum, value, channel) => sum + value * ([0.2126, 0.7152, 0.0722][channel] ?? 0), 0)
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((one, other) => other - one)
  return (light + 0.05) / (dark + 0.05)
}

describe("bestEpoch", () => {
  it("the earliest of the epochs with the highest validation accuracy is the best one", () => {
    assert.strictEqual(bestOf(epochs([0.5, Number.NaN, 0.793, 0.7, 0.793]))?.epoch, 3)
  })
  it("by the loss it is the earliest of the epochs with the lowest validation loss", () => {
    const rows = epochs([0.9, 0.7, 0.5, 0.6]).map((row, at) => ({ ...row, validationLoss: [2, 1, 1, 3][at] ?? 0 }))
    assert.strictEqual(bestOf(rows, "loss")?.epoch, 2)
  })
  it("there is no best epoch without validation", () => {
    assert.isUndefined(bestOf(epochs([Number.NaN, Number.NaN])))
  })
})

layer(Figures.live)("charts", (it) => {
  it.effect("learning curves mark the best epoch and label whole epochs and percentages", () =>
    Effect.gen(function* () {
      const rows = epochs([0.5, 0.6, 0.65, 0.7, 0.72, 0.75, 0.793, 0.78, 0.79, 0.79])
      const { texts } = yield* draw(learningCurves(rows, "Transfer learning"))
      assert.includeMembers(texts, ["Transfer learning", "Accuracy", "Loss", "training", "validation", "80 %"])
      assert.includeMembers(texts, ["best: epoch 7, 79.3 %", "epoch 7, 0.471"])
      const byLoss = yield* draw(learningCurves(rows, "Transfer learning", "loss"))
      assert.includeMembers(byLoss.texts, ["best: epoch 10, 79.0 %", "epoch 10, 0.420"])
      for (const { epoch } of rows) assert.strictEqual(count(texts, String(epoch)), epoch === 1 ? 3 : 2, `${epoch}`)
    })
  )

  it.effect("one epoch, many epochs, none, and a diverged loss all have a picture", () =>
    Effect.gen(function* () {
      const one = yield* draw(learningCurves(epochs([0.5]), "one"))
      assert.include(one.texts, "best: epoch 1, 50.0 %")
      const many = yield* draw(learningCurves(epochs(Array.from({ length: 200 }, (_, index) => index / 200)), "many"))
      assert.includeMembers(many.texts, ["1", "20", "200", "best: epoch 200, 99.5 %"])
      assert.isBelow(many.texts.length, 60)
      assert.include((yield* draw(learningCurves([], "none"))).texts, "none")
      const diverged = epochs([0.5, 0.1]).map((row) => ({ ...row, loss: Number.POSITIVE_INFINITY }))
      assert.notInclude((yield* draw(learningCurves(diverged, "diverged"))).svg, "NaN")
    })
  )

  it.effect("a heat map names each class on both axes and annotates what is not zero", () =>
    Effect.gen(function* () {
      const counts = cifar.map((_, row) =>
        cifar.map((_, column) => (row === column ? 900 + row : row === 3 && column === 5 ? 77 : 0))
      )
      const { texts } = yield* draw(confusionHeatmap(cifar, counts, "Test set"))
      for (const name of cifar) assert.strictEqual(count(texts, name), 2, name)
      assert.includeMembers(texts, ["true class", "predicted class", "recall", "77", "903", "92 %"])
      assert.include(texts, "9,122 images, 99.2 % correct")
      assert.strictEqual(count(texts, "0"), 0)
    })
  )

  it.effect("every annotation has a contrast of at least 4.5 to its cell, whatever the share", () =>
    Effect.gen(function* () {
      const classes = Array.from({ length: 25 }, (_, index) => `class ${index}`)
      const { svg } = yield* draw(confusionHeatmap(classes, graded(25), "Shares"))
      const cells = new Map(
        Array.from(svg.matchAll(/<path aria-label="(predicted: [^;]*; actual: [^;]*);[^>]*fill="rgb\(([^)]*)\)"/g)).map(
          ([, cell, rgb]) => [cell, (rgb ?? "").split(", ").map(Number)] as const
        )
      )
      const annotations = Array.from(
        svg.matchAll(/<text aria-label="(predicted: [^;]*; actual: [^;]*);[^>]*fill="#(......)"/g)
      )
      assert.strictEqual(cells.size, 625)
      assert.strictEqual(annotations.length, 48)
      for (const [, cell, hex] of annotations) {
        const ratio = contrast([...Buffer.from(hex ?? "", "hex")], cells.get(cell) ?? [])
        assert.isAtLeast(ratio, 4.5, cell)
      }
    })
  )

  it.effect("two classes fit, an empty class has no recall, forty classes drop the numbers and keep the names", () =>
    Effect.gen(function* () {
      const two = yield* draw(
        confusionHeatmap(
          ["cat", "dog"],
          [
            [812, 188],
            [0, 0]
          ],
          "Two"
        )
      )
      assert.includeMembers(two.texts, ["812", "188", "81 %", "–"])
      const names = Array.from({ length: 40 }, (_, index) => `class ${index}`)
      const forty = yield* draw(confusionHeatmap(names, graded(40), "Forty"))
      for (const name of names) assert.strictEqual(count(forty.texts, name), 2, name)
      assert.strictEqual(count(forty.texts, "1000"), 0)
    })
  )

  it.effect("four hundred classes are a picture of rectangles alone, no larger than a screen", () =>
    Effect.gen(function* () {
      const names = Array.from({ length: 400 }, (_, index) => `class ${index}`)
      const counts = names.map((_, row) => names.map((_, column) => 1 + ((row * 31 + column * 17) % 5)))
      const { svg, texts } = yield* draw(confusionHeatmap(names, counts, "Four hundred"))
      assert.includeMembers(texts, ["Four hundred", "true class", "predicted class"])
      assert.isBelow(texts.length, 20)
      const [, width = "0", height = "0"] = svg.match(/<svg [^>]*width="([\d.]+)" height="([\d.]+)"/) ?? []
      assert.isBelow(Math.max(Number(width), Number(height)), 1_500)
      assert.isAbove(Number(height), 1_200)
    })
  )

  it.effect("of a large matrix, cells without images are its ground", () =>
    Effect.gen(function* () {
      const names = Array.from({ length: 300 }, (_, index) => `class ${index}`)
      const { svg } = yield* draw(confusionHeatmap(names, graded(300), "Sparse"))
      const cells = Array.from(svg.matchAll(/<path [^>]*fill="rgb/g)).length
      assert.isAbove(cells, 500)
      assert.isBelow(cells, 620)
    })
  )
})
