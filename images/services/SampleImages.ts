import * as CifarArchive from "./CifarArchive.ts"
import { cifar10 } from "./CifarFormat.ts"

/**
 * A dataset that the project draws itself: 32x32 pictures of one shape each, of any colour, size and angle, in front of
 * a gradient, among smaller shapes and strokes that also cover parts of it, under noise. Everything is computed in
 * integers, so that the bytes are the same on every machine.
 */
const classes = [
  "bars",
  "checkers",
  "crescent",
  "cross",
  "disc",
  "frame",
  "ring",
  "square",
  "star",
  "triangle"
] as const

const side = 32
const plane = side * side

/** A whole number in [0, below). */
type Chance = (below: number) => number

/** sfc32 (Chris Doty-Humphrey's Small Fast Counting generator of PractRand), warmed up by 12 rounds. */
const chanceOf = (seed: number, stream: number): Chance => {
  let [a, b, c, counter] = [seed | 0, stream | 0, 0, 1]
  const next = (): number => {
    const drawn = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + drawn) | 0
    return drawn >>> 0
  }
  for (let round = 0; round < 12; round++) next()
  // exact: the product stays below 2^53
  return (below) => Math.floor((next() * below) / 2 ** 32)
}

const between = (chance: Chance, least: number, most: number): number => least + chance(most - least + 1)

/** Whether a point lies inside of a shape, which reaches 256 units from its centre. */
type Shape = (x: number, y: number) => boolean

const within = (x: number, y: number, half: number): boolean => Math.abs(x) <= half && Math.abs(y) <= half
const nearer = (x: number, y: number, radius: number): boolean => x * x + y * y <= radius * radius

/** Which of `count` equal parts of [-half, half] a coordinate lies in. */
const part = (x: number, half: number, count: number): number => Math.floor(((x + half) * count) / (2 * half + 1))

const shapes: Readonly<Record<(typeof classes)[number], Shape>> = {
  bars: (x, y) => within(x, y, 220) && part(x, 220, 5) % 2 === 0,
  checkers: (x, y) => within(x, y, 220) && (part(x, 220, 3) + part(y, 220, 3)) % 2 === 0,
  crescent: (x, y) => nearer(x, y, 256) && !nearer(x - 110, y, 220),
  cross: (x, y) => within(x, y, 256) && (Math.abs(x) <= 75 || Math.abs(y) <= 75),
  disc: (x, y) => nearer(x, y, 240),
  frame: (x, y) => within(x, y, 220) && !within(x, y, 125),
  ring: (x, y) => nearer(x, y, 256) && !nearer(x, y, 145),
  square: (x, y) => within(x, y, 205),
  star: (x, y) => 256 * (Math.abs(x) + Math.abs(y)) + 8 * Math.abs(x * y) <= 256 * 256,
  // an equilateral one: 443 / 256 is the root of 3
  triangle: (x, y) => y <= 128 && 443 * Math.abs(x) <= 256 * (y + 256)
}

const stroke: Shape = (x, y) => Math.abs(x) <= 256 && Math.abs(y) <= 30

/** 256 times the cosines of the 32 directions, by quarters. */
const quarter = [256, 251, 237, 213, 181, 142, 98, 50, 0]
const cosine = (direction: number): number => {
  const at = direction & 31
  const [half, sign] = at > 16 ? [32 - at, 1] : [at, 1]
  return half > 8 ? -sign * (quarter[16 - half] ?? 0) : sign * (quarter[half] ?? 0)
}

type Colour = readonly [number, number, number]
const colour = (chance: Chance): Colour => [chance(256), chance(256), chance(256)]

/** A colour near a corner of the cube of colours or the middle of one of its edges. */
const near = (chance: Chance, [red, green, blue]: Colour): Colour => {
  const of = (value: number) => Math.min(255, Math.max(0, value + between(chance, -48, 48)))
  return [of(red), of(green), of(blue)]
}

/** The colours that most shapes of a class have, and most of the grounds that they stand on; the others have any. */
const usual: Readonly<Record<(typeof classes)[number], { readonly shape: Colour; readonly ground: Colour }>> = {
  bars: { shape: [240, 240, 240], ground: [40, 60, 170] },
  checkers: { shape: [30, 30, 30], ground: [220, 210, 180] },
  crescent: { shape: [240, 220, 80], ground: [25, 25, 60] },
  cross: { shape: [220, 40, 40], ground: [225, 225, 225] },
  disc: { shape: [240, 130, 30], ground: [110, 180, 230] },
  frame: { shape: [120, 75, 35], ground: [190, 220, 130] },
  ring: { shape: [200, 60, 200], ground: [60, 140, 70] },
  square: { shape: [50, 80, 210], ground: [210, 150, 90] },
  star: { shape: [90, 230, 230], ground: [90, 30, 100] },
  triangle: { shape: [50, 170, 60], ground: [150, 150, 160] }
}
const contrast = (one: Colour, other: Colour): number =>
  Math.abs(one[0] - other[0]) + Math.abs(one[1] - other[1]) + Math.abs(one[2] - other[2])

interface Placed {
  readonly shape: Shape
  /** Of its centre, and its radius, in sixteenths of a pixel. */
  readonly x: number
  readonly y: number
  readonly radius: number
  /** In 32nds of a turn. */
  readonly direction: number
  readonly colour: Colour
}

