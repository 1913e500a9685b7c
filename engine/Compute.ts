import type { Hash } from "node:crypto"
import { hostname } from "node:os"
import { Clock, DateTime, Effect, Either, Schema, type Scope, Stream } from "effect"
import * as ArrowTable from "../artifacts/ArrowTable.ts"
import type { Stored, StoredPart } from "../artifacts/Artifact.ts"
import * as Chunker from "../artifacts/Chunker.ts"
import { type Columns, concat } from "../artifacts/Column.ts"
import * as Key from "../cache/Key.ts"
import { ObjectStore, readPart } from "../cache/ObjectStore.ts"
import { type ChunkCounts, type ChunkTrace, type Trace, TraceStore } from "../cache/Trace.ts"
import { type ExecuteFailure, InputLost, NodeFailed } from "./Failure.ts"
import type { StageEntry } from "./Graph.ts"
import type { StageDefinition } from "./Node.ts"
import * as NodeKey from "./NodeKey.ts"
import { DefinitionInvalid } from "./Param.ts"
import * as Progress from "./Progress.ts"
import * as RowStream from "./RowStream.ts"

/** One node, ready to be computed. */
export interface Job {
  readonly pipeline: string
  readonly entry: StageEntry
  readonly inputs: NodeKey.ResolvedInputs
  readonly key: Key.Key
  readonly text: Key.KeyText
}

interface Computed {
  readonly outputs: Readonly<Record<string, Stored>>
  readonly chunks: ChunkCounts | null
}

type Untyped<A> = Effect.Effect<A, unknown, ObjectStore | TraceStore | Scope.Scope>

/** What a variable's type hides from `tsc`: outputs that the stage does not declare, and those that it left out. */
const checkNames = ({ name, outputs }: StageDefinition, found: ReadonlyArray<string>) => {
  const declared = Object.keys(outputs)
  const wrong = found.find((output) => !declared.includes(output)) ?? declared.find((output) => !found.includes(output))
  if (wrong === undefined) return Effect.void
  const how = declared.includes(wrong) ? "does not yield" : "yields, but does not declare,"
  return new DefinitionInvalid({
    what: `Stage "${name}" ${how} the output "${wrong}"`,
    expected: `exactly ${declared.join(", ")}`,
    fix: "Correct the stage."
  })
}

const computeWhole = ({ entry, inputs }: Job): Untyped<Computed> =>
  Effect.gen(function* () {
    const { definition, params } = entry.node
    const store = yield* ObjectStore
    const given = yield* RowStream.decodeInputs(entry.node, inputs)
    const values: Record<string, unknown> = yield* definition.run(given, params) as Untyped<Record<string, unknown>>
    yield* checkNames(definition, Object.keys(values))
    const outputs: Record<string, Stored> = {}
    for (const [name, artifact] of Object.entries(definition.outputs))
      outputs[name] = yield* artifact.encode(values[name], store.put)
    return { outputs, chunks: null }
  })

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
      Effect.map((batch) => ({ trace, rowDigests: Chunker.digestRows(batch, Object.keys(layout.columns)) })),
      // the chunk is computed again and its object replaced; nobody removes what another process may have mended
      Effect.catchTags({
        ObjectCorrupt: () => Effect.as(damaged("A chunk was corrupt"), null),
        ObjectMissing: () => Effect.as(damaged("A chunk was missing"), null),
        ArtifactUnreadable: () => Effect.as(damaged("A chunk could not be decoded"), null)
      })
    )
  })

