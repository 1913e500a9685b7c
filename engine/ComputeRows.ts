import type { Hash } from "node:crypto"
import { Effect, type Scope, Stream } from "effect"
import * as ArrowTable from "../artifacts/ArrowTable.ts"
import type { Stored, StoredPart } from "../artifacts/Artifact.ts"
import * as Chunker from "../artifacts/Chunker.ts"
import { type AnyBatch, type Columns, concat, copy } from "../artifacts/Column.ts"
import type * as Key from "../cache/Key.ts"
import { ObjectStore, readPart } from "../cache/ObjectStore.ts"
import { type ChunkCounts, type ChunkTrace, type Lookup, TraceStore } from "../cache/Trace.ts"
import type { Job, Range } from "./Job.ts"
import * as Progress from "./Progress.ts"
import * as ReadWatch from "./ReadWatch.ts"
import * as RowStream from "./RowStream.ts"

/** A chunk with its rows' digests, found or just made. */
interface Finished {
  readonly trace: ChunkTrace
  readonly rowDigests: Uint8Array
}

/** Some rows of a chunk that is computed: those of the base at first, then what is made of them. */
interface Piece extends RowStream.BaseRows {
  readonly _tag: "Piece"
  readonly key: Key.Key
  readonly isLast: boolean
}

type Step = { readonly _tag: "Found"; readonly found: Finished } | Piece

type Untyped<A> = Effect.Effect<A, unknown, ObjectStore | TraceStore | Scope.Scope>

/** Batches that are computed at a time: one is decoded and resized while a network with threads of its own is at another. */
const AT_ONCE = 2
/** So many chunks are looked for at a time, and as many while those are computed: where they may lie, each may be a journey. */
const LOOKED_AT_ONCE = 64
/** So many of those that are found are read at a time. */
const READ_AT_ONCE = 4
/** Computed batches that may wait while a chunk is written, so that the network needn't. */
const AHEAD = 8

/** A node's table while it is made: what its steps share, and as much of it as is there. */
interface Making {
  readonly job: Job
  readonly artifact: ArrowTable.TableArtifact<string, Columns>
  readonly base: RowStream.Base
  readonly below: ArrowTable.Header
  /** From the rows of the base to the table's; opened by the first chunk that has to be computed, so that a run that finds them all loads no network. */
  readonly toRows: Untyped<RowStream.BatchFunction>
  readonly damaged: (what: string) => Effect.Effect<void>
  /** How many rows are made. */
  readonly total: number
  /** Keys of chunks that were not found. */
  readonly asked: Set<Key.Key>
  readonly table: Table
}

/** The chunks of a table that are there, in their order, and how many rows are done, those of chunks under way included. */
interface Table {
  header: ArrowTable.Header | undefined
  hash: Hash | undefined
  readonly parts: Array<StoredPart>
  readonly rows: { done: number; reused: number }
  reusedChunks: number
}

/** One warning a node, however many of its chunks are hit. */
const warnOnce = Effect.map(Progress.DamageListener, (hear) => {
  let isWarned = false
  return (what: string) =>
    Effect.suspend(() => {
      if (isWarned) return Effect.void
      isWarned = true
      return hear(what)
    })
})

const rowsIn = (places: ReadonlyArray<RowStream.Place>): number =>
  places.reduce((rows, { part }) => rows + (part.rows ?? 0), 0)

const begin = (
  job: Job,
  range: Range | null
): Untyped<{ readonly making: Making; readonly places: ReadonlyArray<RowStream.Place> }> =>
  Effect.gen(function* () {
    const { node } = job.entry
    const [artifact] = Object.values(node.definition.outputs)
    const base = RowStream.baseOf(node, job.inputs)
    const table: Table = {
      header: undefined,
      hash: undefined,
      parts: [],
      rows: { done: 0, reused: 0 },
      reusedChunks: 0
    }
    const all = RowStream.placesOf(base)
    const places = range === null ? all : all.slice(range.from, range.to)
    const making: Making = {
      job,
      artifact: artifact as ArrowTable.TableArtifact<string, Columns>,
      base,
      below: yield* ArrowTable.headerOf(base.artifact.name, base.stored),
      toRows: yield* Effect.cached(
        Effect.suspend(() => RowStream.open(node, job.inputs, table.header?.shapes ?? null))
      ),
      damaged: yield* warnOnce,
      total: rowsIn(places),
      asked: new Set(),
      table
    }
    return { making, places }
  })

