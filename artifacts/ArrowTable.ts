import { createHash, type Hash } from "node:crypto"
import { Effect, Schema, Stream } from "effect"
import * as ArrowReader from "./ArrowReader.ts"
import {
  type Artifact,
  ArtifactInvalid,
  ArtifactUnreadable,
  id,
  type Read,
  type Stored,
  type StoredPart,
  type Write
} from "./Artifact.ts"
import * as Chunker from "./Chunker.ts"
import {
  type AnyBatch,
  type AnyValues,
  type Batch,
  type Column,
  type Columns,
  cellSize,
  concat,
  HOLDERS,
  isTensor,
  type Row,
  rows
} from "./Column.ts"
import type { Digest } from "./Digest.ts"

/** What every chunk of a table shares. Part of its content digest. */
export const Header = Schema.Struct({
  /** Cell shapes of the tensor columns, every dimension known. */
  shapes: Schema.Record({ key: Schema.String, value: Schema.Array(Schema.Int) }),
  /** Free text that travels with the rows, such as class names. */
  metadata: Schema.Record({ key: Schema.String, value: Schema.String })
})
export type Header = typeof Header.Type

/** What a stage returns for a table output: batches of any size, in order. */
export interface TableSource<C extends Columns, E> {
  readonly metadata: Readonly<Record<string, string>>
  readonly batches: Stream.Stream<Batch<C>, E>
}

/** What a later stage is given: the rows as a stream that may be run again, one batch a chunk. */
export interface Table<C extends Columns, E = ArtifactUnreadable> {
  readonly rows: number
  readonly header: Header
  readonly batches: Stream.Stream<Batch<C>, E>
}

export interface TableArtifact<Name extends string, C extends Columns>
  extends Artifact<Name, TableSource<C, unknown>, Table<C, unknown>> {
  readonly kind: "table"
  readonly columns: C
}

/** A table that is there already, as one batch. */
export const fromBatch = <C extends Columns>(
  batch: Batch<C>,
  metadata: Readonly<Record<string, string>> = {}
): TableSource<C, never> => ({ metadata, batches: Stream.make(batch) })

/**
 * A small table as a stage returns it, its rows all there: the values of each column of the artifact, as many in each.
 *
 * @example
 * ArrowTable.of(Rents, { area: Float64Array.of(54, 71), rent: Float64Array.of(800, 990) })
 */
export const of = <C extends Columns>(
  artifact: TableArtifact<string, C>,
  columns: Batch<C>["columns"],
  metadata: Readonly<Record<string, string>> = {}
): TableSource<C, never> => {
  const [first] = Object.keys(artifact.columns)
  const values: AnyValues | undefined = columns[first ?? ""]
  return fromBatch({ rows: values === undefined ? 0 : lengthOf(values), columns }, metadata)
}

/** All rows as one batch, in memory; null for a table without rows. */
export const collect = <C extends Columns, E>(table: Table<C, E>): Effect.Effect<Batch<C> | null, E> =>
  Effect.map(Stream.runCollect(table.batches), (batches) => {
    const [first, ...rest] = batches
    return first === undefined ? null : concat<Batch<C>>([first, ...rest])
  })

/**
 * All rows of a small table, each as a value of its own.
 *
 * @example
 * Effect.map(ArrowTable.collectRows(rents), (flats) => flats.filter(({ area }) => area > 50))
 */
export const collectRows = <C extends Columns, E>(table: Table<C, E>): Effect.Effect<ReadonlyArray<Row<C>>, E> =>
  Effect.map(Stream.runCollect(table.batches), (batches) => Array.from(batches).flatMap((batch) => rows(batch)))

/** A table artifact as the functions below see it: its name and columns, whatever their types. */
export type Layout = Pick<TableArtifact<string, Columns>, "name" | "version" | "columns">

const arrowFile = Effect.promise(() => import("./ArrowFile.ts"))

export const tensorShapes = (batch: AnyBatch): Header["shapes"] =>
  Object.fromEntries(
    Object.entries(batch.columns).flatMap(([name, values]) => (isTensor(values) ? [[name, values.shape]] : []))
  )

