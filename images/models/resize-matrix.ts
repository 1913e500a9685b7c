/**
 * The matrix [from, to], row-major, that a line of `from` pixels is multiplied by to become one of `to`: bilinear, with
 * half-pixel centres, as `resizeBilinear` has it. An image is resized by one for its rows and one for its columns.
 */
export const resizeMatrix = (from: number, to: number): Float32Array => {
  const matrix = new Float32Array(from * to)
  for (let column = 0; column < to; column++) {
    const at = ((column + 0.5) * from) / to - 0.5
    const whole = Math.floor(at)
    const [near, far] = [Math.max(whole, 0), Math.min(whole + 1, from - 1)]
    const add = (row: number, share: number) => {
      matrix[row * to + column] = (matrix[row * to + column] ?? 0) + share
    }
    add(near, 1 - (at - whole))
    add(far, at - whole)
  }
  return matrix
}
