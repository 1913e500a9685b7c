import { truncate } from "../../kinds/format.ts"
import { imageBytes, type RgbImages } from "../../kinds/RgbImages.ts"
import { pad } from "./table-text.ts"

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly isTTY: boolean
}

/** Whether pictures may be drawn in text: a terminal that says it has 24-bit colour, and nobody asked for none. */
export const hasTruecolor = ({ env, isTTY }: Terminal): boolean =>
  isTTY && !env.NO_COLOR && env.TERM !== "dumb" && /^(truecolor|24bit)$/i.test(env.COLORTERM ?? "")

/** Mean colour of the part of the image under pixel (x, y) of a picture of `columns` by `rows`. */
const sample = (
  rgb: Uint8Array,
  [width, height]: readonly [number, number],
  [columns, rows]: readonly [number, number],
  [x, y]: readonly [number, number]
): string => {
  const left = Math.floor((x * width) / columns)
  const right = Math.max(left + 1, Math.floor(((x + 1) * width) / columns))
  const top = Math.floor((y * height) / rows)
  const bottom = Math.max(top + 1, Math.floor(((y + 1) * height) / rows))
  const sum = [0, 0, 0]
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const pixel = (row * width + column) * 3
      for (let channel = 0; channel < 3; channel++) sum[channel] = (sum[channel] ?? 0) + (rgb[pixel + channel] ?? 0)
    }
  }
  const pixels = (right - left) * (bottom - top)
  return sum.map((value) => Math.round(value / pixels)).join(";")
}

const reset = "\u001b[0m"

const lines = (rgb: Uint8Array, width: number, height: number, columns: number): ReadonlyArray<string> => {
  // a cell is about twice as high as wide: it shows two pixels, the upper one as the block, the lower one behind it
  const cells = Math.max(1, Math.round((height * columns) / width / 2))
  return Array.from({ length: cells }, (_, cell) => {
    let line = ""
    let last = ""
    for (let x = 0; x < columns; x++) {
      const upper = sample(rgb, [width, height], [columns, cells * 2], [x, cell * 2])
      const lower = sample(rgb, [width, height], [columns, cells * 2], [x, cell * 2 + 1])
      const colours = `\u001b[38;2;${upper};48;2;${lower}m`
      line += colours === last ? "▀" : `${colours}▀`
      last = colours
    }
    return line + reset
  })
}

/** An RGB image as lines of `columns` half blocks in 24-bit colour, each line ending in a reset. */
export const imageText = (rgb: Uint8Array, width: number, height: number, columns: number): string =>
  lines(rgb, width, height, columns).join("\n")

/** A grid of up to 64 images within `columns` terminal cells, `tile` of them an image, class names underneath. */
export const gridText = (images: RgbImages, columns: number, tile = 16): string => {
  const [height, width] = images.shape
  const side = Math.max(1, Math.min(tile, columns))
  const perRow = Math.max(1, Math.floor((columns + 1) / (side + 1)))
  const count = Math.min(64, Math.floor(images.data.length / Math.max(1, height * width * 3)))
  const rows = Array.from({ length: Math.ceil(count / perRow) }, (_, row) =>
    Array.from({ length: Math.min(perRow, count - row * perRow) }, (_, column) => row * perRow + column)
  )
  return rows
    .map((indexes) => {
      const tiles = indexes.map((index) => lines(imageBytes(images, index), width, height, side))
      const names = indexes.map((index) => pad(truncate(images.labels[index] ?? "", side), side))
      const picture = (tiles[0] ?? []).map((_, line) => tiles.map((image) => image[line]).join(" "))
      return [...picture, names.join(" ").trimEnd()].join("\n")
    })
    .join("\n")
}
