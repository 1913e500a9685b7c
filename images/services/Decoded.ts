/**
 * Pictures as they are once they were decoded.
 *
 * @module
 */

/** A picture as uint8 [height, width, 3], RGB. */
export interface Decoded {
  readonly height: number
  readonly width: number
  readonly data: Uint8Array
}

interface Images {
  readonly shape: readonly [height: number, width: number, channels: 3]
  readonly data: Uint8Array
}

/** One of several images that stand one after the other. It is a copy: a view would keep all of them in memory. */
export const pictureAt = ({ shape: [height, width], data }: Images, at: number): Decoded => {
  const size = height * width * 3
  return { height, width, data: data.slice(at * size, (at + 1) * size) }
}
