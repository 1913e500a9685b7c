import { assert, describe, layer } from "@effect/vitest"
import { Resvg } from "@resvg/resvg-js"
import { Effect } from "effect"
import sharp from "sharp"
import { Figures, type Json, type VegaLiteSpec } from "../../../images/services/Figures.ts"

const bars: VegaLiteSpec = {
  data: {
    values: [
      { name: "cat", count: 3 },
      { name: "dog", count: 5 }
    ]
  },
  mark: "bar",
  encoding: { x: { field: "name", type: "nominal" }, y: { field: "count", type: "quantitative" } },
  config: { font: "DejaVu Sans, Verdana, sans-serif" }
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

const label = (value: string, fontWeight: string): VegaLiteSpec => ({
  data: { values: [{ value }] },
  mark: { type: "text", align: "left", fontSize: 20, fontWeight },
  encoding: { x: { value: 0 }, y: { value: 0 }, text: { field: "value" } },
  width: 1,
  height: 1,
  padding: 0,
  background: "transparent",
  config: { view: { stroke: null }, font: "DejaVu Sans" }
})

const width = (svg: string) => Number(/ width="(\d+)"/.exec(svg)?.[1])

describe("Figures", () => {
  layer(Figures.live)((it) => {
    it.effect("a figure is its specification, an SVG with real text, and a PNG of twice its size", () =>
      Effect.gen(function* () {
        const figures = yield* Figures
        const files = yield* figures.render(bars)
        assert.deepStrictEqual(JSON.parse(text(files["figure.vl.json"])), bars)
        const svg = text(files["figure.svg"])
        assert.match(svg, /<text [^>]*font-family="DejaVu Sans, Verdana, sans-serif"[^>]*>dog<\/text>/)
        const png = Buffer.from(files["figure.png"])
        assert.strictEqual(png.toString("latin1", 1, 4), "PNG")
        assert.strictEqual(png.readUInt32BE(16), 2 * width(svg))
      })
    )

    it.effect("one specification is the same bytes every time, also when several are drawn at once", () =>
      Effect.gen(function* () {
        const figures = yield* Figures
        // a gradient and a clip: their ids come from counters of the process
        const clipped: VegaLiteSpec = {
          ...bars,
          mark: { type: "bar", clip: true },
          encoding: {
            x: { field: "name", type: "nominal" },
            y: { field: "count", type: "quantitative" },
            color: { field: "count", type: "quantitative" }
          }
        }
        const alone = yield* figures.render(clipped)
        const together = yield* Effect.all([clipped, bars, clipped].map(figures.render), { concurrency: 3 })
        assert.deepStrictEqual(together[0], alone)
        assert.deepStrictEqual(together[2], alone)
      })
    )

    for (const weight of ["normal", "bold"]) {
      it.effect(`${weight} text is as wide in the layout as it is drawn, without any font of the machine`, () =>
        Effect.gen(function* () {
          const figures = yield* Figures
          const files = yield* figures.render(label("Illicit WAVE fjord, 79.3 % – Ærø", weight))
          const drawn = new Resvg(text(files["figure.svg"]), {
            font: {
              loadSystemFonts: false,
              fontFiles: ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map(
                (file) => `node_modules/dejavu-fonts-ttf/ttf/${file}`
              )
            }
          }).innerBBox()
          assert.closeTo(width(text(files["figure.svg"])), drawn?.width ?? 0, 5)
        })
      )
    }

    it.effect("a picture that the specification carries is drawn, enlarged without smoothing where it says so", () =>
      Effect.gen(function* () {
        const figures = yield* Figures
        const pixels = Buffer.from([255, 0, 0, 0, 0, 255])
        const png = yield* Effect.promise(() =>
          sharp(pixels, { raw: { width: 2, height: 1, channels: 3 } })
            .png()
            .toBuffer()
        )
        const colours = (smooth: boolean) =>
          Effect.gen(function* () {
            const files = yield* figures.render({
              data: { values: [{ at: `data:image/png;base64,${png.toString("base64")}` }] },
              mark: { type: "image", width: 40, height: 20, smooth, align: "left", baseline: "top" },
              encoding: { x: { value: 0 }, y: { value: 0 }, url: { field: "at" } },
              width: 40,
              height: 20,
              padding: 0,
              config: { view: { stroke: null } }
            })
            const raw = yield* Effect.promise(() => sharp(files["figure.png"]).removeAlpha().raw().toBuffer())
            return new Set(Array.from({ length: raw.length / 3 }, (_, at) => raw.toString("hex", at * 3, at * 3 + 3)))
          })
        assert.deepStrictEqual([...(yield* colours(false))].sort(), ["0000ff", "ff0000"])
        assert.isAbove((yield* colours(true)).size, 4)
      })
    )

    const refused: ReadonlyArray<readonly [string, VegaLiteSpec, RegExp]> = [
      [
        "data behind a URL",
        { ...bars, data: { url: "file:///etc/passwd" } },
        /asks for file:\/\/\/etc\/passwd; expected .* inline\. Correct/
      ],
      [
        "an image behind a URL",
        { data: { values: [{ at: "http://localhost:1/a.png" }] }, mark: "image", encoding: { url: { field: "at" } } },
        /asks for http:\/\/localhost:1\/a\.png/
      ],
      [
        "a picture of another kind than PNG",
        { data: { values: [{ at: "data:image/svg+xml,<svg/>" }] }, mark: "image", encoding: { url: { field: "at" } } },
        /asks for data:image\/svg\+xml/
      ],
      ["a number that JSON lacks", { ...bars, width: Number.NaN }, /step "encode".*specification\.width is NaN/],
      ["a specification of nothing", { data: { values: [] as Json } }, /step "compile".*Invalid specification/]
    ]
    for (const [what, spec, message] of refused) {
      it.effect(`${what} is refused, and named`, () =>
        Effect.gen(function* () {
          const figures = yield* Figures
          const failure = yield* Effect.flip(figures.render(spec))
          assert.strictEqual(failure._tag, "FigureFailed")
          assert.match(failure.message, message)
        })
      )
    }
  })
})
