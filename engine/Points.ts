import { Array as Arr, Effect, Either } from "effect"
import type { AnyArtifact } from "../artifacts/Artifact.ts"
import { type Explained, explain } from "../artifacts/Explained.ts"
import { ObjectStore, readPart } from "../cache/ObjectStore.ts"
import { listOnce, TraceStore } from "../cache/Trace.ts"
import { asInputLost } from "./Failure.ts"
import * as Graph from "./Graph.ts"
import * as Kind from "./Kind.ts"
import * as NodeKey from "./NodeKey.ts"
import { resultsOf } from "./NodeRecording.ts"
import type * as NodeWork from "./NodeWork.ts"
import * as Notice from "./Notice.ts"
import * as Pipeline from "./Pipeline.ts"
import * as Run from "./Run.ts"
import { publish, RunEvent } from "./RunEvent.ts"
import { type PointRecord, RunRecords, readOnce } from "./RunRecord.ts"
import { begin, type RunState, take } from "./RunState.ts"
import * as Scheduler from "./Scheduler.ts"
import * as Sources from "./Sources.ts"
import * as Union from "./Union.ts"
import * as Until from "./Until.ts"

/** Decoded parameters of a pipeline. */
export type Values = Readonly<Record<string, unknown>>

export interface Options extends Run.Options {
  /** Points that are computed side by side. */
  readonly jobs: number
  /** The parameters in which the points differ. */
  readonly varied: ReadonlyArray<string>
  /** What of each point is asked for; all of every one where they are left out. */
  readonly parts?: ReadonlyArray<Part>
}

/** What of a pipeline is asked for, by the names of nodes. */
export interface Part {
  /** Those that are computed though their results are kept. */
  readonly again: Run.Again
  readonly until: Until.Until
  /** Whether what the nodes make that it is until is not to be there: only what is told of a point is read. */
  readonly isTold?: boolean
}

/** A thousand figures are nobody's to look at: a sweep and a tune draw their own. */
const wants = (artifact: AnyArtifact): boolean => artifact.isPicture !== true

/** So many points whose results are kept are read at a time: they may lie far away. */
const TOLD_AT_ONCE = 16

/** All of a pipeline, and nothing of it once more. */
const ALL: Part = { again: new Set(), until: null }

/** What became of a point: the values of its documents by result, or what kept it from them. */
export interface Settled {
  readonly documents: Readonly<Record<string, unknown>>
  /** Null where all went well. */
  readonly error: Explained | null
}

/** Points of one pipeline as one graph, and what is known of them so far. */
export interface Points {
  readonly state: RunState
  readonly union: Union.Union
  /** The stored nodes that each point needs, inputs before their consumers. */
  readonly needs: ReadonlyArray<ReadonlyArray<Graph.StageEntry>>
  readonly settled: Map<number, Settled>
}

const needsOf = ({ graph, builds, results }: Union.Union): Points["needs"] => {
  const byName = new Map(graph.entries.map((entry) => [entry.name, entry]))
  return results.map((addresses, point) => {
    const entries = [
      ...Object.values(addresses).map(({ node }) => byName.get(node) as Graph.Entry),
      ...(builds[point]?.wanted ?? []).map(graph.like)
    ]
    return [...Graph.closure(graph, entries)].filter(Graph.isStage).filter(({ node }) => !NodeKey.isStreamed(node))
  })
}

/** The entries of these names. */
const named = ({ stages }: Graph.Graph, names: Iterable<string> | null): ReadonlyArray<Graph.StageEntry> => {
  const all = new Set(names)
  return all.size === 0 ? [] : stages.filter(({ name }) => all.has(name))
}

/** The graph of all points, or of what of them is asked for, equal nodes once. */
export const unionOf = (
  pipeline: Pipeline.AnyPipeline,
  points: ReadonlyArray<Values>,
  varied: ReadonlyArray<string>,
  parts: ReadonlyArray<Part> = []
): Union.Union => {
  const identities = Graph.identities()
  const builds = points.map((values, point) => {
    const { until, again, isTold = false } = parts[point] ?? ALL
    const params = Pipeline.encodeParams(pipeline, values)
    const graph = Until.part(Graph.make(pipeline, params, pipeline.build(values), identities), until)
    // no picture of a point is among its results, but who names its node means it
    return { graph, values, params, wanted: [...(isTold ? [] : named(graph, until)), ...named(graph, again)] }
  })
  return Union.make(pipeline.name, builds, { params: pipeline.params, varied, wants })
}

/** Points of which nothing is known yet. */
export const open = (
  pipeline: Pipeline.AnyPipeline,
  points: ReadonlyArray<Values>,
  { cores, varied, parts = [] }: Options
): Points => {
  const union = unionOf(pipeline, points, varied, parts)
  const again = union.builds.flatMap(({ graph }, point) =>
    named(graph, (parts[point] ?? ALL).again).map(union.graph.like)
  )
  const state = begin(union.graph, union.origin, cores, new Set(again.map(({ name }) => name)))
  return { state, union, needs: needsOf(union), settled: new Map() }
}

/** The values of a point's documents; what turns out to be lost of them is computed again. */
const documentsOf = ({ state, union, needs }: Points, point: number) =>
  Scheduler.repairing(
    state,
    needs[point] ?? [],
    Effect.gen(function* () {
      const wanted = (union.builds[point]?.wanted ?? []).map(union.graph.like)
      const unkept = yield* Run.firstUnkept(
        state,
        wanted.map(({ name }) => name)
      )
      if (unkept !== null) return yield* unkept
      const store = yield* ObjectStore
      const documents: Record<string, unknown> = {}
      for (const [name, { stored }] of Object.entries(resultsOf(state, union.results[point] ?? {}))) {
        const found = yield* Kind.readValue(stored, readPart(store))
        if (found !== null) documents[name] = found.value
      }
      return documents
    }).pipe(Effect.mapError(asInputLost))
  )