const report = ({ total, table }: Making, rows: number) =>
  Effect.suspend(() => {
    table.rows.done += rows
    return Progress.report({ ...table.rows, total, unit: "rows" })
  })

/** A chunk of the base, the key of what is made of it, and what was found under that. */
interface Looked extends RowStream.Place {
  readonly key: Key.Key
  readonly found: Lookup<ChunkTrace>
}

/** Looks for what is kept of some chunks, all together. */
const look = ({ job }: Making, places: ReadonlyArray<RowStream.Place>): Untyped<ReadonlyArray<Looked>> =>
  Effect.gen(function* () {
    const { node } = job.entry
    const keys = yield* RowStream.chunkKeys(
      node,
      job.text,
      places.map(({ part }) => part)
    )
    const traces = yield* TraceStore
    const lookups = job.isAgain ? [] : yield* traces.getChunks(node.definition.name, keys)
    return places.map((place, at) => ({
      ...place,
      key: keys[at] as Key.Key,
      found: lookups[at] ?? { _tag: "Absent" }
    }))
  })

/** The chunk's rows as they were stored before: null where there is no trace, or its bytes do not serve. */
const find = ({ artifact, damaged }: Making, { found }: Looked): Untyped<Finished | null> =>
  Effect.gen(function* () {
    const store = yield* ObjectStore
    if (found._tag === "Absent" || found._tag === "Unknown") return null
    if (found._tag === "Unreadable")
      return yield* Effect.as(damaged(`The trace of a chunk cannot be read (${found.what})`), null)
    const { trace } = found
    return yield* ArrowTable.readChunk(artifact, trace.header, trace.part, readPart(store)).pipe(
      Effect.map(({ rowDigests }) => ({ trace, rowDigests })),
      // the chunk is computed again and its object replaced; nobody removes what another process may have mended
      Effect.catchTags({
        ObjectCorrupt: () => Effect.as(damaged("A chunk was corrupt"), null),
        ObjectMissing: () => Effect.as(damaged("A chunk was missing"), null),
        ArtifactUnreadable: () => Effect.as(damaged("A chunk could not be decoded"), null)
      })
    )
  })

/** A chunk that the table has twice is computed once: the second was looked for before the first was made. */
const findAgain = (making: Making, looked: Looked): Untyped<Finished | null> =>
  Effect.gen(function* () {
    const { job, asked } = making
    const isSecond = asked.has(looked.key)
    asked.add(looked.key)
    if (!isSecond || job.isAgain) return null
    const traces = yield* TraceStore
    const found = yield* traces.getChunk(job.entry.node.definition.name, looked.key)
    return yield* find(making, { ...looked, found })
  })

/** A chunk as it is found, or else the rows of the base that it is to be made of. */
const stepsOf = (making: Making, looked: Looked & { readonly kept: Finished | null }) =>
  Effect.gen(function* () {
    const { base, below, table } = making
    const { key } = looked
    const { rows } = looked.part
    const found = looked.kept ?? (yield* findAgain(making, looked))
    if (found === null) {
      const last = Math.ceil((rows ?? 0) / RowStream.ROWS) - 1
      return RowStream.batchesOf(base, below, looked).pipe(
        Stream.zipWithIndex,
        Stream.map(([batch, index]): Step => ({ _tag: "Piece", ...batch, key, isLast: index === last }))
      )
    }
    // at once, since the next chunk may be computed before this one is added
    table.header ??= found.trace.header
    table.reusedChunks += 1
    table.rows.reused += rows ?? 0
    yield* report(making, rows ?? 0)
    return Stream.make<[Step]>({ _tag: "Found", found })
  })