/** Starts a content digest: over name, version, columns, cell shapes and metadata; rows' digests follow, in order. */
export const contentHash = (artifact: Layout, header: Header): Hash =>
  createHash("sha256").update(
    JSON.stringify([
      id(artifact),
      Object.entries(artifact.columns).map(([name, column]) =>
        typeof column === "string" ? [name, column] : [name, column.dtype, header.shapes[name]]
      ),
      Object.entries(header.metadata).sort(([a], [b]) => (a < b ? -1 : 1))
    ])
  )

const lengthOf = (values: AnyValues): number =>
  isTensor(values) ? values.data.length / cellSize(values.shape) : values.length

const isOf = (column: Column, values: AnyValues): boolean => {
  if (column === "utf8") return Array.isArray(values)
  if (typeof column === "string") return values instanceof HOLDERS[column]
  return isTensor(values) && values.data instanceof HOLDERS[column.dtype]
}

/** Refuses a batch that is not what the columns say: a missing one, a wrong length, a wrong or changing shape. */
export const checkBatch = (
  artifact: Layout,
  batch: AnyBatch,
  shapes: Header["shapes"] | null
): Effect.Effect<void, ArtifactInvalid> => {
  const fail = (what: string, expected: string) => new ArtifactInvalid({ artifact: id(artifact), what, expected })
  for (const [name, column] of Object.entries(artifact.columns)) {
    const values = batch.columns[name]
    if (values === undefined)
      return fail(`column ${name} is missing`, `the columns ${Object.keys(artifact.columns).join(", ")}`)
    if (typeof column !== "string" && !isTensor(values))
      return fail(`column ${name} holds plain values`, `a tensor of ${column.dtype}`)
    if (!isOf(column, values))
      return fail(`column ${name} holds another type`, typeof column === "string" ? column : column.dtype)
    const length = lengthOf(values)
    if (length !== batch.rows) return fail(`column ${name} has ${length} cells`, `${batch.rows}, one a row`)
    if (typeof column === "string" || !isTensor(values)) continue
    const declared = column.shape.map((dimension, axis) =>
      dimension < 0 ? (shapes?.[name]?.[axis] ?? values.shape[axis]) : dimension
    )
    if (declared.join() !== values.shape.join()) {
      return fail(`column ${name} has cells of shape [${values.shape.join(", ")}]`, `[${declared.join(", ")}]`)
    }
  }
  return Effect.void
}

/** Writes one chunk, its digests included. The header must be the table's. */
export const writeChunk = <E>(
  artifact: Layout,
  header: Header,
  batch: AnyBatch,
  rowDigests: Uint8Array,
  write: Write<E>
): Effect.Effect<StoredPart, E> =>
  Effect.gen(function* () {
    const { encode } = yield* arrowFile
    const bytes = encode(artifact.columns, batch, header.metadata)
    const object = yield* write(bytes)
    const content = contentHash(artifact, header).update(rowDigests).digest("hex") as Digest
    return { name: `${content}.arrow`, object, bytes: bytes.length, rows: batch.rows, content }
  })

/** The table over chunks that are already written. `hash` has seen the digests of all their rows. */
export const stored = (artifact: Layout, header: Header, parts: ReadonlyArray<StoredPart>, hash: Hash): Stored => ({
  artifact: id(artifact),
  kind: "table",
  content: hash.digest("hex") as Digest,
  rows: parts.reduce((sum, part) => sum + (part.rows ?? 0), 0),
  bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
  parts,
  header
})

/**
 * Reads one chunk: bytes that were hashed, whose rows are what the chunk's content says. So is everything that the content
 * is over: the columns and their types, the cells' shapes and the metadata.
 */
