/** Images of one shape, one after the other in `data`: uint8, or float32 in [0, 1]; RGB, row by row. */
export interface RgbImages {
  readonly data: Uint8Array | Float32Array
  /** [height, width, 3]. */
  readonly shape: readonly [number, number, number]
  /** A class name an image, in order; "" and missing ones show nothing. */
  readonly labels: ReadonlyArray<string>
}

/** The bytes of image `index`: a view where they are bytes already. */
export const imageBytes = ({ data, shape: [height, width] }: RgbImages, index: number): Uint8Array => {
  const size = height * width * 3
  const image = data.subarray(index * size, (index + 1) * size)
  return image instanceof Uint8Array
    ? image
    : Uint8Array.from(image, (value) => Math.round(Math.min(1, Math.max(0, value)) * 255))
}