/** What the stages make of a piece of the base. */
const compute = (making: Making, step: Step): Untyped<Step> =>
  Effect.gen(function* () {
    if (step._tag === "Found") return step
    // the next batches are computed before this one is written, and their stage may fill its memory anew
    const batch = copy(yield* RowStream.rowsOf(yield* making.toRows, step))
    yield* report(making, batch.rows)
    return { ...step, batch }
  })

/** Publishes a chunk: its object, then its trace. */
const write = (
  { job, artifact, below, table }: Making,
  key: Key.Key,
  batches: readonly [AnyBatch, ...ReadonlyArray<AnyBatch>]
): Untyped<Finished> =>
  Effect.gen(function* () {
    const store = yield* ObjectStore
    const traces = yield* TraceStore
    const batch = concat(batches)
    const header = table.header ?? { shapes: ArrowTable.tensorShapes(batch), metadata: below.metadata }
    const rowDigests = Chunker.digestRows(batch, Object.keys(artifact.columns))
    const part = yield* ArrowTable.writeChunk(artifact, header, batch, rowDigests, store.put)
    yield* ReadWatch.check
    const trace: ChunkTrace = { key, stage: job.entry.node.definition.name, header, part }
    yield* traces.putChunk(trace)
    return { trace, rowDigests }
  })

const add = ({ artifact, table }: Making, { trace, rowDigests }: Finished): void => {
  table.header ??= trace.header
  table.hash ??= ArrowTable.contentHash(artifact, table.header)
  table.hash.update(rowDigests)
  table.parts.push(trace.part)
}

/** Adds chunks to the table: found ones as they are, computed ones once all of their pieces are there. */
const gathering = (making: Making): ((step: Step) => Untyped<void>) => {
  let pieces: ReadonlyArray<AnyBatch> = []
  return (step) =>
    Effect.gen(function* () {
      if (step._tag === "Found") return add(making, step.found)
      const [first = step.batch, ...rest] = [...pieces, step.batch]
      pieces = step.isLast ? [] : [first, ...rest]
      if (step.isLast) add(making, yield* write(making, step.key, [first, ...rest]))
    })
}

const end = ({ artifact, below, table }: Making): Stored => {
  const header = table.header ?? { shapes: {}, metadata: below.metadata }
  return ArrowTable.stored(artifact, header, table.parts, table.hash ?? ArrowTable.contentHash(artifact, header))
}

const countsOf = ({ table: { parts, reusedChunks: reused } }: Making): ChunkCounts => ({
  reused,
  ran: parts.length - reused
})

/**
 * Makes chunks of a table, each its own result. Batches flow through without a stop between chunks: the next chunk is read, and its
 * rows computed, while the one before is written.
 */
const make = (job: Job, range: Range | null): Untyped<Making> =>
  Effect.gen(function* () {
    const { making, places } = yield* begin(job, range)
    yield* Stream.fromIterable(places).pipe(
      Stream.grouped(LOOKED_AT_ONCE),
      Stream.mapEffect((places) => look(making, [...places])),
      Stream.buffer({ capacity: 1 }),
      Stream.flatMap(Stream.fromIterable),
      Stream.mapEffect((looked) => Effect.map(find(making, looked), (kept) => ({ ...looked, kept })), {
        concurrency: READ_AT_ONCE
      }),
      Stream.flatMap((looked) => Stream.unwrap(stepsOf(making, looked))),
      Stream.mapEffect((step) => compute(making, step), { concurrency: AT_ONCE }),
      Stream.buffer({ capacity: AHEAD }),
      Stream.runForEach(gathering(making))
    )
    return making
  })

/** Computes a stored row stage chunk by chunk. */
export const computeRows = (
  job: Job
): Untyped<{ readonly outputs: Readonly<Record<string, Stored>>; readonly chunks: ChunkCounts }> =>
  Effect.map(make(job, null), (making) => {
    const [output = ""] = Object.keys(job.entry.node.definition.outputs)
    return { outputs: { [output]: end(making) }, chunks: countsOf(making) }
  })

/** Computes some chunks of a stored row stage, for whoever makes the table of them. */
export const computeChunks = (job: Job, range: Range): Untyped<ChunkCounts> => Effect.map(make(job, range), countsOf)
