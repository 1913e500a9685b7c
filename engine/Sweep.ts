import { Array as Arr, Effect, Either } from "effect"
import type { AnyArtifact } from "../artifacts/Artifact.ts"
import { type Explained, explain } from "../artifacts/Explained.ts"
import { ObjectStore, readPart } from "../cache/ObjectStore.ts"
import { listOnce, TraceStore } from "../cache/Trace.ts"
import { asInputLost } from "./Failure.ts"
import * as Graph from "./Graph.ts"
import * as Kind from "./Kind.ts"
import * as NodeKey from "./NodeKey.ts"
import { recordNode, resultsOf } from "./NodeRecording.ts"
import type * as NodeWork from "./NodeWork.ts"
import * as Notice from "./Notice.ts"
import * as Pipeline from "./Pipeline.ts"
import * as Run from "./Run.ts"
import { publish, RunEvent } from "./RunEvent.ts"
import { type Asked, type PointRecord, type RunRecord, RunRecords, readOnce } from "./RunRecord.ts"
import { begin, type RunState, take } from "./RunState.ts"
import * as Scheduler from "./Scheduler.ts"
import * as Sources from "./Sources.ts"
import * as Union from "./Union.ts"
import * as Until from "./Until.ts"

/** Decoded parameters of a pipeline. */
type Values = Readonly<Record<string, unknown>>

export interface Options extends Run.Options {
  /** Points that are computed side by side. */
  readonly jobs: number
  /** The parameters in which the points differ. */
  readonly varied: ReadonlyArray<string>
  /** Kept with the record. */
  readonly asked?: Asked
  /** What of each point is asked for; all of every one where they are left out. */
  readonly parts?: ReadonlyArray<Part>
}

/** What of a pipeline is asked for, by the names of nodes. */
export interface Part {
  /** Those that are computed though their results are kept. */
  readonly again: Run.Again
  readonly until: Until.Until
}

/** A thousand figures are nobody's to look at: a sweep draws its own. */
const wants = (artifact: AnyArtifact): boolean => artifact.isPicture !== true

/** So many points whose results are kept are read at a time: they may lie far away. */
const TOLD_AT_ONCE = 16

/** All of a pipeline, and nothing of it once more. */
const ALL: Part = { again: new Set(), until: null }

interface Sweep {
  readonly state: RunState
  readonly union: Union.Union
  /** The stored nodes that each point needs, inputs before their consumers. */
  readonly needs: ReadonlyArray<ReadonlyArray<Graph.StageEntry>>
  /** What became of a point: null where all went well. */
  readonly settled: Map<number, Explained | null>
}

const needsOf = ({ graph, builds, results }: Union.Union): Sweep["needs"] => {
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
    const { until, again } = parts[point] ?? ALL
    const params = Pipeline.encodeParams(pipeline, values)
    const graph = Until.part(Graph.make(pipeline, params, pipeline.build(values), identities), until)
    // no picture of a point is among its results, but who names its node means it
    return { graph, values, params, wanted: [...named(graph, until), ...named(graph, again)] }
  })
  return Union.make(pipeline.name, builds, { params: pipeline.params, varied, wants })
}

const open = (
  pipeline: Pipeline.AnyPipeline,
  points: ReadonlyArray<Values>,
  { cores, varied, parts = [] }: Options
): Sweep => {
  const union = unionOf(pipeline, points, varied, parts)
  const again = union.builds.flatMap(({ graph }, point) =>
    named(graph, (parts[point] ?? ALL).again).map(union.graph.like)
  )
  const state = begin(union.graph, union.origin, cores, new Set(again.map(({ name }) => name)))
  return { state, union, needs: needsOf(union), settled: new Map() }
}

/** The values of a point's documents; what turns out to be lost of them is computed again. */
const documentsOf = ({ state, union, needs }: Sweep, point: number) =>
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
const failureOf = ({ state, needs }: Sweep, point: number): Explained | null => {
  for (const { name } of needs[point] ?? []) {
    const outcome = state.outcomes.get(name)
    if (outcome?._tag === "Failed") return outcome.error
  }
  return null
}

/** Computes what a point needs; whether anything ran. */
const obtainAll = ({ state, needs }: Sweep, point: number) =>
  Effect.map(Scheduler.obtainAll(state, needs[point] ?? []), (outcomes) =>
    outcomes.some((outcome) => outcome._tag === "Done" && outcome.status === "ran")
  )

const settle = (sweep: Sweep, point: number, isKept: boolean) =>
  Effect.gen(function* () {
    const ran = isKept ? false : yield* obtainAll(sweep, point)
    const found = failureOf(sweep, point) === null ? yield* Effect.either(documentsOf(sweep, point)) : Either.right({})
    // asked again: what was lost of the documents may have failed when it was computed anew
    const error = failureOf(sweep, point) ?? (Either.isLeft(found) ? explain(found.left) : null)
    const documents = error === null ? Either.getOrElse(found, () => ({})) : {}
    sweep.settled.set(point, error)
    yield* publish(RunEvent.PointSettled({ point, ran, documents, error }))
  })

