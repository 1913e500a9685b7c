/**
 * Pictures in a grid, such as the images that a classifier gets wrong.
 *
 * @module
 */
import type { Json, VegaLiteSpec } from "../services/Figures.ts"
import { colors, config, schema } from "./theme.ts"

/** A picture and what stands under it: a line in bold, then smaller ones. */
export interface Tile {
  /** In base64. */
  readonly png: string
  readonly title: string
  readonly lines: ReadonlyArray<string>
}

/** Side of the square that a picture is fitted into. */
const side = 96
const gap = 34
const rowGap = 20
const titleHeight = 19
const lineHeight = 14
const columns = 8

/** Width and height of a PNG in base64, by its header. */
const sizeOf = (png: string): readonly [width: number, height: number] => {
  const header = Buffer.from(png.slice(0, 32), "base64")
  return header.length < 24 ? [1, 1] : [header.readUInt32BE(16), header.readUInt32BE(20)]
}

/** Small pictures are enlarged by a whole factor, so that their pixels stay squares of one size. */
const shown = (png: string) => {
  const [width, height] = sizeOf(png)
  const factor = side / Math.max(width, height)
  const scale = factor > 1 ? Math.floor(factor) : factor
  return { width: width * scale, height: height * scale, smooth: scale < 1 }
}

/** Pictures in a grid, each in the middle of its square and with its text underneath; `note` stands under the title. */
export const imageGrid = (tiles: ReadonlyArray<Tile>, title: string, note: string): VegaLiteSpec => {
  // rows of one length, as far as it goes
  const across = Math.max(4, Math.ceil(tiles.length / Math.max(1, Math.ceil(tiles.length / columns))))
  const lines = Math.max(0, ...tiles.map((tile) => tile.lines.length))
  const pitch = side + gap
  const rowHeight = side + titleHeight + lines * lineHeight + rowGap
  const placed = tiles.map((tile, index) => ({
    ...tile,
    ...shown(tile.png),
    x: (index % across) * pitch + pitch / 2,
    y: Math.floor(index / across) * rowHeight
  }))
  const encoding = {
    x: { field: "x", type: "quantitative", scale: null, axis: null },
    y: { field: "y", type: "quantitative", scale: null, axis: null }
  }
  // size and smoothing belong to a mark: pictures that share them are one
  const kinds = [...new Set(placed.map(({ width, height, smooth }) => JSON.stringify({ width, height, smooth })))]
  const pictures = kinds.map((kind): Json => {
    const { width, height, smooth } = JSON.parse(kind)
    const values = placed
      .filter((tile) => tile.width === width && tile.height === height && tile.smooth === smooth)
      .map(({ x, y, png }) => ({ x, y: y + side / 2, url: `data:image/png;base64,${png}` }))
    return {
      data: { values },
      // what is read aloud would be the picture's bytes
      mark: { type: "image", width, height, smooth, aria: false, align: "center", baseline: "middle" },
      encoding: { ...encoding, url: { field: "url" } }
    }
  })
  const text = (size: number, weight: string, color: string, values: ReadonlyArray<Json>): ReadonlyArray<Json> =>
    values.length === 0
      ? []
      : [
          {
            data: { values },
            mark: {
              type: "text",
              align: "center",
              baseline: "top",
              fontSize: size,
              fontWeight: weight,
              color,
              limit: pitch - 6
            },
            encoding: { ...encoding, text: { field: "text" } }
          }
        ]
  return {
    $schema: schema,
    title: { text: title, subtitle: note },
    width: across * pitch,
    height: Math.max(1, Math.ceil(tiles.length / across)) * rowHeight - rowGap,
    layer: [
      // without tiles there is still something to lay out
      { data: { values: [{ x: 0, y: 0 }] }, mark: { type: "point", opacity: 0 }, encoding },
      ...pictures,
      ...text(
        11,
        "bold",
        colors.ink,
        placed.map((tile) => ({ x: tile.x, y: tile.y + side + 7, text: tile.title }))
      ),
      ...text(
        10,
        "normal",
        colors.text,
        placed.flatMap((tile) =>
          tile.lines.map((line, at) => ({
            x: tile.x,
            y: tile.y + side + titleHeight + 4 + at * lineHeight,
            text: line
          }))
        )
      )
    ],
    config
  }
}
