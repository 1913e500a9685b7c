/** A picture as uint8 [height, width, 3], RGB. */
export interface Decoded {
  readonly height: number
  readonly width: number
  readonly data: Uint8Array
}
