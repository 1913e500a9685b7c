/**
 * Figures drawn from specifications of Vega-Lite, without a browser.
 *
 * @module
 */
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { Context, Effect, Layer, Schema } from "effect"
import { Explained, type Figure } from "headrace"
import { CanonicalJson } from "headrace/files"
import * as OwnPlace from "./OwnPlace.ts"

/** A value that JSON has. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [name: string]: Json }

/** A Vega-Lite specification as JSON, its data inline. */
export type VegaLiteSpec = { readonly [name: string]: Json }

/** The font every figure is drawn with, from the package dejavu-fonts-ttf; Verdana has nearly the same widths. */
export const fontFamily = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"

/** PNG pixels for one SVG pixel. */
const zoom = 2

/** A figure that could not be drawn, and at which step. */
export class FigureFailed extends Explained.TaggedError<FigureFailed>()(
  "FigureFailed",
  {
    step: Schema.Literal("encode", "font", "compile", "layout", "rasterize"),
    what: Schema.String
  },
  ({ step, what }) => ({
    what: `A figure cannot be drawn, its step "${step}" says: ${what}`,
    expected: "a Vega-Lite specification with finite numbers and its data inline",
    fix: "Correct the stage that makes it."
  })
) {}

const failed = (step: FigureFailed["step"]) => (error: unknown) =>
  new FigureFailed({ step, what: error instanceof Error ? error.message : String(error) })

const fontFiles = Effect.try({
  try: () => {
    const { resolve } = createRequire(OwnPlace.file())
    return ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((file) => resolve(`dejavu-fonts-ttf/ttf/${file}`))
  },
  catch: failed("font")
})

/** Version of the font package: letters are set by it, and no import says so. */
export const fontVersion = Effect.try({
  try: (): string => createRequire(OwnPlace.file())("dejavu-fonts-ttf/package.json").version,
  catch: failed("font")
})

/** An SVG as pixels, `zoom` of them for one of its own; text is set in DejaVu Sans, the machine's fonts are not read. */
export const rasterize = (svg: string, zoom: number) =>
  Effect.gen(function* () {
    const files = yield* fontFiles
    return yield* Effect.tryPromise({
      try: async () => {
        const { renderAsync } = await import("@resvg/resvg-js")
        // pictures whose pixels are to stay squares: resvg knows one of the two words that Vega writes, and heeds the last
        return await renderAsync(svg.replaceAll(" image-rendering: pixelated;", ""), {
          font: { loadSystemFonts: false, fontFiles: files, defaultFontFamily: "DejaVu Sans" },
          fitTo: { mode: "zoom", value: zoom }
        })
      },
      catch: failed("rasterize")
    })
  })

/**
 * Widths of a TrueType font, in em by UTF-16 unit: the tables `cmap` (format 4, Unicode) and `hmtx` of the OpenType
 * specification. A character that the font lacks is as wide as its box.
 */
const advanceWidths = (font: Buffer): ((unit: number) => number) => {
  const tables = new Map(
    Array.from({ length: font.readUInt16BE(4) }, (_, index) => {
      const record = 12 + index * 16
      return [font.toString("latin1", record, record + 4), font.readUInt32BE(record + 8)] as const
    })
  )
  const table = (tag: string) => tables.get(tag) ?? 0
  const unitsPerEm = font.readUInt16BE(table("head") + 18)
  const longMetrics = font.readUInt16BE(table("hhea") + 34)
  const advance = (glyph: number) =>
    font.readUInt16BE(table("hmtx") + 4 * Math.min(glyph, longMetrics - 1)) / unitsPerEm
  const cmap = table("cmap")
  const subtables = Array.from({ length: font.readUInt16BE(cmap + 2) }, (_, index) => cmap + 4 + index * 8)
  const unicode = subtables.find((at) => font.readUInt16BE(at) === 3 && font.readUInt16BE(at + 2) === 1) ?? cmap
  const map = cmap + font.readUInt32BE(unicode + 4)
  const segments = font.readUInt16BE(map + 6)
  return (unit) => {
    for (let end = map + 14; end < map + 14 + segments; end += 2) {
      if (font.readUInt16BE(end) < unit) continue
      const start = end + segments + 2
      const first = font.readUInt16BE(start)
      if (first > unit) return advance(0)
      const delta = font.readUInt16BE(start + segments)
      const range = start + 2 * segments
      const offset = font.readUInt16BE(range)
      if (offset === 0) return advance((unit + delta) % 65_536)
      const glyph = font.readUInt16BE(range + offset + 2 * (unit - first))
      return advance(glyph === 0 ? 0 : (glyph + delta) % 65_536)
    }
    return advance(0)
  }
}

/** A text mark or label, as far as its width goes; `limit` is the width it is cut to. */
interface TextItem {
  readonly fontSize?: number
  readonly fontWeight?: string | number
  readonly limit?: number
}

/** Width of a text in pixels. Vega guesses 0.8 em a letter, which pushes titles and legends away from their labels. */
const textWidth = Effect.gen(function* () {
  const files = yield* fontFiles
  const [regular, bold] = yield* Effect.forEach(files, (file) =>
    Effect.tryPromise({ try: async () => advanceWidths(await readFile(file)), catch: failed("font") })
  )
  return (item: TextItem, line: unknown): number => {
    const font = item.fontWeight === "bold" || Number(item.fontWeight) >= 600 ? bold : regular
    const text = line == null ? "" : String(line).trim()
    let em = 0
    for (let index = 0; index < text.length; index++) em += font?.(text.charCodeAt(index)) ?? 0
    return Math.min(em * (item.fontSize ?? 11), item.limit || Infinity)
  }
})

