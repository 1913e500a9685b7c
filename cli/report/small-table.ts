import * as path from "node:path"
import { Effect } from "effect"
import * as ArrowTable from "../../artifacts/ArrowTable.ts"
import type { Stored } from "../../artifacts/Artifact.ts"
import { type AnyBatch, type Columns, isTensor } from "../../artifacts/Column.ts"
import * as Disk from "../../cache/disk.ts"
import { ObjectStore, readPart } from "../../cache/ObjectStore.ts"
import { seal, unseal } from "../../cache/trace-disk.ts"
import { Place } from "../Place.ts"

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

/**
 * A table's plain columns; null where its bytes are gone. Remembered in `tables/` by the table's content, since loading
 * Arrow takes a quarter of a run that has nothing to do; a file that is damaged there is read from the table again.
 */
export const readSmall = (
  artifact: ArrowTable.TableArtifact<string, Columns>,
  stored: Stored
): Effect.Effect<SmallTable | null, never, ObjectStore | Place> =>
  Effect.gen(function* () {
    const { home } = yield* Place
    const store = yield* ObjectStore
    const file = path.join(home, "tables", `${stored.content}.json`)
    const remembered = unseal((yield* Disk.readTextIfThere(file)) ?? "")
    if (remembered !== null) return JSON.parse(remembered) as SmallTable
    const table = yield* artifact.decode(stored, readPart(store))
    const batch = yield* ArrowTable.collect(table)
    const small = batch === null ? { rows: 0, columns: {} } : plainOf(batch as AnyBatch)
    yield* Effect.ignore(Disk.publish(file, seal(JSON.stringify(small))))
    return small
  }).pipe(Effect.orElseSucceed(() => null))
