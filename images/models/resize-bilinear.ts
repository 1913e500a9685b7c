import type { Tf } from "../services/Tensorflow.ts"

/**
 * Bilinear resizing to a square of `size`, pixel centres aligned as in OpenCV's INTER_LINEAR (within 1/255, see the test),
 * whatever the aspect ratio. Takes and gives float32, row-major, channels last: [rows, height, width, 3] to
 * [rows, size, size, 3].
 */
export const resizeBilinear = (
  tf: Tf,
  pixels: Float32Array,
  rows: number,
  [height, width]: readonly [height: number, width: number],
  size: number
): Float32Array => {
  const given = tf.tensor4d(pixels, [rows, height, width, 3])
  const resized = tf.image.resizeBilinear(given, [size, size], false, true)
  const data = resized.dataSync<"float32">()
  tf.dispose([given, resized])
  return data
}
