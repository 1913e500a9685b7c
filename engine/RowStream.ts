import { Effect, Option, type Scope, Stream } from "effect"
import * as ArrowTable from "../artifacts/ArrowTable.ts"
import { ArtifactInvalid, id, type Stored, type StoredPart } from "../artifacts/Artifact.ts"
import type { NotEncodable } from "../artifacts/CanonicalJson.ts"
import { type AnyBatch, type Columns, slice } from "../artifacts/Column.ts"
import type { Files } from "../artifacts/Files.ts"
import * as Key from "../cache/Key.ts"
import { ObjectStore, readPart } from "../cache/ObjectStore.ts"
import { SourceFiles } from "../cache/SourceFiles.ts"
import { FirstRow } from "./FirstRow.ts"
import type { InputSpec, Node, StageDefinition } from "./Node.ts"
import { isMany } from "./Node.ts"
import type { Resolved, ResolvedInputs } from "./NodeKey.ts"
import * as ReadWatch from "./ReadWatch.ts"

/** Rows that pass through fused stages at a time: bounds memory, and is a batch that networks like. */
export const ROWS = 32

export type BatchFunction = (batch: AnyBatch) => Effect.Effect<AnyBatch, unknown>
// requirements of stages are provided by the executor, which knows them by type; here they are forgotten
type Untyped<A> = Effect.Effect<A, unknown, ObjectStore | Scope.Scope>

/** The stored table under the row input of a stage, and the columns it has. */
export interface Base {
  readonly stored: Stored
  readonly artifact: ArrowTable.Layout
}

type Table = ArrowTable.TableArtifact<string, Columns>

const artifactOf = (node: Node<StageDefinition>, input: string): Table => {
  const spec = node.definition.inputs[input] as InputSpec
  return (isMany(spec) ? spec.artifact : spec) as Table
}

/** Follows the row input down through streamed nodes. */
export const baseOf = (node: Node<StageDefinition>, inputs: ResolvedInputs): Base => {
  const over = node.definition.over as string
  const resolved = inputs[over] as Resolved
  if (resolved._tag === "Streamed") return baseOf(resolved.node, resolved.inputs)
  return { stored: resolved.stored, artifact: artifactOf(node, over) }
}

/** A source as it lies on this machine, wherever it was found. */
const here = (files: Files) =>
  Effect.flatMap(SourceFiles, ({ locate }) => Effect.map(locate(files), (path) => ({ ...files, path })))

/** What `run` is given for the inputs, row input apart. */
export const decodeInputs = (
  node: Node<StageDefinition>,
  inputs: ResolvedInputs
): Untyped<Readonly<Record<string, unknown>>> =>
  Effect.gen(function* () {
    const store = yield* ObjectStore
    const decodeOne = (name: string, resolved: Resolved): Untyped<unknown> => {
      const artifact = artifactOf(node, name)
      if (resolved._tag === "Streamed") return streamedTable(resolved)
      const value: Untyped<unknown> = artifact.decode(resolved.stored, readPart(store))
      return resolved.stored.kind === "files" ? Effect.flatMap(value, (files) => here(files as Files)) : value
    }
    const decoded: Record<string, unknown> = {}
    for (const [name, resolved] of Object.entries(inputs)) {
      if (name === node.definition.over) continue
      decoded[name] = Array.isArray(resolved)
        ? yield* Effect.forEach(resolved as ReadonlyArray<Resolved>, (one) => decodeOne(name, one))
        : yield* decodeOne(name, resolved as Resolved)
    }
    return decoded
  })

const outputOf = (node: Node<StageDefinition>): Table => Object.values(node.definition.outputs)[0] as Table

/** Holds a row stage to its word: a row for a row, in the columns it declares, with the cells of the rows before. */
const checked = (
  node: Node<StageDefinition>,
  own: BatchFunction,
  before: ArrowTable.Header["shapes"] | null
): BatchFunction => {
  const artifact = outputOf(node)
  let shapes = before
  return (batch) =>
    Effect.tap(own(batch), (made) => {
      if (made.rows !== batch.rows) {
        return new ArtifactInvalid({
          artifact: id(artifact),
          what: `stage "${node.definition.name}" made ${made.rows} rows of ${batch.rows}`,
          expected: "one of each, in their order"
        })
      }
      shapes ??= ArrowTable.tensorShapes(made)
      return ArrowTable.checkBatch(artifact, made, shapes)
    })
}

/**
 * Opens a row stage and every streamed stage under it: the function from base rows to its rows. `shapes` are those of
 * its rows that are there already.
 */