/** Finds what comes from outside. A point goes without another's sources; what all points need is the sweep's own failure. */
const resolveSources = ({ state, needs }: Sweep) =>
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
const stepsOf = ({ needs }: Sweep, point: number): number =>
  (needs[point] ?? []).reduce((sum, { node: { definition, params } }) => {
    const steps = definition.iterates === null ? 0 : params[definition.iterates.steps]
    return sum + (typeof steps === "number" ? steps : 0)
  }, 0)

/** Whether all that a point needs has an outcome. */
const isSettled = ({ state, needs }: Sweep, point: number): boolean =>
  (needs[point] ?? []).every(({ name }) => state.outcomes.has(name))

/** Settles points, and those anew of which something was forgotten meanwhile: what was told of them is no longer so. */
const settleAll = (
  sweep: Sweep,
  points: ReadonlyArray<number>,
  jobs: number
): Effect.Effect<void, never, NodeWork.Needs> =>
  Effect.gen(function* () {
    yield* Effect.forEach(points, (point) => settle(sweep, point, false), { concurrency: jobs, discard: true })
    const forgotten = [...sweep.needs.keys()].filter((point) => !isSettled(sweep, point))
    if (forgotten.length > 0) yield* settleAll(sweep, forgotten, jobs)
  })

const work = (sweep: Sweep, { jobs }: Options) =>
  Effect.gen(function* () {
    const { needs } = sweep
    yield* resolveSources(sweep)
    yield* Effect.gen(function* () {
      yield* Scheduler.recallAll(sweep.state)
      const [others, kept] = Arr.partition(needs.keys(), (point) => isSettled(sweep, point))
      // fewer steps first: more of them go on from there
      others.sort((one, other) => stepsOf(sweep, one) - stepsOf(sweep, other))
      yield* Effect.forEach(kept, (point) => settle(sweep, point, true), { concurrency: TOLD_AT_ONCE, discard: true })
      yield* settleAll(sweep, others, jobs)
    }).pipe(Effect.provideServiceEffect(Notice.Notices, Notice.warning(sweep.state.notices)))
  }).pipe(
    NodeKey.rememberFacts,
    Effect.provideServiceEffect(RunRecords, readOnce),
    Effect.provideServiceEffect(TraceStore, listOnce)
  )

const sharedOf = ({ needs }: Sweep): ReadonlySet<string> => {
  const seen = new Set<string>()
  const shared = new Set<string>()
  for (const { name } of needs.flat()) (seen.has(name) ? shared : seen).add(name)
  return shared
}

const recordPoint = (
  { state, union, needs, settled }: Sweep,
  { params }: Union.Build,
  varied: ReadonlyArray<string>,
  point: number
): PointRecord => {
  const error = settled.get(point)
  return {
    params: Object.fromEntries(varied.map((name) => [name, params[name]])),
    status: error === undefined ? "interrupted" : error === null ? "done" : "failed",
    nodes: (needs[point] ?? []).map(({ name }) => name),
    results: resultsOf(state, union.results[point] ?? {}),
    error: error ?? null
  }
}

/**
 * Carries out a pipeline at several points, as one graph: what points share is computed once. A point that fails takes no
 * other with it. Leaves one record, also when it is interrupted; running again computes what is not there yet.
 */
export const run = <P extends Pipeline.AnyPipeline>(
  pipeline: P,
  points: ReadonlyArray<Values>,
  options: Options
): Effect.Effect<RunRecord, never, NodeWork.Needs | Pipeline.PlanningNeedsOf<P>> =>
  Effect.gen(function* () {
    const begun = yield* Run.beginning
    const { varied, asked, parts = [] } = options
    const until = new Set(parts.flatMap((part) => [...(part.until ?? [])]))
    const sweep = open(pipeline, points, options)
    const { builds } = sweep.union
    const shared = sharedOf(sweep)
    yield* publish(RunEvent.SweepStarted({ run: begun.run, pipeline: pipeline.name, points: points.length, shared }))
    const opening = {
      params: Object.fromEntries(Object.entries(builds[0]?.params ?? {}).filter(([name]) => !varied.includes(name))),
      ...(until.size === 0 ? {} : { until: [...until] }),
      sweep: { varied, ...(asked === undefined ? {} : { asked }), points: [] }
    }
    return yield* Run.recorded(sweep.state, begun, work(sweep, options), opening, () => {
      const records = builds.map((build, point) => recordPoint(sweep, build, varied, point))
      return {
        ...opening,
        isDone: records.every(({ status }) => status === "done"),
        nodes: sweep.state.graph.stages.map((entry) => recordNode(sweep.state, entry)),
        results: {},
        sweep: { ...opening.sweep, points: records }
      }
    })
  })
