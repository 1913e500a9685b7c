import type { Decoded } from "../services/Decoded.ts"

type Channels = readonly [red: number, green: number, blue: number]

/** How often each value of each channel was seen: [channel, value], exact however many pixels there are. */
export interface Colours {
  readonly counts: Float64Array
}

export const empty = (): Colours => ({ counts: new Float64Array(3 * 256) })

/** Counts an image's pixels. */
export const add = ({ counts }: Colours, { data }: Decoded): void => {
  for (let at = 0; at < data.length; at += 3) {
    const [red, green, blue] = [data[at] as number, 256 + (data[at + 1] as number), 512 + (data[at + 2] as number)]
    counts[red] = (counts[red] as number) + 1
    counts[green] = (counts[green] as number) + 1
    counts[blue] = (counts[blue] as number) + 1
  }
}

/** Mean and standard deviation of each channel over all pixels, in [0, 1]; null of no pixels. */
export const statistics = ({
  counts
}: Colours): { readonly mean: Channels | null; readonly deviation: Channels | null } => {
  const of = (channel: number) => {
    const values = counts.subarray(channel * 256, (channel + 1) * 256)
    const pixels = values.reduce((sum, count) => sum + count, 0)
    const mean = values.reduce((sum, count, value) => sum + count * value, 0) / pixels
    const variance = values.reduce((sum, count, value) => sum + count * (value - mean) ** 2, 0) / pixels
    return { pixels, mean: mean / 255, deviation: Math.sqrt(variance) / 255 }
  }
  const [red, green, blue] = [of(0), of(1), of(2)]
  if (red.pixels === 0) return { mean: null, deviation: null }
  return {
    mean: [red.mean, green.mean, blue.mean],
    deviation: [red.deviation, green.deviation, blue.deviation]
  }
}

/** Whether all pixels are equal. */
export const isBlank = ({ data }: Decoded): boolean => {
  for (let at = 3; at < data.length; at++) if (data[at] !== data[at - 3]) return false
  return true
}
