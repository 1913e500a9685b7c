import { Effect, Layer } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import type { Key } from "../../cache/Key.ts"
import * as Lease from "../../cache/Lease.ts"
import { ObjectStore, layerMemory as objectsInMemory } from "../../cache/ObjectStore.ts"
import * as Trace from "../../cache/Trace.ts"
import type { Code } from "../../engine/Code.ts"
import * as Executor from "../../engine/Executor.ts"
import * as NodeKey from "../../engine/NodeKey.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import * as Results from "../../engine/Results.ts"
import * as Run from "../../engine/Run.ts"
import * as RunEvent from "../../engine/RunEvent.ts"
import * as RunRecord from "../../engine/RunRecord.ts"
import type * as Until from "../../engine/Until.ts"
import * as Graphs from "./random-graphs.ts"

/** What changes from twin to twin: the parts of a cache, and the engine's view of code and work. */
export interface Parts {
  readonly objects: Layer.Layer<ObjectStore>
  readonly traces: Layer.Layer<Trace.TraceStore>
  readonly leases: Layer.Layer<Lease.Leases>
  readonly code: Layer.Layer<Code>
  /** Wraps the executor, in a place where the cache may be used. */
  readonly executor: (
    executor: typeof Executor.Executor.Service
  ) => Effect.Effect<typeof Executor.Executor.Service, never, ObjectStore | Trace.TraceStore>
}
export type Change = (parts: Parts) => Partial<Parts>

/** A random pipeline, the cache it runs against, and the parameters it is run with. */
export interface Session {
  readonly objects: Map<Digest.Digest, Uint8Array>
  readonly traces: Map<Key, Trace.Trace>
  readonly chunks: Map<Key, Trace.ChunkTrace>
  readonly shape: Graphs.Shape
  readonly by: Array<number>
  /** The digests of the bytes that the last run handed over to people. */
  readonly handed: Set<Digest.Digest>
}

export const open = ({ shape, lists, by }: Graphs.Start): Session => {
  Graphs.world.now = { lists, code: { take: 0, shift: 0, double: 0, add: 0, total: 0 } }
  Graphs.world.hidden = null
  Graphs.runs.clear()
  return { objects: new Map(), traces: new Map(), chunks: new Map(), shape, by: [...by], handed: new Set() }
}
/** The same pipeline and world with nothing kept. */
export const fromScratch = (session: Session): Session => ({
  ...session,
  objects: new Map(),
  traces: new Map(),
  chunks: new Map(),
  handed: new Set()
})

const anyOf = <K>(map: ReadonlyMap<K, unknown>, at: number): K | undefined => [...map.keys()].sort()[at % map.size]

export const apply = (session: Session, edit: Graphs.Edit): void => {
  const { now } = Graphs.world
  switch (edit._tag) {
    case "Param":
      session.by[edit.node] = edit.to
      return
    case "List":
      Graphs.world.now = { ...now, lists: now.lists.map((list, index) => (index === edit.list ? edit.to : list)) }
      return
    case "Code":
      Graphs.world.now = { ...now, code: { ...now.code, [edit.stage]: now.code[edit.stage] + 1 } }
      return
    case "DropTrace":
    case "DropChunkTrace": {
      const map: Map<Key, unknown> = edit._tag === "DropTrace" ? session.traces : session.chunks
      const key = anyOf(map, edit.at)
      if (key !== undefined) map.delete(key)
      return
    }
    default: {
      const object = anyOf(session.objects, edit.at)
      if (object === undefined) return
      const bytes = session.objects.get(object) ?? new Uint8Array()
      if (edit._tag === "DropObject") session.objects.delete(object)
      else {
        const place = (edit.at * 31) % bytes.length
        session.objects.set(
          object,
          bytes.map((byte, index) => (index === place ? byte ^ 1 : byte))
        )
      }
    }
  }
}

/** Opens every result, as the command does for a person. */
const readerOf = ({ handed }: Session) =>
  Layer.effect(
    Results.ResultsWriter,
    Effect.map(ObjectStore, (store) => ({
      write: (_pipeline: string, results: ReadonlyArray<Results.Result>) =>
        Effect.suspend(() => {
          handed.clear()
          return Effect.forEach(
            results.flatMap(({ stored }) => stored.parts),
            ({ object }) => Effect.map(store.get(object), (bytes) => void handed.add(Digest.ofBytes(bytes))),
            { discard: true }
          )
        })
    }))
  )

const layerOf = (session: Session, change: Change) => {
  const whole: Parts = {
    objects: objectsInMemory(session.objects),
    traces: Trace.layerMemory(session.traces, session.chunks),
    leases: Lease.layerMemory,
    code: Graphs.layerCode,
    executor: Effect.succeed
  }
  const parts = { ...whole, ...change(whole) }
  const records: Array<RunRecord.RunRecord> = []
  const cache = Layer.mergeAll(parts.objects, parts.traces, parts.leases, parts.code)
  const executor = Layer.provide(
    Layer.effect(Executor.Executor, Effect.flatMap(Executor.Executor, parts.executor)),
    Executor.layerInProcess()
  )
  return Layer.mergeAll(executor, readerOf(session), RunEvent.layerSilent, RunRecord.layerMemory(records)).pipe(
    Layer.provideMerge(cache)
  )
}

const sound: Change = () => ({})

export const run = (
  session: Session,
  change: Change = sound,
  again: Run.Again = new Set(),
  until: Until.Until = null
) => {
  const pipeline = Graphs.pipelineOf(session.shape)
  return Effect.provide(
    Run.run(pipeline, { amounts: session.by }, { cores: 2 }, again, until),
    layerOf(session, change)
  )
}

export const runTogether = (session: Session, times: number, change: Change = sound) => {
  const pipeline = Graphs.pipelineOf(session.shape)
  const one = Run.run(pipeline, { amounts: session.by }, { cores: 2 })
  return Effect.provide(
    Effect.all(
      Array.from({ length: times }, () => one),
      { concurrency: "unbounded" }
    ),
    layerOf(session, change)
  )
}

export const plan = (session: Session, change: Change = sound, until: Until.Until = null) => {
  const pipeline = Graphs.pipelineOf(session.shape)
  return Effect.provide(
    Effect.suspend(() => Plan.make(Pipeline.graph(pipeline, { amounts: session.by }), new Set(), until)),
    layerOf(session, change)
  )
}

/** The stored nodes that are picked: numbers beyond the last begin anew. */
export const pick = ({ shape, by }: Session, at: ReadonlyArray<number> | null): Until.Until => {
  const { stages } = Pipeline.graph(Graphs.pipelineOf(shape), { amounts: by })
  const names = stages.flatMap(({ name, node }) => (NodeKey.isStreamed(node) ? [] : [name]))
  return at === null ? null : new Set(at.flatMap((each) => names[each % names.length] ?? []))
}

export const contents = (record: RunRecord.RunRecord): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(record.results).map(([name, { stored }]) => [name, stored.content]))