export const open = (
  node: Node<StageDefinition>,
  inputs: ResolvedInputs,
  shapes: ArrowTable.Header["shapes"] | null = null
): Untyped<BatchFunction> =>
  Effect.gen(function* () {
    const resolved = inputs[node.definition.over as string] as Resolved
    const before = resolved._tag === "Streamed" ? yield* open(resolved.node, resolved.inputs) : undefined
    const given = yield* decodeInputs(node, inputs)
    const run: BatchFunction = yield* ReadWatch.ofStage(
      node.definition.run(given, node.params) as Untyped<BatchFunction>
    )
    const own = checked(node, (batch) => ReadWatch.ofStage(run(batch)), shapes)
    return before === undefined ? own : (batch) => Effect.flatMap(before(batch), own)
  })

/** A chunk of the base, and the number of its first row in the table. */
export interface Place {
  readonly part: StoredPart
  readonly first: number
}

export const placesOf = ({ stored }: Base): ReadonlyArray<Place> => {
  let first = 0
  return stored.parts.map((part) => {
    const place = { part, first }
    first += part.rows ?? 0
    return place
  })
}

/** The keys of what a row stage makes of parts of its base. */
export const chunkKeys = (
  { definition }: Node<StageDefinition>,
  text: Key.KeyText,
  parts: ReadonlyArray<Pick<StoredPart, "content">>
): Effect.Effect<ReadonlyArray<Key.Key>, NotEncodable> =>
  Effect.forEach(parts, ({ content }) => Key.ofText(Key.forChunk(text, definition.over as string, content)))

/** Rows of the base, and the number of the first of them. */
export interface BaseRows {
  readonly batch: AnyBatch
  readonly first: number
}

/** One chunk of the base, in batches of at most `ROWS`. */
export const batchesOf = (
  base: Base,
  header: ArrowTable.Header,
  { part, first }: Place
): Stream.Stream<BaseRows, unknown, ObjectStore> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const store = yield* ObjectStore
      const { batch: chunk } = yield* ArrowTable.readChunk(base.artifact, header, part, readPart(store))
      const starts = Array.from({ length: Math.ceil(chunk.rows / ROWS) }, (_, index) => index * ROWS)
      return Stream.fromIterable(starts).pipe(
        Stream.rechunk(1),
        Stream.map((start) => ({
          batch: slice(chunk, start, Math.min(start + ROWS, chunk.rows)),
          first: first + start
        }))
      )
    })
  )

/** What the stages make of rows of the base; one that fails may tell their numbers. */
export const rowsOf = (toRows: BatchFunction, { batch, first }: BaseRows): Effect.Effect<AnyBatch, unknown> =>
  Effect.provideService(toRows(batch), FirstRow, first)

/** Cell shapes of a row stage's output: those that its columns fix, else those of the first batch, made to see them. */
const shapesAhead = (
  node: Node<StageDefinition>,
  rows: Untyped<Stream.Stream<AnyBatch, unknown, ObjectStore>>
): Untyped<ArrowTable.Header["shapes"]> => {
  const fixed = Object.entries(outputOf(node).columns).flatMap(([name, column]) =>
    typeof column === "string" ? [] : [[name, column.shape] as const]
  )
  if (fixed.every(([, shape]) => shape.every((size) => size >= 0))) return Effect.succeed(Object.fromEntries(fixed))
  return Effect.map(Effect.scoped(Effect.flatMap(rows, Stream.runHead)), (first) =>
    Option.match(first, { onNone: () => ({}), onSome: ArrowTable.tensorShapes })
  )
}

/** A streamed node as a table: rows made anew each time the stream runs. */
const streamedTable = (resolved: Resolved & { readonly _tag: "Streamed" }): Untyped<unknown> =>
  Effect.gen(function* () {
    const base = baseOf(resolved.node, resolved.inputs)
    const below = yield* ArrowTable.headerOf(base.artifact.name, base.stored)
    const context = yield* Effect.context<ObjectStore | Scope.Scope>()
    const opened = Effect.map(open(resolved.node, resolved.inputs), (toRows) =>
      Stream.fromIterable(placesOf(base)).pipe(
        Stream.flatMap((place) => batchesOf(base, below, place)),
        Stream.mapEffect((rows) => rowsOf(toRows, rows))
      )
    )
    const rows = Stream.unwrapScoped(opened)
    const table: ArrowTable.Table<Columns, unknown> = {
      rows: base.stored.rows ?? 0,
      header: { shapes: yield* shapesAhead(resolved.node, opened), metadata: below.metadata },
      batches: Stream.provideContext(rows, context) as ArrowTable.Table<Columns, unknown>["batches"]
    }
    return table
  })
