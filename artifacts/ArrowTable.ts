/**
 * Tables: rows in typed columns, stored as Arrow IPC files. A table is cut into chunks by the content of its rows, each an object of
 * its own, so that one of any size is written and read in bounded memory, and rows that stay are not written twice.
 *
 * @module
 */
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
import { type AnyBatch, type AnyValues, type Batch, type Columns, concat, isTensor, type Row, rows } from "./Column.ts"
import { isOf, lengthOf } from "./ColumnValues.ts"
import type { Digest } from "./Digest.ts"
import { Mismatch } from "./FlatBuffer.ts"
import { phrase } from "./SchemaRefusal.ts"
import type { Verified } from "./Verified.ts"

/** What all chunks of a table have in common. It is part of the digest of the table's content. */
export const Header = Schema.Struct({
  /** Cell shapes of the tensor columns, every dimension known. */
  shapes: Schema.Record({ key: Schema.String, value: Schema.Array(Schema.Int) }),
  /** Free text that travels with the rows, such as class names. */
  metadata: Schema.Record({ key: Schema.String, value: Schema.String })
})
/** What all chunks of a table have in common. */
export type Header = typeof Header.Type

/** What a stage returns for an output that is a table: its rows in order, in batches of any size, and texts that travel with them. */
export interface TableSource<C extends Columns, E> {
  readonly metadata: Readonly<Record<string, string>>
  readonly batches: Stream.Stream<Batch<C>, E>
}

/** What a later stage is given of a table: its rows as a stream of batches, one a chunk, which may be run more than once. */
export interface Table<C extends Columns, E = ArtifactUnreadable> {
  readonly rows: number
  readonly header: Header
  readonly batches: Stream.Stream<Batch<C>, E>
}

/** A table as stages declare it: a nominal type, and the columns that every batch of its rows has. */
export interface TableArtifact<Name extends string, C extends Columns>
  extends Artifact<Name, TableSource<C, unknown>, Table<C, unknown>> {
  readonly kind: "table"
  readonly columns: C
}

/** A table whose rows are all there, as one batch. */
export const fromBatch = <C extends Columns>(
  batch: Batch<C>,
  metadata: Readonly<Record<string, string>> = {}
): TableSource<C, never> => ({ metadata, batches: Stream.make(batch) })

/**
 * A table whose rows are all there, as a stage returns it: the values of each column of the artifact, equally many in each.
 *
 * @example
 * const Rents = ArrowTable.make("Rents", 1, { area: "float64", rent: "float64" })
 * const rents = ArrowTable.of(Rents, { area: Float64Array.of(54, 71), rent: Float64Array.of(800, 990) })
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

/** Reads all rows of a table into memory, as one batch; null where it has none. */
export const collect = <C extends Columns, E>(table: Table<C, E>): Effect.Effect<Batch<C> | null, E> =>
  Effect.map(Stream.runCollect(table.batches), (batches) => {
    const [first, ...rest] = batches
    return first === undefined ? null : concat<Batch<C>>([first, ...rest])
  })

/**
 * All rows of a small table, each as a value of its own.
 *
 * @example
 * const Rents = ArrowTable.make("Rents", 1, { area: "float64", rent: "float64" })
 * const large = (rents: ArrowTable.Table<typeof Rents.columns, Stage.InputFailure>) =>
 *   Effect.map(ArrowTable.collectRows(rents), (flats) => flats.filter(({ area }) => area > 60))
 */
export const collectRows = <C extends Columns, E>(table: Table<C, E>): Effect.Effect<ReadonlyArray<Row<C>>, E> =>
  Effect.map(Stream.runCollect(table.batches), (batches) => Array.from(batches).flatMap((batch) => rows(batch)))

/** A table artifact as functions see it that know nothing of its types: its name, version and columns. */
export type Layout = Pick<TableArtifact<string, Columns>, "name" | "version" | "columns">

const arrowFile = Effect.promise(() => import("./ArrowFile.ts"))

/** The cell shapes of a batch's tensor columns, by the columns' names. */
export const tensorShapes = (batch: AnyBatch): Header["shapes"] =>
  Object.fromEntries(
    Object.entries(batch.columns).flatMap(([name, values]) => (isTensor(values) ? [[name, values.shape]] : []))
  )

