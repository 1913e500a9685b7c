/** Images of one shape, one after the other in `data`, each row by row with red, green and blue: bytes, or floats in [0, 1]. */
export interface RgbImages {
  readonly data: Uint8Array | Float32Array
  /** [height, width, 3]. */
  readonly shape: readonly [number, number, number]
  /** The class of each image, in order. An empty or missing name shows nothing. */
  readonly labels: ReadonlyArray<string>
}

/** The bytes of the image at `index`: a view of the data where that is bytes, else a copy. */
export const imageBytes = ({ data, shape: [height, width] }: RgbImages, index: number): Uint8Array => {
  const size = height * width * 3
  const image = data.subarray(index * size, (index + 1) * size)
  return image instanceof Uint8Array
    ? image
    : Uint8Array.from(image, (value) => Math.round(Math.min(1, Math.max(0, value)) * 255))
}
