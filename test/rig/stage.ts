import { Effect, Stream } from "effect"
import type * as ArrowTable from "../../artifacts/ArrowTable.ts"
import { type AnyBatch, slice } from "../../artifacts/Column.ts"
import type { StageDefinition } from "../../engine/Node.ts"
import { defaults } from "../../engine/Pipeline.ts"
import * as ClassNames from "../../images/artifacts/ClassNames.ts"

/** A table in memory, and how many of its batches were read. */
export interface Given {
  readonly table: ArrowTable.Table<Record<string, never>, never>
  readonly read: () => number
}

/** A batch as a stage is given a table, cut into batches of `size` rows. */
export const given = (batch: AnyBatch, classes: ReadonlyArray<string>, size = 4): Given => {
  let read = 0
  const starts = Array.from({ length: Math.ceil(batch.rows / size) }, (_, index) => index * size)
  const batches = Stream.fromIterable(starts).pipe(
    Stream.rechunk(1),
    Stream.map((start) => {
      read++
      return slice(batch, start, Math.min(start + size, batch.rows))
    })
  )
  const shapes = Object.fromEntries(
    Object.entries(batch.columns).flatMap(([name, values]) => ("shape" in values ? [[name, values.shape]] : []))
  )
  const table = { rows: batch.rows, header: { shapes, metadata: ClassNames.toMetadata(classes) }, batches }
  return { table: table as unknown as Given["table"], read: () => read }
}

/** What a stage makes of its inputs, as the engine would run it, and how it fails. */
export const made = <A>(
  { definition }: { readonly definition: StageDefinition },
  inputs: Readonly<Record<string, unknown>>,
  params: Readonly<Record<string, unknown>> = {}
): Effect.Effect<A, { readonly _tag: string; readonly message: string }> =>
  Effect.scoped(definition.run(inputs, { ...defaults(definition.params), ...params })) as Effect.Effect<
    A,
    { readonly _tag: string; readonly message: string }
  >