export const readChunk = <E>(
  artifact: Layout,
  header: Header,
  part: StoredPart,
  read: Read<E>
): Effect.Effect<Chunker.Chunk, E | ArtifactUnreadable> =>
  Effect.flatMap(read(part), (bytes) =>
    Effect.try({
      try: () => {
        const rows = part.rows ?? 0
        if (rows > Chunker.MOST_ROWS) throw new ArrowReader.Mismatch(`it is said to have ${rows} rows`)
        const batch = ArrowReader.decode(artifact.columns, header.shapes, rows, bytes)
        const rowDigests = Chunker.digestRows(batch, Object.keys(artifact.columns))
        const content = contentHash(artifact, header).update(rowDigests).digest("hex")
        if (content !== part.content) throw new ArrowReader.Mismatch("its rows are not those of its content digest")
        return { batch, rowDigests }
      },
      catch: (error) =>
        new ArtifactUnreadable({
          artifact: id(artifact),
          object: part.object,
          what: error instanceof Error ? error.message : String(error)
        })
    })
  )

export const headerOf = (artifact: string, stored: Stored): Effect.Effect<Header, ArtifactUnreadable> =>
  Schema.decodeUnknown(Header)(stored.header).pipe(
    Effect.mapError((error) => new ArtifactUnreadable({ artifact, object: stored.content, what: error.message }))
  )

/** The whole table as one Arrow IPC file, a record batch a chunk, in pieces of its bytes: memory holds one chunk. */
export const toFile = <E>(
  artifact: Layout,
  table: Stored,
  read: Read<E>
): Stream.Stream<Uint8Array, E | ArtifactUnreadable> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const header = yield* headerOf(id(artifact), table)
      const { fileOf } = yield* arrowFile
      const file = fileOf(artifact.columns, header.shapes, header.metadata)
      const chunks = Stream.fromIterable(table.parts).pipe(
        Stream.mapEffect((part) => readChunk(artifact, header, part, read)),
        Stream.mapConcat(({ batch }) => file.add(batch))
      )
      return Stream.concat(
        chunks,
        Stream.suspend(() => Stream.fromIterable(file.end()))
      )
    })
  )

const encode =
  <C extends Columns>(artifact: TableArtifact<string, C>) =>
  <E>(source: TableSource<C, unknown>, write: Write<E>): Effect.Effect<Stored, E | ArtifactInvalid> =>
    Effect.gen(function* () {
      const parts: Array<StoredPart> = []
      let header: Header = { shapes: {}, metadata: source.metadata }
      let hash: Hash | undefined
      const writeNext = ({ batch, rowDigests }: Chunker.Chunk) => {
        hash?.update(rowDigests)
        return Effect.map(writeChunk(artifact, header, batch, rowDigests, write), (part) => parts.push(part))
      }
      const checked = source.batches.pipe(
        Stream.filter((batch) => batch.rows > 0),
        Stream.tap((batch) =>
          Effect.gen(function* () {
            yield* checkBatch(artifact, batch, hash === undefined ? null : header.shapes)
            if (hash !== undefined) return
            header = { ...header, shapes: tensorShapes(batch) }
            hash = contentHash(artifact, header)
          })
        )
      )
      yield* Stream.runForEach(Chunker.chunks(checked, Object.keys(artifact.columns)), writeNext)
      return stored(artifact, header, parts, hash ?? contentHash(artifact, header))
      // E of the source is the stage's own; `Stage` restores it, since an artifact cannot name it
    }) as Effect.Effect<Stored, E | ArtifactInvalid>

export const make = <const Name extends string, const C extends Columns>(
  name: Name,
  version: number,
  columns: C
): TableArtifact<Name, C> => {
  const artifact: TableArtifact<Name, C> = {
    name,
    version,
    kind: "table",
    columns,
    encode: (source, write) => encode(artifact)(source, write),
    decode: (table, read) =>
      Effect.gen(function* () {
        const header = yield* headerOf(id(artifact), table)
        return {
          rows: table.rows ?? 0,
          header,
          batches: Stream.fromIterable(table.parts).pipe(
            Stream.mapEffect((part) => readChunk(artifact, header, part, read)),
            Stream.map(({ batch }) => batch as never)
          )
        }
      })
  }
  return artifact
}
