import { type AnyBatch, slice } from "../../artifacts/Column.ts"

/** A batch cut into batches of `size` rows. */
export const sliced = <B extends AnyBatch>(batch: B, size: number): ReadonlyArray<B> =>
  Array.from({ length: Math.ceil(batch.rows / size) }, (_, index) =>
    slice(batch, index * size, Math.min(batch.rows, (index + 1) * size))
  )
