import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import sharp from "sharp"
import { classCounts } from "../../images/charts/class-counts.ts"
import { imageGrid, type Tile } from "../../images/charts/image-grid.ts"
import { Figures, type VegaLiteSpec } from "../../images/services/Figures.ts"

const draw = (spec: VegaLiteSpec) =>
  Effect.gen(function* () {
    const figures = yield* Figures
    const files = yield* figures.render(spec)
    const svg = new TextDecoder().decode(files["figure.svg"])
    const [, width = "0", height = "0"] = svg.match(/<svg [^>]*width="([\d.]+)" height="([\d.]+)"/) ?? []
    return {
      svg,
      width: Number(width),
      height: Number(height),
      texts: Array.from(svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g), ([, text]) => text ?? ""),
      images: Array.from(svg.matchAll(/<image [^>]*width="([\d.]+)" height="([\d.]+)"[^>]*>/g), ([tag, ...size]) => ({
        size: size.map(Number),
        isPixelated: tag.includes("pixelated")
      }))
    }
  })

const tile = (title: string, width: number, height: number) =>
  Effect.promise(async (): Promise<Tile> => {
    const png = await sharp({ create: { width, height, channels: 3, background: "#3366cc" } })
      .png()
      .toBuffer()
    return { png: png.toString("base64"), title, lines: [`of ${title}`] }
  })

layer(Figures.live)("charts of a dataset", (it) => {
  it.effect("every class has a bar and a number in each split, a class without images too", () =>
    Effect.gen(function* () {
      const { texts, svg } = yield* draw(
        classCounts(
          [
            { class: "cat", train: 5000, validation: 0, test: 1000 },
            { class: "dog", train: 1234, validation: 0, test: 0 }
          ],
          "Images"
        )
      )
      assert.includeMembers(texts, ["cat", "dog", "5,000", "1,000", "1,234", "0", "training", "test"])
      assert.include(texts, "6,234 training and 1,000 test images of 2 classes")
      assert.strictEqual(Array.from(svg.matchAll(/aria-roledescription="bar"/g)).length, 4)
    })
  )

  it.effect(
    "a thousand classes are bars alone, no taller than a screen; no class and no image have a picture too",
    () =>
      Effect.gen(function* () {
        const classes = Array.from({ length: 1000 }, (_, at) => ({
          class: `class ${at}`,
          train: at,
          validation: 0,
          test: 1
        }))
        const { texts, height } = yield* draw(classCounts(classes, "Many"))
        assert.notInclude(texts, "class 7")
        assert.isBelow(height, 1_200)
        yield* draw(classCounts([], "None"))
        yield* draw(classCounts([{ class: "cat", train: 0, validation: 0, test: 0 }], "Empty"))
      })
  )

  it.effect(
    "small images are enlarged by a whole factor with square pixels, large ones reduced, their shape kept",
    () =>
      Effect.gen(function* () {
        const tiles = yield* Effect.all([tile("small", 32, 32), tile("odd", 28, 20), tile("large", 256, 128)])
        const { images, texts } = yield* draw(imageGrid(tiles, "Grid", "three"))
        assert.deepStrictEqual(images, [
          { size: [96, 96], isPixelated: true },
          { size: [84, 60], isPixelated: true },
          { size: [96, 48], isPixelated: false }
        ])
        assert.includeMembers(texts, ["Grid", "three", "small", "of small", "large", "of large"])
      })
  )

  it.effect("a hundred images stand in rows of eight at most, none is an empty grid", () =>
    Effect.gen(function* () {
      const one = yield* tile("a class with quite a long name", 8, 8)
      const { images, width } = yield* draw(
        imageGrid(
          Array.from({ length: 100 }, () => one),
          "Hundred",
          ""
        )
      )
      assert.strictEqual(images.length, 100)
      assert.isBelow(width, 1_200)
      assert.include((yield* draw(imageGrid([], "Nothing", "0 images"))).texts, "0 images")
    })
  )
})