const computeRows = (job: Job): Untyped<Computed> =>
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
    const total = base.stored.rows ?? 0
    const parts: Array<StoredPart> = []
    let header: ArrowTable.Header | undefined
    let hash: Hash | undefined
    let done = 0
    let reused = 0
    let reusedChunks = 0
    const hearDamage = yield* Progress.DamageListener
    let isDamaged = false
    // one warning a node, however many of its chunks are hit
    const damaged = (what: string) =>
      Effect.suspend(() => {
        if (isDamaged) return Effect.void
        isDamaged = true
        return hearDamage(what)
      })
    const report = () => Progress.report({ done, total, unit: "rows", reused })

    const computeChunk = (source: StoredPart, key: Key.Key) =>
      Effect.gen(function* () {
        const toRows = yield* opened
        const batches = yield* RowStream.collect(
          RowStream.batchesOf(base, below, source).pipe(
            // the next batch is decoded and resized while a network with threads of its own is at this one
            Stream.mapEffect(
              (batch) =>
                Effect.gen(function* () {
                  const rows = yield* toRows(batch)
                  done += rows.rows
                  yield* report()
                  return rows
                }),
              { concurrency: 2 }
            )
          )
        )
        const batch = concat(batches)
        const chunkHeader = header ?? { shapes: ArrowTable.tensorShapes(batch), metadata: below.metadata }
        const rowDigests = Chunker.digestRows(batch, Object.keys(artifact.columns))
        const part = yield* ArrowTable.writeChunk(artifact, chunkHeader, batch, rowDigests, store.put)
        const trace: ChunkTrace = { key, stage: definition.name, header: chunkHeader, part }
        yield* traces.putChunk(trace)
        return { trace, rowDigests }
      })

    for (const source of base.stored.parts) {
      const key = yield* Key.ofText(Key.forChunk(job.text, definition.over as string, source.content))
      const kept = yield* reuseChunk(job, artifact, key, damaged)
      if (kept !== null) {
        reusedChunks += 1
        reused += source.rows ?? 0
        done += source.rows ?? 0
        yield* report()
      }
      const { trace, rowDigests } = kept ?? (yield* computeChunk(source, key))
      header ??= trace.header
      hash ??= ArrowTable.contentHash(artifact, header)
      hash.update(rowDigests)
      parts.push(trace.part)
    }
    const last = header ?? { shapes: {}, metadata: below.metadata }
    const stored = ArrowTable.stored(artifact, last, parts, hash ?? ArrowTable.contentHash(artifact, last))
    return { outputs: { [output]: stored }, chunks: { reused: reusedChunks, ran: parts.length - reusedChunks } }
  })

const isTagged = (error: unknown): error is { readonly _tag: string; readonly message: string } =>
  typeof error === "object" && error !== null && "_tag" in error && "message" in error

/** Sorts what went wrong: bytes to recompute, the stage's own error, or a bug. */
const toFailure = (entry: StageEntry, error: unknown): ExecuteFailure => {
  if (isTagged(error) && (error._tag === "ObjectMissing" || error._tag === "ObjectCorrupt")) {
    const { object } = error as unknown as { readonly object: string }
    return new InputLost({ object, what: error._tag === "ObjectMissing" ? "missing" : "corrupt" })
  }
  const what = error instanceof Error ? error.message : String(error)
  const encoded = Schema.encodeUnknownEither(entry.node.definition.errors)(error)
  return new NodeFailed({
    node: entry.name,
    tag: isTagged(error) ? error._tag : "Defect",
    what,
    error: Either.getOrElse(encoded, () => null)
  })
}

/** Computes a node and publishes what it made: objects first, the trace last. Its stage's services must be there. */
export const compute = (job: Job): Effect.Effect<Trace, ExecuteFailure, ObjectStore | TraceStore> =>
  Effect.gen(function* () {
    const { definition } = job.entry.node
    const started = yield* Clock.currentTimeMillis
    const { outputs, chunks } = yield* Effect.scoped(definition.keep === "whole" ? computeWhole(job) : computeRows(job))
    const now = yield* DateTime.now
    const trace: Trace = {
      key: job.key,
      text: job.text,
      pipeline: job.pipeline,
      node: job.entry.name,
      outputs,
      labels: NodeKey.labels(job.inputs),
      seconds: (DateTime.toEpochMillis(now) - started) / 1000,
      chunks,
      host: hostname(),
      finished: DateTime.formatIso(now)
    }
    yield* Effect.flatMap(TraceStore, (traces) => traces.put(trace))
    return trace
  }).pipe(
    Effect.catchAllDefect((defect) => Effect.fail(defect)),
    Effect.mapError((error) => toFailure(job.entry, error))
  )
