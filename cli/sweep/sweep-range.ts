/** A range of a sweep, `linear(FROM, TO, COUNT)`: the numbers that it stands for, and those that are drawn from it. */
export interface Range {
  readonly kind: RangeKind
  readonly from: number
  readonly to: number
  /** Whether only whole numbers are meant: by `int`, or by a parameter that takes no others. */
  readonly whole: boolean
}

/** The number at a place from 0 to 1 between the ends, as far as floats can tell. */
const between = {
  linear: (from: number, to: number, place: number) => from * (1 - place) + to * place,
  log: (from: number, to: number, place: number) => {
    const ratio = to / from
    // ends further apart than any float is large are joined by their logarithms, which are less exact
    return Number.isFinite(ratio)
      ? from * ratio ** place
      : Math.exp(Math.log(from) * (1 - place) + Math.log(to) * place)
  },
  int: (from: number, to: number, place: number) => from * (1 - place) + to * place
}
export type RangeKind = keyof typeof between

export const isRangeKind = (kind: string): kind is RangeKind => Object.hasOwn(between, kind)

const clamp = (value: number, from: number, to: number): number => Math.min(to, Math.max(from, value))

const FEWEST_DIGITS = 5
/** Digits after which every float is itself. */
const ALL_DIGITS = 17

/** The number of the fewest digits, five or more, that lies within `tolerance` of the value; 0 where that is noise. */
const shorten = (value: number, tolerance: number): number => {
  if (Math.abs(value) <= tolerance * 1e-9) return 0
  for (let digits = FEWEST_DIGITS; digits < ALL_DIGITS; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.abs(short - value) <= tolerance) return short
  }
  return value
}

const float = new Float64Array(1)
const bits = new BigInt64Array(float.buffer)

/** The float next to a finite one, above it or (`by` -1n) below it. */
const neighbour = (value: number, by: 1n | -1n): number => {
  if (value === 0) return by === 1n ? Number.MIN_VALUE : -Number.MIN_VALUE
  float[0] = value
  // the bits of a float count away from 0 on both of its sides
  bits[0] = (bits[0] ?? 0n) + (value > 0 ? by : -by)
  return float[0]
}

const after = (value: number, whole: boolean): number => (whole && value + 1 > value ? value + 1 : neighbour(value, 1n))
const before = (value: number, whole: boolean): number =>
  whole && value - 1 < value ? value - 1 : neighbour(value, -1n)

/** Neighbours may move by this share of what lies between them. */
const SHARE_OF_GAP = 0.01

/**
 * `count` numbers of the range, rising, its ends exact and the others in as few digits as keep their distances. They are
 * distinct where so many distinct numbers lie between the ends; where fewer do, all of those are among them.
 */
export const valuesOf = ({ kind, from, to, whole }: Range, count: number): ReadonlyArray<number> => {
  if (count === 1) return [from]
  const exact = Array.from({ length: count }, (_, index) =>
    index === 0 ? from : index === count - 1 ? to : clamp(between[kind](from, to, index / (count - 1)), from, to)
  )
  const values = exact.map((value, index) => {
    const [below, above] = [exact[index - 1], exact[index + 1]]
    if (below === undefined || above === undefined) return value
    if (whole) return Math.round(value)
    return Number.isInteger(value) ? value : shorten(value, SHARE_OF_GAP * Math.min(value - below, above - value))
  })
  // floats that lie as close as there are any were rounded onto each other: they step aside, up and then down from the end
  for (let at = 1; at < count - 1; at++)
    values[at] = clamp(Math.max(values[at] ?? from, after(values[at - 1] ?? from, whole)), from, to)
  for (let at = count - 2; at > 0; at--)
    values[at] = clamp(Math.min(values[at] ?? to, before(values[at + 1] ?? to, whole)), from, to)
  return values
}

/** Where a number lies between the ends of the range, from 0 to 1: what `drawnFrom` is given, but for what it rounds. */
export const placeIn = ({ kind, from, to }: Range, value: number): number => {
  if (from === to) return 0
  return kind === "log"
    ? (Math.log(value) - Math.log(from)) / (Math.log(to) - Math.log(from))
    : value / (to - from) - from / (to - from)
}

/** A drawn number may differ from the exact one by what this share of the range's places makes. */
const SHARE_OF_PLACES = 1e-4

/** The number of the range at a place that is drawn evenly from [0, 1). */
export const drawnFrom = ({ kind, from, to, whole }: Range, place: number): number => {
  // rounded, the ends would be drawn half as often as what lies between them
  if (kind === "int") return clamp(Math.floor(from + (to - from + 1) * place), from, to)
  const value = clamp(between[kind](from, to, place), from, to)
  if (whole) return clamp(Math.round(value), Math.ceil(from), Math.floor(to))
  if (Number.isInteger(value)) return value
  const beside = between[kind](from, to, place < 0.5 ? place + SHARE_OF_PLACES : place - SHARE_OF_PLACES)
  return clamp(shorten(value, Math.abs(beside - value)), from, to)
}