/**
 * Starts the digest of a table's content, with its name, version, columns, cell shapes and metadata. Whoever has it adds the
 * digests of the rows, in order: so it depends neither on where chunks are cut nor on how Arrow pads them.
 */
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

/** Fails for a batch that is not what the columns say: one is missing, has another length, or cells of a wrong or changing shape. */
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

/** Writes one chunk of a table as an Arrow file. `rowDigests` are those of its rows, in order; the header must be the table's. */
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

/** What a trace remembers of a table whose chunks are written. `hash` is that of `contentHash`, and has seen the digests of all rows. */
export const stored = (artifact: Layout, header: Header, parts: ReadonlyArray<StoredPart>, hash: Hash): Stored => ({
  artifact: id(artifact),
  kind: "table",
  content: hash.digest("hex") as Digest,
  rows: parts.reduce((sum, part) => sum + (part.rows ?? 0), 0),
  bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
  parts,
  header
})

/** How many rows a chunk is said to have; throws for more than any has. */
const rowsOf = ({ rows }: StoredPart): number => {
  if ((rows ?? 0) > Chunker.MOST_ROWS) throw new Mismatch(`it is said to have ${rows} rows`)
  return rows ?? 0
}

/**
 * Reads one chunk. Its bytes were hashed, and its rows are compared with the digest of the chunk's content, which is also over
 * the columns and their types, the cells' shapes and the metadata: what is given is what was written.
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
        const rows = rowsOf(part)
        const batch = ArrowReader.decode(artifact.columns, header.shapes, rows, bytes)
        const rowDigests = Chunker.digestRows(batch, Object.keys(artifact.columns))
        const content = contentHash(artifact, header).update(rowDigests).digest("hex")
        if (content !== part.content) throw new Mismatch("its rows are not those of its content digest")
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

/**
 * Checks that a chunk can be read, with the rows, columns and cells that are told of it, and compares no content: a hash a row, which `readChunk`
 * makes, takes many times as long. Throws a `Mismatch` or a `RangeError`.
 */
export const checkChunk = (columns: Columns, header: Header, part: StoredPart, bytes: Verified): void =>
  ArrowReader.check(columns, header.shapes, rowsOf(part), bytes)

/** Reads the header that a trace remembers of a table; `artifact` is how a failure names it. */
export const headerOf = (artifact: string, stored: Stored): Effect.Effect<Header, ArtifactUnreadable> =>
  Schema.decodeUnknown(Header)(stored.header).pipe(
    Effect.mapError((error) => new ArtifactUnreadable({ artifact, object: stored.content, what: phrase(error) }))
  )

/** The whole table as the bytes of one Arrow IPC file with a record batch a chunk. They come in pieces: memory holds one chunk. */
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

/** The rows of a table, a chunk at a time. Whoever reads them to the end knows that they are those of the table's content digest. */
const batchesOf = <C extends Columns, E>(
  artifact: TableArtifact<string, C>,
  header: Header,
  { parts, content }: Stored,
  read: Read<E>
): Stream.Stream<Batch<C>, E | ArtifactUnreadable> =>
  Stream.suspend(() => {
    const hash = contentHash(artifact, header)
    const chunks = Stream.fromIterable(parts).pipe(
      Stream.mapEffect((part) => readChunk(artifact, header, part, read)),
      Stream.map(({ batch, rowDigests }) => {
        hash.update(rowDigests)
        return batch as Batch<C>
      })
    )
    const what = "its chunks are not those of its content digest"
    const end = Effect.suspend(() =>
      hash.digest("hex") === content
        ? Effect.void
        : new ArtifactUnreadable({ artifact: id(artifact), object: content, what })
    )
    return Stream.concat(chunks, Stream.drain(Stream.fromEffect(end)))
  })

/**
 * Declares a table. Raise the version when what a column means changes: it is part of every key.
 *
 * @example
 * const Rents = ArrowTable.make("Rents", 1, { area: "float64", rent: "float64" })
 * const Pixels = ArrowTable.make("Pixels", 1, { image: Column.tensor([32, 32, 3], "float32"), label: "int32" })
 */
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
        return { rows: table.rows ?? 0, header, batches: batchesOf(artifact, header, table, read) }
      })
  }
  return artifact
}