/** What kept a point from its end: the first of its nodes that failed. */
const failureOf = ({ state, needs }: Points, point: number): Explained | null => {
  for (const { name } of needs[point] ?? []) {
    const outcome = state.outcomes.get(name)
    if (outcome?._tag === "Failed") return outcome.error
  }
  return null
}

/** Computes what a point needs; whether anything ran. */
const obtainAll = ({ state, needs }: Points, point: number) =>
  Effect.map(Scheduler.obtainAll(state, needs[point] ?? []), (outcomes) =>
    outcomes.some((outcome) => outcome._tag === "Done" && outcome.status === "ran")
  )

const settle = (all: Points, point: number, isKept: boolean) =>
  Effect.gen(function* () {
    const ran = isKept ? false : yield* obtainAll(all, point)
    const found = failureOf(all, point) === null ? yield* Effect.either(documentsOf(all, point)) : Either.right({})
    // asked again: what was lost of the documents may have failed when it was computed anew
    const error = failureOf(all, point) ?? (Either.isLeft(found) ? explain(found.left) : null)
    const documents = error === null ? Either.getOrElse(found, () => ({})) : {}
    all.settled.set(point, { documents, error })
    yield* publish(RunEvent.PointSettled({ point, ran, documents, error }))
  })

/** Finds what comes from outside. A point goes without another's sources; what all points need is their common failure. */
const resolveSources = ({ state, needs }: Points) =>
  Effect.gen(function* () {
    const { failed, ...found } = yield* Sources.resolveEach(state.graph)
    take(state, found)
    for (const [name, failure] of failed) state.unresolved.set(name, failure)
    const [first] = failed.values()
    const isBlocked = (entry: Graph.StageEntry) =>
      NodeKey.storedParents(state.graph, entry).some(({ name }) => failed.has(name))
    if (first !== undefined && needs.every((entries) => entries.some(isBlocked))) return yield* first
  })

/** All steps of a point's iterating stages. */
const stepsOf = ({ needs }: Points, point: number): number =>
  (needs[point] ?? []).reduce((sum, { node: { definition, params } }) => {
    const steps = definition.iterates === null ? 0 : params[definition.iterates.steps]
    return sum + (typeof steps === "number" ? steps : 0)
  }, 0)

/** Whether all that a point needs has an outcome. */
const isSettled = ({ state, needs }: Points, point: number): boolean =>
  (needs[point] ?? []).every(({ name }) => state.outcomes.has(name))

/** Settles points, and those anew of which something was forgotten meanwhile: what was told of them is no longer so. */
const settleAll = (
  all: Points,
  points: ReadonlyArray<number>,
  jobs: number
): Effect.Effect<void, never, NodeWork.Needs> =>
  Effect.gen(function* () {
    yield* Effect.forEach(points, (point) => settle(all, point, false), { concurrency: jobs, discard: true })
    const forgotten = [...all.needs.keys()].filter((point) => !isSettled(all, point))
    if (forgotten.length > 0) yield* settleAll(all, forgotten, jobs)
  })

/** Carries out the points, so many side by side: what is kept of them first, which costs nothing. */
export const work = (all: Points, jobs: number) =>
  Effect.gen(function* () {
    const { needs } = all
    yield* resolveSources(all)
    yield* Effect.gen(function* () {
      yield* Scheduler.recallAll(all.state)
      const [others, kept] = Arr.partition(needs.keys(), (point) => isSettled(all, point))
      // fewer steps first: more of them go on from there
      others.sort((one, other) => stepsOf(all, one) - stepsOf(all, other))
      yield* Effect.forEach(kept, (point) => settle(all, point, true), { concurrency: TOLD_AT_ONCE, discard: true })
      yield* settleAll(all, others, jobs)
    }).pipe(Effect.provideServiceEffect(Notice.Notices, Notice.warning(all.state.notices)))
  }).pipe(
    NodeKey.rememberFacts,
    Effect.provideServiceEffect(RunRecords, readOnce),
    Effect.provideServiceEffect(TraceStore, listOnce)
  )

/** The nodes that more points than one need. */
export const sharedOf = ({ needs }: Points): ReadonlySet<string> => {
  const seen = new Set<string>()
  const shared = new Set<string>()
  for (const { name } of needs.flat()) (seen.has(name) ? shared : seen).add(name)
  return shared
}

/** Of the parameters of a point those that all points share. */
export const withoutVaried = (params: Values, varied: ReadonlyArray<string>): Values =>
  Object.fromEntries(Object.entries(params).filter(([name]) => !varied.includes(name)))

/** What became of each point, in their order. */
export const records = (
  { state, union, needs, settled }: Points,
  varied: ReadonlyArray<string>
): ReadonlyArray<PointRecord> =>
  union.builds.map(({ params }, point) => {
    const found = settled.get(point)
    return {
      params: Object.fromEntries(varied.map((name) => [name, params[name]])),
      status: found === undefined ? "interrupted" : found.error === null ? "done" : "failed",
      nodes: (needs[point] ?? []).map(({ name }) => name),
      results: resultsOf(state, union.results[point] ?? {}),
      error: found?.error ?? null
    }
  })
