import { Effect } from "effect"
import * as ArrowTable from "../../artifacts/ArrowTable.ts"
import type { AnyArtifact, Stored } from "../../artifacts/Artifact.ts"
import { type AnyBatch, type Columns, isTensor } from "../../artifacts/Column.ts"
import { ObjectStore, readPart } from "../../cache/ObjectStore.ts"
import { MOST_ROWS } from "./documents.ts"
import type { Table } from "./Report.ts"

/** A table of plain columns as JSON has it: numbers that are not finite are null. */
export interface SmallTable {
  readonly rows: number
  readonly columns: Readonly<Record<string, ReadonlyArray<number | string | null>>>
}

const plainOf = ({ rows, columns }: AnyBatch): SmallTable => ({
  rows,
  columns: Object.fromEntries(
    Object.entries(columns).flatMap(([name, values]) =>
      isTensor(values)
        ? []
        : [
            [
              name,
              Array.from<number | string, number | string | null>(values, (value) =>
                typeof value === "string" || Number.isFinite(value) ? value : null
              )
            ]
          ]
    )
  )
})

/** A table's plain columns; null where its bytes are gone. */
export const readSmall = (
  artifact: ArrowTable.TableArtifact<string, Columns>,
  stored: Stored
): Effect.Effect<SmallTable | null, never, ObjectStore> =>
  Effect.gen(function* () {
    const store = yield* ObjectStore
    const batch = yield* Effect.flatMap(artifact.decode(stored, readPart(store)), ArrowTable.collect)
    return batch === null ? { rows: 0, columns: {} } : plainOf(batch as AnyBatch)
  }).pipe(Effect.orElseSucceed(() => null))

/** Whether it is a table without images or features. */
export const isPlain = (artifact: AnyArtifact | undefined): artifact is ArrowTable.TableArtifact<string, Columns> =>
  artifact?.kind === "table" &&
  Object.values((artifact as ArrowTable.TableArtifact<string, Columns>).columns).every(
    (column) => typeof column === "string"
  )

/** A table of few rows and plain columns, such as a confusion matrix, as a page shows it; null for one that is large, or has images, or is gone. */
export const tableOf = (
  name: string,
  artifact: AnyArtifact | undefined,
  stored: Stored
): Effect.Effect<Table | null, never, ObjectStore> =>
  !isPlain(artifact) || stored.rows === null || stored.rows > MOST_ROWS
    ? Effect.succeed(null)
    : Effect.map(readSmall(artifact, stored), (small) => {
        if (small === null) return null
        const columns = Object.keys(small.columns)
        const rows = Array.from({ length: small.rows }, (_, row) =>
          columns.map((column) => small.columns[column]?.[row] ?? null)
        )
        return { name, columns, rows, note: null, isOpen: false }
      })
