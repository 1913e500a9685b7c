import { createHash } from "node:crypto"
import { Chunk as EffectChunk, Stream } from "effect"
import { type AnyBatch, type AnyValues, concat, copy, isTensor, slice } from "./Column.ts"

/** Rows that are stored together, with 32 bytes of digest for each. */
export interface Chunk {
  readonly batch: AnyBatch
  readonly rowDigests: Uint8Array
}

const DIGEST = 32
/** A chunk aims at this many bytes, and at no more rows than `MOST_TARGET_ROWS`. */
const TARGET_BYTES = 16 * 1024 * 1024
const MOST_TARGET_ROWS = 1024
/** No chunk is cut larger: a stored one that says so is not believed. */
export const MOST_ROWS = MOST_TARGET_ROWS * 4
/** What a cell of text is taken for. */
const TEXT_BYTES = 64

const bytesOf = (values: AnyValues, row: number, rows: number): Uint8Array => {
  if (isTensor(values)) {
    const { buffer, byteOffset, byteLength } = values.data
    const size = byteLength / rows
    return new Uint8Array(buffer, byteOffset + row * size, size)
  }
  if (values instanceof Int32Array || values instanceof Float64Array) {
    const size = values.BYTES_PER_ELEMENT
    return new Uint8Array(values.buffer, values.byteOffset + row * size, size)
  }
  const text = new TextEncoder().encode(values[row])
  const framed = new Uint8Array(4 + text.length)
  new DataView(framed.buffer).setUint32(0, text.length, true)
  framed.set(text, 4)
  return framed
}

/** sha256 of each row's cells in column order, text framed by its length: independent of batches, chunks and Arrow. */
export const digestRows = (batch: AnyBatch, names: ReadonlyArray<string>): Uint8Array => {
  const digests = new Uint8Array(batch.rows * DIGEST)
  const columns = names.map((name) => batch.columns[name] as AnyValues)
  for (let row = 0; row < batch.rows; row++) {
    const hash = createHash("sha256")
    for (const values of columns) hash.update(bytesOf(values, row, batch.rows))
    digests.set(hash.digest(), row * DIGEST)
  }
  return digests
}

/** Bytes of a cell. By the length of the first text, another first row would move every cut. */
const cellBytes = (values: AnyValues, rows: number): number =>
  Array.isArray(values) ? TEXT_BYTES : bytesOf(values, 0, rows).length

/** A power of two: on average one row in `target` ends a chunk. Depends on the columns and shapes alone, so cuts repeat. */
const targetRows = (batch: AnyBatch, names: ReadonlyArray<string>): number => {
  const rowBytes = names.reduce((sum, name) => sum + cellBytes(batch.columns[name] as AnyValues, batch.rows), 0)
  const fitting = 2 ** Math.floor(Math.log2(Math.max(1, TARGET_BYTES / rowBytes)))
  return Math.min(MOST_TARGET_ROWS, Math.max(4, fitting))
}

interface State {
  readonly pending: ReadonlyArray<Chunk>
  readonly pendingRows: number
  readonly target: number | null
}

const join = (pieces: readonly [Chunk, ...ReadonlyArray<Chunk>]): Chunk => {
  const [first, ...rest] = pieces
  return {
    batch: concat([first.batch, ...rest.map((piece) => piece.batch)]),
    rowDigests: Buffer.concat(pieces.map((piece) => piece.rowDigests))
  }
}

/** Cuts one batch further into `out`; what does not end a chunk stays pending. */
const cut = (state: State, batch: AnyBatch, names: ReadonlyArray<string>, out: Array<Chunk>): State => {
  const target = state.target ?? targetRows(batch, names)
  const rowDigests = digestRows(batch, names)
  const view = new DataView(rowDigests.buffer, rowDigests.byteOffset)
  let pending = [...state.pending]
  let pendingRows = state.pendingRows
  let start = 0
  const take = (end: number): Chunk => {
    const taken = { batch: slice(batch, start, end), rowDigests: rowDigests.subarray(start * DIGEST, end * DIGEST) }
    start = end
    return taken
  }
  for (let row = 0; row < batch.rows; row++) {
    pendingRows += 1
    const marked = (view.getUint32(row * DIGEST, true) & (target - 1)) === 0
    if ((marked && pendingRows >= target / 4) || pendingRows >= target * 4) {
      pending.push(take(row + 1))
      out.push(join(pending as unknown as readonly [Chunk, ...ReadonlyArray<Chunk>]))
      pending = []
      pendingRows = 0
    }
  }
  if (start < batch.rows) {
    const { batch: last, rowDigests: digests } = take(batch.rows)
    // a stage may fill the batch anew before the rest of the chunk is there
    pending.push({ batch: copy(last), rowDigests: digests })
  }
  return { pending, pendingRows, target }
}

/**
 * Cuts a stream of batches into chunks where a row's digest says so, with a least and a greatest row count: rows
 * inserted in the middle change the chunk they fall into and, at most, the next.
 */
export const chunks = <E>(batches: Stream.Stream<AnyBatch, E>, names: ReadonlyArray<string>): Stream.Stream<Chunk, E> =>
  batches.pipe(
    Stream.map((batch): AnyBatch | null => batch),
    Stream.concat(Stream.make(null)),
    Stream.mapAccum({ pending: [], pendingRows: 0, target: null } as State, (state, batch) => {
      const out: Array<Chunk> = []
      if (batch !== null) return [cut(state, batch, names, out), out]
      const [first, ...rest] = state.pending
      if (first !== undefined) out.push(join([first, ...rest]))
      return [{ ...state, pending: [], pendingRows: 0 }, out]
    }),
    Stream.mapConcatChunk((out) => EffectChunk.unsafeFromArray(out))
  )
