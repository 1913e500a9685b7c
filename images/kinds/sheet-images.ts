import { type ArrowTable, Column, Kind } from "headrace"

const SHEET_IMAGES = 64

/** Rows spread evenly over all batches, each a batch of one: a table is often sorted by class. */
const spread = (batches: ReadonlyArray<Column.AnyBatch>): ReadonlyArray<Column.AnyBatch> => {
  const total = batches.reduce((sum, { rows }) => sum + rows, 0)
  const count = Math.min(SHEET_IMAGES, total)
  const wanted = Array.from({ length: count }, (_, index) => Math.floor((index * total) / count))
  let before = 0
  return batches.flatMap((batch) => {
    const here = wanted.filter((row) => row >= before && row < before + batch.rows)
    const rows = here.map((row) => Column.slice(batch, row - before, row - before + 1))
    before += batch.rows
    return rows
  })
}

/** Up to 64 of a table's images with the names of their classes; null for tables without images. */
export const sheetImages = (
  batches: ReadonlyArray<Column.AnyBatch>,
  header: ArrowTable.Header
): Kind.RgbImages | null => {
  const [first, ...rest] = spread(batches)
  if (first === undefined) return null
  const { image, label } = Column.concat([first, ...rest]).columns
  if (image === undefined || !Column.isTensor(image) || image.shape.length !== 3) return null
  const [height = 0, width = 0] = image.shape
  const names = Kind.classesOf(header)
  const labels = Array.from((label ?? []) as Int32Array, (number) => names[number] ?? "")
  return { data: image.data, shape: [height, width, 3], labels }
}