/** What is used of Vega and Vega-Lite: their own types leave out text metrics, and know a specification too closely. */
interface Vega {
  readonly parse: (spec: unknown) => unknown
  readonly textMetrics: { width: (item: TextItem, line: unknown) => number }
  readonly resetSVGDefIds: () => void
  readonly View: new (
    runtime: unknown,
    options: {
      readonly renderer: "none"
      readonly logger: Logger
      readonly loader: Readonly<Record<"load" | "sanitize" | "http" | "file", (uri: string) => Promise<unknown>>>
    }
  ) => { readonly toSVG: () => Promise<string>; readonly finalize: () => void }
}
interface VegaLite {
  readonly compile: (spec: VegaLiteSpec, options: { readonly logger: Logger }) => { readonly spec: unknown }
}
interface Logger {
  readonly level: () => number
  readonly error: (...parts: ReadonlyArray<unknown>) => Logger
  readonly warn: (...parts: ReadonlyArray<unknown>) => Logger
  readonly info: () => Logger
  readonly debug: () => Logger
}

/** Keeps what Vega reports, since it would print to the console, and goes on after an error. */
const recorder = () => {
  const errors: Array<string> = []
  const warnings: Array<string> = []
  const text = (parts: ReadonlyArray<unknown>) =>
    parts.map((part) => (part instanceof Error ? part.message : String(part))).join(" ")
  const keep =
    (list: Array<string>) =>
    (...parts: ReadonlyArray<unknown>) => {
      list.push(text(parts))
      return logger
    }
  const logger: Logger = {
    level: () => 0,
    error: keep(errors),
    warn: keep(warnings),
    info: () => logger,
    debug: () => logger
  }
  return { errors, warnings, logger }
}

const loadVega = Effect.gen(function* () {
  const [vega, lite] = yield* Effect.promise(() => Promise.all([import("vega"), import("vega-lite")]))
  const libraries = { vega, lite } as unknown as { readonly vega: Vega; readonly lite: VegaLite }
  libraries.vega.textMetrics.width = yield* textWidth
  return libraries
})

const toSvg = ({ vega, lite }: { readonly vega: Vega; readonly lite: VegaLite }, spec: VegaLiteSpec) =>
  Effect.gen(function* () {
    const { errors, warnings, logger } = recorder()
    const refuse = (uri: string) => {
      errors.push(`it asks for ${uri}`)
      return Promise.reject(new Error(`it asks for ${uri}`))
    }
    // a picture that the specification carries asks for nothing
    const sanitize = (uri: string) =>
      uri.startsWith("data:image/png;base64,") ? Promise.resolve({ href: uri }) : refuse(uri)
    const compiled = yield* Effect.try({
      try: () => lite.compile(spec, { logger }).spec,
      catch: failed("compile")
    })
    const view = yield* Effect.acquireRelease(
      Effect.try({
        try: () =>
          new vega.View(vega.parse(compiled), {
            renderer: "none",
            logger,
            loader: { load: refuse, sanitize, http: refuse, file: refuse }
          }),
        catch: failed("compile")
      }),
      (view) => Effect.sync(() => view.finalize())
    )
    const svg = yield* Effect.tryPromise({
      try: () => {
        vega.resetSVGDefIds()
        return view.toSVG()
      },
      catch: failed("layout")
    })
    if (errors.length > 0) return yield* new FigureFailed({ step: "layout", what: errors.join(", ") })
    if (warnings.length > 0) yield* Effect.logDebug(`Vega: ${warnings.join(", ")}`)
    return svg
  }).pipe(Effect.scoped)

/** Draws figures: the same bytes on every machine, from a specification alone. */
export class Figures extends Context.Tag("headrace/Figures")<
  Figures,
  {
    /** Draws a specification as SVG and as PNG of twice its size, beside which the specification is kept. */
    readonly render: (spec: VegaLiteSpec) => Effect.Effect<Required<Figure.Files>, FigureFailed>
  }
>() {
  static readonly live: Layer.Layer<Figures> = Layer.effect(
    Figures,
    Effect.gen(function* () {
      const libraries = yield* Effect.cached(loadVega)
      // the ids of clips and gradients come from counters of the process
      const oneAtATime = yield* Effect.makeSemaphore(1)
      const render = (spec: VegaLiteSpec) =>
        Effect.gen(function* () {
          yield* Effect.mapError(CanonicalJson.encode(spec, "specification"), failed("encode"))
          const json = `${JSON.stringify(spec, null, 2)}\n`
          const svg = yield* oneAtATime.withPermits(1)(toSvg(yield* libraries, JSON.parse(json)))
          const image = yield* rasterize(svg, zoom)
          const text = new TextEncoder()
          return {
            "figure.vl.json": text.encode(json),
            "figure.svg": text.encode(svg),
            "figure.png": new Uint8Array(image.asPng())
          }
        })
      return { render }
    })
  )
}
