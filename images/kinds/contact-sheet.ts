import { Effect, Schema } from "effect"
import { Explained, Kind } from "headrace"
import { type FigureFailed, fontFamily, rasterize } from "../services/Figures.ts"

export class ContactSheetFailed extends Explained.TaggedError<ContactSheetFailed>()(
  "ContactSheetFailed",
  {
    what: Schema.String,
    expected: Schema.String
  },
  ({ what, expected }) => ({
    what: `A contact sheet cannot be drawn: ${what}`,
    expected,
    fix: "Inspect the table's rows instead."
  })
) {}

export interface SheetOptions {
  /** Images a row; as many as make the sheet square when left out. */
  readonly columns?: number
}

const most = 64
const gap = 8
const margin = 16
const labelHeight = 18
const fontSize = 10.5
/** Mean width of a lower-case text in DejaVu Sans, in em. */
const letter = 0.6

/** Shown size of an image: enlarged by a whole factor until its shorter side has 64 pixels, reduced to 256 at most. */
export const tileSize = (height: number, width: number): readonly [height: number, width: number] => {
  const factor = Math.max(1, Math.ceil(64 / Math.min(height, width)))
  const scale = Math.min(factor, 256 / Math.max(height, width))
  return [Math.max(1, Math.round(height * scale)), Math.max(1, Math.round(width * scale))]
}

/** XML has no control characters, escaped or not. */
const xml = (text: string) => text.replace(/\p{Cc}/gu, " ").replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`)

const labelText = (label: string, width: number): string => {
  const letters = Math.floor(width / (fontSize * letter))
  return label.length <= letters ? label : `${label.slice(0, Math.max(1, letters - 1))}…`
}

/** A PNG of up to 64 images in a grid on white, each with its class name underneath. */
export const contactSheet = (
  images: Kind.RgbImages,
  options: SheetOptions = {}
): Effect.Effect<Uint8Array, ContactSheetFailed | FigureFailed> =>
  Effect.gen(function* () {
    const [height, width] = images.shape
    const size = height * width * 3
    if (!(size > 0) || images.data.length === 0 || images.data.length % size !== 0) {
      return yield* new ContactSheetFailed({
        what: `${images.data.length} values of images of shape [${images.shape.join(", ")}]`,
        expected: "one or more whole images"
      })
    }
    const count = Math.min(most, images.data.length / size)
    const columns = Math.min(count, Math.max(1, Math.floor(options.columns ?? Math.ceil(Math.sqrt(count)))))
    const [tileHeight, tileWidth] = tileSize(height, width)
    const labelled = images.labels.slice(0, count).some((label) => label !== "")
    const stepX = tileWidth + gap
    const stepY = tileHeight + gap + (labelled ? labelHeight : 0)
    const sheetWidth = 2 * margin + columns * stepX - gap
    const sheetHeight = 2 * margin + Math.ceil(count / columns) * stepY - gap
    const places = Array.from({ length: count }, (_, index) => ({
      index,
      left: margin + (index % columns) * stepX,
      top: margin + Math.floor(index / columns) * stepY
    }))

    const texts = places.map(({ index, left, top }) => {
      const x = left + tileWidth / 2
      const y = top + tileHeight + labelHeight - 5
      return `<text x="${x}" y="${y}">${xml(labelText(images.labels[index] ?? "", stepX))}</text>`
    })
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${sheetWidth}" height="${sheetHeight}"><rect width="100%" height="100%" fill="#fff"/><g font-family="${fontFamily}" font-size="${fontSize}" fill="#3e4c59" text-anchor="middle">${texts.join("")}</g></svg>`
    const paper = yield* rasterize(svg, 1)

    return yield* Effect.tryPromise({
      try: async () => {
        const { default: sharp } = await import("sharp")
        const tiles = places.map(async ({ index, left, top }) => {
          const kernel = tileWidth > width ? "nearest" : "lanczos3"
          const tile = sharp(Kind.imageBytes(images, index), { raw: { width, height, channels: 3 } })
          const input = await tile.resize(tileWidth, tileHeight, { kernel, fit: "fill" }).raw().toBuffer()
          return { input, raw: { width: tileWidth, height: tileHeight, channels: 3 as const }, left, top }
        })
        const raw = { width: paper.width, height: paper.height, channels: 4 as const }
        const sheet = sharp(paper.pixels, { raw }).composite(await Promise.all(tiles))
        return new Uint8Array(await sheet.removeAlpha().png({ compressionLevel: 9 }).toBuffer())
      },
      catch: (error) =>
        new ContactSheetFailed({ what: error instanceof Error ? error.message : String(error), expected: "RGB pixels" })
    })
  })
