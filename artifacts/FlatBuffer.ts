/*
 * Reads FlatBuffers, in which Arrow files say what is where. No offset, length or count in one is believed: a `DataView` refuses what lies
 * outside of it, and what must be so many is compared with that.
 */

/** Why bytes are not what they should be: the end of a sentence that begins with them. */
export class Mismatch extends Error {}

export const expect = (ok: boolean, what: () => string): void => {
  if (!ok) throw new Mismatch(what())
}

/** Position of a table's field in a FlatBuffer; null where the table leaves it out. A `DataView` refuses what lies outside. */
export const fieldAt = (view: DataView, table: number, field: number): number | null => {
  const vtable = table - view.getInt32(table, true)
  const slot = 4 + 2 * field
  const offset = slot < view.getUint16(vtable, true) ? view.getUint16(vtable + slot, true) : 0
  return offset === 0 ? null : table + offset
}

export const follow = (view: DataView, at: number): number => at + view.getUint32(at, true)

export const root = (view: DataView): number => follow(view, 0)

export const required = (at: number | null, what: string): number => {
  if (at === null) throw new Mismatch(`it has no ${what}`)
  return at
}

/** A 64-bit length or offset, which must be within `most`. */
export const longAt = (view: DataView, at: number, most: number, what: string): number => {
  const value = view.getBigInt64(at, true)
  expect(value >= 0n && value <= BigInt(most), () => `${what} is ${value}, and at most ${most} fits`)
  return Number(value)
}

/** Where the entries of a vector begin, which must be so many; null where none are wanted and the field is left out. */
export const vectorAt = (view: DataView, table: number, field: number, count: number, what: string): number => {
  const at = fieldAt(view, table, field)
  const start = at === null ? null : follow(view, at)
  const found = start === null ? 0 : view.getUint32(start, true)
  expect(found === count, () => `it has ${found} ${what}, not ${count}`)
  return (start ?? 0) + 4
}

export const viewOf = (bytes: Uint8Array, start: number, length: number): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset + start, length)
