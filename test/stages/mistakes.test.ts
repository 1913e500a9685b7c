import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import sharp from "sharp"
import type { ValueOf } from "../../artifacts/Artifact.ts"
import type { Files } from "../../artifacts/Figure.ts"
import type { Mistakes } from "../../images/artifacts/Mistakes.ts"
import { Figures } from "../../images/services/Figures.ts"
import { Images } from "../../images/services/Images.ts"
import { mistakes } from "../../stages/mistakes.ts"
import { plotMistakes } from "../../stages/plot-mistakes.ts"
import { given, made } from "../rig/stage.ts"

const classes = ["cat", "dog", "owl"]

interface Row {
  readonly label: number
  readonly probability: ReadonlyArray<number>
}

const predictionsOf = (rows: ReadonlyArray<Row>, names = classes) =>
  given(
    {
      rows: rows.length,
      columns: {
        label: Int32Array.from(rows, ({ label }) => label),
        predicted: Int32Array.from(rows, ({ probability }) => probability.indexOf(Math.max(...probability))),
        probability: { shape: [3], data: Float32Array.from(rows.flatMap(({ probability }) => probability)) }
      }
    },
    names,
    3
  )

/** Row `r` is an image of `side` pixels, all of its channels r. */
const imagesOf = (labels: ReadonlyArray<number>, side = 4, names = classes) => {
  const cell = side * side * 3
  const data = new Uint8Array(labels.length * cell)
  for (let row = 0; row < labels.length; row++) data.fill(row, row * cell, (row + 1) * cell)
  return given(
    { rows: labels.length, columns: { image: { shape: [side, side, 3], data }, label: Int32Array.from(labels) } },
    names,
    4
  )
}

interface Output {
  readonly mistakes: ValueOf<typeof Mistakes>
  readonly gallery: Files
}
const of = (predictions: ReturnType<typeof given>, images: ReturnType<typeof given>, params = {}) =>
  Effect.gen(function* () {
    const found = yield* made<Pick<Output, "mistakes">>(
      mistakes,
      { predictions: predictions.table, images: images.table },
      params
    )
    return { ...found, ...(yield* made<Pick<Output, "gallery">>(plotMistakes, found)) }
  })

const right: Row = { label: 0, probability: [0.9, 0.05, 0.05] }
const wrong = (label: number, share: number): Row => ({
  label,
  probability: [0, 1, 2].map((index) => (index === (label + 1) % 3 ? share : (1 - share) / 2))
})

layer(Layer.merge(Figures.live, Images.live))("mistakes", (it) => {
  it.effect(
    "are the most confident first, the earlier of equals, each with its row, classes, probabilities and picture",
    () =>
      Effect.gen(function* () {
        const rows = [right, wrong(0, 0.5), wrong(1, 0.75), right, right, wrong(2, 0.75), right, wrong(1, 0.875)]
        const images = imagesOf(rows.map(({ label }) => label))
        const { mistakes, gallery } = yield* of(predictionsOf(rows), images, { count: 3 })
        assert.deepStrictEqual(
          mistakes.images.map(({ png: _, ...image }) => image),
          [
            { row: 7, label: 1, predicted: 2, probability: 0.875, labelProbability: 0.0625 },
            { row: 2, label: 1, predicted: 2, probability: 0.75, labelProbability: 0.125 },
            { row: 5, label: 2, predicted: 0, probability: 0.75, labelProbability: 0.125 }
          ]
        )
        assert.deepStrictEqual([mistakes.classes, mistakes.rows, mistakes.mistakes], [classes, 8, 4])
        for (const { png, row } of mistakes.images) {
          const { data, info } = yield* Effect.promise(() =>
            sharp(Buffer.from(png, "base64")).raw().toBuffer({ resolveWithObject: true })
          )
          assert.deepStrictEqual([info.width, info.height], [4, 4])
          assert.isTrue(data.every((value) => value === row))
        }
        const svg = new TextDecoder().decode(gallery["figure.svg"])
        const texts = Array.from(svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g), ([, text]) => text)
        assert.includeMembers(texts, ["owl 87.5 %", "is dog (6.3 %)", "row 7", "cat 75.0 %", "is owl (12.5 %)"])
        assert.include(texts, "4 of 8 test images are wrong; in bold what each was taken for")
      })
  )

  it.effect("read no chunk of images after the last that is shown, and none where everything is right", () =>
    Effect.gen(function* () {
      const rows = [wrong(0, 0.9), ...Array.from({ length: 19 }, () => right)]
      const images = imagesOf(rows.map(({ label }) => label))
      assert.strictEqual((yield* of(predictionsOf(rows), images)).mistakes.images.length, 1)
      assert.strictEqual(images.read(), 1)

      const good = imagesOf([0, 0])
      const { mistakes, gallery } = yield* of(predictionsOf([right, right]), good)
      assert.deepStrictEqual(mistakes, { classes, images: [], rows: 2, mistakes: 0 })
      assert.isAbove(gallery["figure.png"]?.length ?? 0, 1000)
      assert.strictEqual(good.read(), 0)
    })
  )

  it.effect("keep large images as pictures of 256 pixels a side", () =>
    Effect.gen(function* () {
      const { mistakes } = yield* of(predictionsOf([wrong(0, 0.9)]), imagesOf([0], 300))
      const { width } = yield* Effect.promise(() =>
        sharp(Buffer.from(mistakes.images[0]?.png ?? "", "base64")).metadata()
      )
      assert.strictEqual(width, 256)
    })
  )

  it.effect("refuse images that are not those predicted: another number, other classes, other labels", () =>
    Effect.gen(function* () {
      const predictions = predictionsOf([wrong(0, 0.9), right])
      const fails = (images: ReturnType<typeof given>) => Effect.flip(of(predictions, images))
      const fewer = yield* fails(imagesOf([0]))
      assert.strictEqual(fewer._tag, "PredictionsDiffer")
      assert.strictEqual(
        fewer.message,
        "The predictions are not of these images: 2 predictions, 1 images; expected a prediction of every image, in their order. Give the table of images that was evaluated."
      )
      assert.include(
        (yield* fails(imagesOf([0, 0], 4, ["cat", "owl", "dog"]))).message,
        "classes cat, dog, owl and cat"
      )
      assert.include((yield* fails(imagesOf([0, 2]))).message, "row 1 has label 2, its prediction 0")
    })
  )
})
