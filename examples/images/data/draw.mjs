// Drew the swatches in swatches/: `node data/draw.mjs` draws the same again. Those to learn from hang upright, those to test on any way.
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { crc32, deflateSync } from "node:zlib"

const SIDE = 32

/** Numbers in [0, 1) by a linear congruential generator (Numerical Recipes). */
const chance = (seed) => {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Whether a point of a weave has its second colour; across and along are counted in periods. */
const WEAVES = {
  checked: (across, along) => across % 1 < 0.5 !== along % 1 < 0.5,
  dotted: (across, along) => Math.hypot((across % 1) - 0.5, (along % 1) - 0.5) < 0.3,
  striped: (across) => across % 1 < 0.5
}

const chunk = (type, data) => {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data])
  const length = Buffer.alloc(4)
  const sum = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}

/** A PNG of 8-bit RGB rows, none of them filtered. */
const png = (pixels) => {
  const header = Buffer.from([0, 0, 0, SIDE, 0, 0, 0, SIDE, 8, 2, 0, 0, 0])
  const rows = Array.from({ length: SIDE }, (_, row) =>
    Buffer.concat([Buffer.alloc(1), Buffer.from(pixels.slice(row * SIDE * 3, (row + 1) * SIDE * 3))])
  )
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(rows), { level: 9 })),
    chunk("IEND", Buffer.alloc(0))
  ])
}

const swatch = (weave, next, isUpright) => {
  const colours = [0, 1].map((dark) => [0, 1, 2].map(() => Math.floor((dark ? 0 : 205) + next() * 50)))
  const period = 6 + next() * 6
  const angle = (isUpright ? (next() - 0.5) / 2 : next() * 2 * Math.PI) % (2 * Math.PI)
  const [sine, cosine, shift] = [Math.sin(angle), Math.cos(angle), 100 + next()]
  return Array.from({ length: SIDE * SIDE }, (_, at) => {
    const [x, y] = [at % SIDE, Math.floor(at / SIDE)]
    const across = (x * cosine + y * sine) / period + shift
    const along = (y * cosine - x * sine) / period + shift
    return colours[weave(across, along) ? 1 : 0]
  }).flat()
}

const next = chance(13)
for (const [split, count] of [
  ["train", 12],
  ["test", 8]
])
  for (const [name, weave] of Object.entries(WEAVES)) {
    const folder = join(import.meta.dirname, "swatches", split, name)
    mkdirSync(folder, { recursive: true })
    for (let at = 1; at <= count; at++)
      writeFileSync(join(folder, `${name}-${at}.png`), png(swatch(weave, next, split === "train")))
  }
