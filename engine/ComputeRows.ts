import type { Hash } from "node:crypto"
import { Effect, type Scope, Stream } from "effect"
import * as ArrowTable from "../artifacts/ArrowTable.ts"
import type { Stored, StoredPart } from "../artifacts/Artifact.ts"
import * as Chunker from "../artifacts/Chunker.ts"
import { type AnyBatch, type Columns, concat } from "../artifacts/Column.ts"
import * as Key from "../cache/Key.ts"
import { ObjectStore, readPart } from "../cache/ObjectStore.ts"
import { type ChunkCounts, type ChunkTrace, TraceStore } from "../cache/Trace.ts"
import type { Job } from "./Job.ts"
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
/** Computed batches that may wait while a chunk is written, so that the network needn't. */
const AHEAD = 8

/** The chunk's rows as they were stored before: null where there is no trace, or its bytes do not serve. */
const reuseChunk = (
  job: Job,
  layout: ArrowTable.Layout,
  key: Key.Key,
  damaged: (what: string) => Effect.Effect<void>
) =>
  Effect.gen(function* () {
    const store = yield* ObjectStore
    const traces = yield* TraceStore
    const found = yield* traces.getChunk(job.entry.node.definition.name, key)
    if (found._tag === "Absent") return null
    if (found._tag === "Unreadable")
      return yield* Effect.as(damaged(`The trace of a chunk cannot be read (${found.what})`), null)
    const { trace } = found
    return yield* ArrowTable.readChunk(layout, trace.header, trace.part, readPart(store)).pipe(
      Effect.map(({ rowDigests }) => ({ trace, rowDigests })),
      // the chunk is computed again and its object replaced; nobody removes what another process may have mended
      Effect.catchTags({
        ObjectCorrupt: () => Effect.as(damaged("A chunk was corrupt"), null),
        ObjectMissing: () => Effect.as(damaged("A chunk was missing"), null),
        ArtifactUnreadable: () => Effect.as(damaged("A chunk could not be decoded"), null)
      })
    )
  })

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

/**
 * Computes a stored row stage chunk by chunk. Batches flow through without a stop between chunks: the next chunk is read,
 * and its rows computed, while the one before is written.
 */
export const computeRows = (
  job: Job
): Untyped<{ readonly outputs: Readonly<Record<string, Stored>>; readonly chunks: ChunkCounts }> =>
  Effect.gen(function* () {
    const { definition } = job.entry.node
    const [[output, artifact]] = Object.entries(definition.outputs) as unknown as readonly [
      [string, ArrowTable.TableArtifact<string, Columns>]
    ]
    const store = yield* ObjectStore
    const traces = yield* TraceStore
    const base = RowStream.baseOf(job.entry.node, job.inputs)
    const below = yield* ArrowTable.headerOf(base.artifact.name, base.stored)
    // opened by the first chunk that has to be computed, so that a run that finds them all loads no network
    const opened = yield* Effect.cached(
      Effect.suspend(() => RowStream.open(job.entry.node, job.inputs, header?.shapes ?? null))
    )
    const damaged = yield* warnOnce
    const total = base.stored.rows ?? 0
    const parts: Array<StoredPart> = []
    let header: ArrowTable.Header | undefined
    let hash: Hash | undefined
    let [done, reused, reusedChunks] = [0, 0, 0]
    const report = (rows: number) =>
      Effect.suspend(() => {
        done += rows
        return Progress.report({ done, total, unit: "rows", reused })
      })

    const steps = (place: RowStream.Place) =>
      Effect.gen(function* () {
        const source = place.part
        const key = yield* Key.ofText(Key.forChunk(job.text, definition.over as string, source.content))
        const found = job.isAgain ? null : yield* reuseChunk(job, artifact, key, damaged)
        if (found === null) {
          const last = Math.ceil((source.rows ?? 0) / RowStream.ROWS) - 1
          return RowStream.batchesOf(base, below, place).pipe(
            Stream.zipWithIndex,
            Stream.map(([rows, index]): Step => ({ _tag: "Piece", ...rows, key, isLast: index === last }))
          )
        }
        header ??= found.trace.header
        reusedChunks += 1
        reused += source.rows ?? 0
        yield* report(source.rows ?? 0)
        return Stream.make<[Step]>({ _tag: "Found", found })
      })

    const compute = (step: Step): Untyped<Step> =>
      step._tag === "Found"
        ? Effect.succeed(step)
        : Effect.gen(function* () {
            const batch = yield* RowStream.rowsOf(yield* opened, step)
            yield* report(batch.rows)
            return { ...step, batch }
          })

    const write = (key: Key.Key, batches: readonly [AnyBatch, ...ReadonlyArray<AnyBatch>]) =>
      Effect.gen(function* () {
        const batch = concat(batches)
        const own = header ?? { shapes: ArrowTable.tensorShapes(batch), metadata: below.metadata }
        const rowDigests = Chunker.digestRows(batch, Object.keys(artifact.columns))
        const part = yield* ArrowTable.writeChunk(artifact, own, batch, rowDigests, store.put)
        yield* ReadWatch.check
        const trace: ChunkTrace = { key, stage: definition.name, header: own, part }
        yield* traces.putChunk(trace)
        return { trace, rowDigests }
      })

    const add = ({ trace, rowDigests }: Finished) =>
      Effect.sync(() => {
        header ??= trace.header
        hash ??= ArrowTable.contentHash(artifact, header)
        hash.update(rowDigests)
        parts.push(trace.part)
      })

    let pending: ReadonlyArray<AnyBatch> = []
    const gather = (step: Step): Untyped<void> => {
      if (step._tag === "Found") return add(step.found)
      const batches = [...pending, step.batch] as const
      pending = step.isLast ? [] : batches
      const [first = step.batch, ...rest] = batches
      return step.isLast ? Effect.flatMap(write(step.key, [first, ...rest]), add) : Effect.void
    }

    yield* Stream.fromIterable(RowStream.placesOf(base)).pipe(
      Stream.flatMap((place) => Stream.unwrap(steps(place))),
      Stream.mapEffect(compute, { concurrency: AT_ONCE }),
      Stream.buffer({ capacity: AHEAD }),
      Stream.runForEach(gather)
    )
    const last = header ?? { shapes: {}, metadata: below.metadata }
    const stored = ArrowTable.stored(artifact, last, parts, hash ?? ArrowTable.contentHash(artifact, last))
    return { outputs: { [output]: stored }, chunks: { reused: reusedChunks, ran: parts.length - reusedChunks } }
  })