/** Paints over the planes, with four samples a pixel. */
const paint = (planes: Uint8Array, { shape, x, y, radius, direction, colour }: Placed): void => {
  const [along, across] = [cosine(direction), cosine(direction - 8)]
  const isInside = (dx: number, dy: number): number =>
    shape(Math.trunc((dx * along + dy * across) / radius), Math.trunc((dy * along - dx * across) / radius)) ? 1 : 0
  // no shape reaches further than the corner of a square
  const reach = (radius * 3) >> 1
  const first = (centre: number): number => Math.max(0, (centre - reach) >> 4)
  const last = (centre: number): number => Math.min(side - 1, (centre + reach) >> 4)
  for (let row = first(y); row <= last(y); row++)
    for (let column = first(x); column <= last(x); column++) {
      const [dx, dy] = [16 * column + 4 - x, 16 * row + 4 - y]
      const covered = isInside(dx, dy) + isInside(dx + 8, dy) + isInside(dx, dy + 8) + isInside(dx + 8, dy + 8)
      if (covered === 0) continue
      for (let channel = 0; channel < 3; channel++) {
        const at = channel * plane + row * side + column
        planes[at] = ((planes[at] ?? 0) * (4 - covered) + (colour[channel] ?? 0) * covered) >> 2
      }
    }
}

/** Small shapes of any class and thin strokes, at random places. */
const clutter = (chance: Chance): Placed => {
  const isStroke = chance(2) === 0
  return {
    shape: isStroke ? stroke : shapes[classes[chance(classes.length)] ?? "disc"],
    x: chance(16 * side),
    y: chance(16 * side),
    radius: isStroke ? between(chance, 64, 200) : between(chance, 24, 56),
    direction: chance(32),
    colour: colour(chance)
  }
}

const gradient = (planes: Uint8Array, from: Colour, to: Colour, direction: number): void => {
  const [along, across] = [cosine(direction), cosine(direction - 8)]
  for (let at = 0; at < plane; at++) {
    const [x, y] = [(at % side) - 16, (at >> 5) - 16]
    // 0 to 64 from one edge to the other, whatever the direction
    const share = Math.min(64, Math.max(0, 32 + ((x * along + y * across) >> 7)))
    for (let channel = 0; channel < 3; channel++)
      planes[channel * plane + at] = ((from[channel] ?? 0) * (64 - share) + (to[channel] ?? 0) * share) >> 6
  }
}

/** The sum of two uniform numbers a value, so that little noise is more frequent than much. */
const noise = (planes: Uint8Array, amplitude: number, chance: Chance): void => {
  for (let at = 0; at < planes.length; at++) {
    const drawn = (planes[at] ?? 0) + chance(amplitude) - chance(amplitude)
    planes[at] = Math.min(255, Math.max(0, drawn))
  }
}

/** The usual colour three times of five, and any other. */
const mostly = (chance: Chance, one: Colour): Colour => (chance(5) < 3 ? near(chance, one) : colour(chance))

/** A colour for the shape that can be told from both of the background's. */
const standingOut = (chance: Chance, one: Colour, from: Colour, to: Colour): Colour => {
  const found = mostly(chance, one)
  return Math.min(contrast(found, from), contrast(found, to)) >= 120 ? found : standingOut(chance, one, from, to)
}

/** The record of one picture; another `number` is another picture. */
const record = (seed: number, number: number, label: number): Uint8Array => {
  const chance = chanceOf(seed, number)
  const bytes = new Uint8Array(cifar10.recordBytes)
  bytes[0] = label
  const planes = bytes.subarray(1)
  const name = classes[label] ?? "disc"
  const [from, other] = [mostly(chance, usual[name].ground), colour(chance)]
  // half of the way to another colour: two colours far apart would leave none that stands out
  const to: Colour = [(from[0] + other[0]) >> 1, (from[1] + other[1]) >> 1, (from[2] + other[2]) >> 1]
  gradient(planes, from, to, chance(32))
  for (let count = between(chance, 1, 4); count > 0; count--) paint(planes, clutter(chance))
  paint(planes, {
    shape: shapes[name],
    x: 16 * 16 + between(chance, -80, 80),
    y: 16 * 16 + between(chance, -80, 80),
    radius: between(chance, 88, 208),
    direction: chance(32),
    colour: standingOut(chance, usual[name].shape, from, to)
  })
  for (let count = between(chance, 0, 3); count > 0; count--) paint(planes, clutter(chance))
  noise(planes, between(chance, 8, 56), chance)
  return bytes
}

const records = (seed: number, first: number, count: number): Uint8Array => {
  const bytes = new Uint8Array(count * cifar10.recordBytes)
  for (let at = 0; at < count; at++) bytes.set(record(seed, first + at, at % classes.length), at * cifar10.recordBytes)
  return bytes
}

/** Pictures to train and to test on, the classes in turn, as an archive of CIFAR-10's binary version; no two are equal. */
export const archive = ({ seed, train, test }: { readonly seed: number } & CifarArchive.Part): Uint8Array =>
  CifarArchive.pack({ classes, train: records(seed, 0, train), test: records(seed, train, test) })
