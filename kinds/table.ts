import { Effect } from "effect"
import * as ArrowTable from "../artifacts/ArrowTable.ts"
import { ArtifactUnreadable, type StoredPart } from "../artifacts/Artifact.ts"
import { type AnyBatch, type Columns, isTensor } from "../artifacts/Column.ts"
import { ObjectStore, readPart } from "../cache/ObjectStore.ts"
import * as Basis from "../engine/Kind.ts"
import { inFolder, make, nameOf } from "./bytes.ts"
import { classesOf } from "./classes.ts"
import { type ColumnStatistics, columnStatistics } from "./column-statistics.ts"
import { formatCount, formatCounted, formatShare } from "./format.ts"
import type { Block, Found, Shown } from "./Kind.ts"

/** Statistics are taken over chunks spread evenly through the table, this many bytes at most; more would be slow. */
const STATISTICS_BYTES = 64 * 1024 * 1024
const FIRST_ROWS = 5
const VALUES_SHOWN = 6

const sample = (parts: ReadonlyArray<StoredPart>): ReadonlyArray<StoredPart> => {
  const total = parts.reduce((sum, { bytes }) => sum + bytes, 0)
  const every = Math.max(1, Math.ceil(total / STATISTICS_BYTES))
  return parts.filter((_, index) => index % every === 0)
}

const cell = (batch: AnyBatch, column: string, row: number): string => {
  const values = batch.columns[column]
  if (values === undefined) return ""
  if (!isTensor(values)) return String(values[row])
  const size = values.data.length / batch.rows
  const shown = Array.from(values.data.subarray(row * size, row * size + VALUES_SHOWN), (value) =>
    Number(value.toPrecision(4))
  )
  return `[${shown.join(", ")}${size > VALUES_SHOWN ? ", …" : ""}]`
}

const number = (value: number | null): string => (value === null ? "" : String(Number(value.toPrecision(5))))

const right = (header: string) => ({ header, align: "right" as const })

const statisticsBlock = (title: string, statistics: ReadonlyArray<ColumnStatistics>): Block => ({
  title,
  columns: [
    { header: "column" },
    right("values"),
    right("least"),
    right("greatest"),
    right("mean"),
    right("deviation"),
    right("zeros")
  ],
  rows: statistics.map(({ column, values, min, max, mean, deviation, zeros }) => [
    column,
    formatCount(values),
    number(min),
    number(max),
    number(mean),
    number(deviation),
    zeros === null ? "" : formatShare(zeros)
  ])
})

/** How often each value of a column of classes occurs, by their names where the table has them. */
const countsOf = (statistics: ReadonlyArray<ColumnStatistics>, names: ReadonlyArray<string>): ReadonlyArray<Block> =>
  statistics.flatMap(({ column, counts }) =>
    column === "label" && counts !== null
      ? [
          `rows by class: ${Object.entries(counts)
            .map(([label, rows]) => `${names[Number(label)] ?? label} ${formatCount(rows)}`)
            .join(", ")}`
        ]
      : []
  )

/** The table's columns, from the stage that made it; null where the project has none that makes it any more. */
const layoutOf = ({ artifact }: Found): ArrowTable.TableArtifact<string, Columns> | null =>
  artifact?.kind === "table" ? (artifact as ArrowTable.TableArtifact<string, Columns>) : null

/** A sample of a table's chunks, read; null where no stage tells its columns any more. */
const readSample = (found: Found) =>
  Effect.gen(function* () {
    const { stored } = found
    const layout = layoutOf(found)
    if (layout === null) return null
    const store = yield* ObjectStore
    const header = yield* ArrowTable.headerOf(stored.artifact, stored)
    const parts = sample(stored.parts)
    const chunks = yield* Effect.forEach(parts, (part) => ArrowTable.readChunk(layout, header, part, readPart(store)))
    return { layout, header, parts, batches: chunks.map(({ batch }) => batch) }
  })

/** What of a table was read: its columns, and some of its chunks. */
type Sample = NonNullable<Effect.Effect.Success<ReturnType<typeof readSample>>>

/** Columns as people are told of them; a dimension that neither the table nor a row of it fixes is `?`. */
export const columnsOf = (columns: Columns, shapes: ArrowTable.Header["shapes"] = {}) =>
  Object.entries(columns).map(([name, column]) => {
    if (typeof column === "string") return { name, type: column }
    const shape = (shapes[name] ?? column.shape).map((size) => (size < 0 ? "?" : size))
    return { name, type: `${column.dtype} [${shape.join(", ")}]` }
  })

const shown = ({ stored }: Found, { layout, header, parts, batches }: Sample): Shown => {
  const names = classesOf(header)
  const columns = columnsOf(layout.columns, header.shapes)
  const statistics = columnStatistics(
    columns.map(({ name }) => name),
    batches
  )
  const [first] = batches
  const firstRows =
    first === undefined
      ? []
      : Array.from({ length: Math.min(FIRST_ROWS, first.rows) }, (_, row) =>
          columns.map(({ name }) => cell(first, name, row))
        )
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0)
  const over =
    parts.length === stored.parts.length
      ? "all rows"
      : `${formatCounted(rows, "row")} in ${parts.length} of ${formatCounted(stored.parts.length, "chunk")}`
  const blocks: ReadonlyArray<Block> = [
    `columns: ${columns.map(({ name, type }) => `${name} ${type}`).join("; ")}`,
    ...(names.length > 0 ? [`classes: ${names.join(", ")}`] : []),
    statisticsBlock(`over ${over}:`, statistics),
    ...countsOf(statistics, names),
    ...(firstRows.length > 0
      ? [{ title: "first rows:", columns: columns.map(({ name }) => ({ header: name })), rows: firstRows }]
      : [])
  ]
  return {
    blocks,
    details: {
      columns,
      classes: names,
      statistics: { rows, chunks: parts.length, columns: statistics },
      firstRows
    }
  }
}

/**
 * An `inspect` that shows a table as every table is shown, and more that a sample of its rows tells. `of` is given the sample's batches
 * and the table's header, or null where no stage of the project makes the table any more.
 */
export const inspectWith =
  <E, R>(of: (sample: Pick<Sample, "batches" | "header"> | null) => Effect.Effect<Shown, E, R>) =>
  (found: Found) =>
    Effect.gen(function* () {
      const sample = yield* readSample(found)
      const own: Shown =
        sample === null ? { blocks: ["no stage of this project makes it any more"], details: {} } : shown(found, sample)
      const { blocks, details } = yield* of(sample)
      return { blocks: [...own.blocks, ...blocks], details: { ...own.details, ...details } }
    })

/** The kind of tables: `inspect` shows the statistics of their columns, and they are exported as one Arrow file. */
export const table = make(Basis.table, {
  // a chunk a file: where a project has tables for results
  files: inFolder,
  inspect: inspectWith(() => Effect.succeed({ blocks: [], details: {} })),
  export: (found) =>
    Effect.gen(function* () {
      const store = yield* ObjectStore
      const { stored } = found
      const layout = layoutOf(found)
      if (layout === null) {
        const what = "no stage of this project makes it any more"
        return yield* new ArtifactUnreadable({ artifact: stored.artifact, object: stored.content, what })
      }
      const name = `${nameOf(found)}.arrow`
      return {
        files: [{ file: name, bytes: ArrowTable.toFile(layout, stored, readPart(store)) }],
        notes: [],
        ways: [
          {
            title: "Python, with pyarrow",
            language: "python",
            code: ["import pyarrow.ipc", `table = pyarrow.ipc.open_file("${name}").read_all()`]
          }
        ],
        details: { rows: stored.rows }
      }
    })
})
