import { randomBytes } from "node:crypto"
import { Cause, Clock, DateTime, Effect, Exit } from "effect"
import { type Explained, explain } from "../artifacts/Explained.ts"
import * as Masked from "../artifacts/Masked.ts"
import { ObjectStore, type StoreFailed } from "../cache/ObjectStore.ts"
import { Release } from "../cache/Release.ts"
import { listOnce, TraceStore } from "../cache/Trace.ts"
import * as Audit from "./Audit.ts"
import * as Environment from "./Environment.ts"
import { asInputLost, type InputLost } from "./Failure.ts"
import * as Given from "./Given.ts"
import type * as Graph from "./Graph.ts"
import * as NodeKey from "./NodeKey.ts"
import { recordNode, recordUnasked, resultsOf } from "./NodeRecording.ts"
import * as NodeWork from "./NodeWork.ts"
import * as Notice from "./Notice.ts"
import { type AnyPipeline, encodeParams, graph as graphOf, type PlanningNeedsOf } from "./Pipeline.ts"
import * as Results from "./Results.ts"
import * as Revision from "./Revision.ts"
import { publish, RunEvent, type RunEvents } from "./RunEvent.ts"
import { stampOf } from "./RunName.ts"
import { type RunRecord, RunRecords, readOnce } from "./RunRecord.ts"
import { begin, type RunState, take } from "./RunState.ts"
import * as Scheduler from "./Scheduler.ts"
import * as Sources from "./Sources.ts"
import * as Until from "./Until.ts"

export type Needs = NodeWork.Needs | Results.ResultsWriter
const isDone = (state: RunState): boolean => [...state.outcomes.values()].every(({ _tag }) => _tag === "Done")

/** Reads every result, also where the files that people have are up to date: what a plan calls corrupt is computed again. */
const readAll = (results: ReadonlyArray<Results.Result>) =>
  Effect.flatMap(ObjectStore, (store) =>
    Effect.forEach(
      results.flatMap(({ stored }) => stored.parts),
      ({ object }) => store.check(object),
      { discard: true }
    )
  )

/** The first object of the nodes that are asked for which is not there: whoever asks for a node is to have what it makes. */
export const firstUnkept = ({ outcomes }: Pick<RunState, "outcomes">, nodes: Iterable<string>) =>
  NodeWork.firstMissing(
    [...nodes].flatMap((node) => {
      const outcome = outcomes.get(node)
      return outcome?._tag === "Done" ? Object.values(outcome.trace.outputs) : []
    })
  )

/** The results that people open. */
const forPeople = ({ graph, outcomes }: RunState) =>
  Effect.map(Results.materialized(graph), (wanted) => {
    const results = resultsOf({ outcomes }, graph.results)
    return wanted.flatMap(({ name }) => {
      const result = results[name]
      return result === undefined ? [] : [{ name, ...result }]
    })
  })

/**
 * Hands over the results of a run whose nodes are done. Nothing is handed over that is not complete, and nothing at all by a
 * run that is over before the pipeline is: people keep those of the last whole one.
 */
const handOver = (state: RunState, until: Until.Until) =>
  Effect.gen(function* () {
    if (!isDone(state)) return
    const writer = yield* Results.ResultsWriter
    const unkept = yield* firstUnkept(state, until ?? [])
    if (unkept !== null) return yield* unkept
    const results = yield* forPeople(state)
    yield* readAll(results)
    if (until === null) yield* writer.write(state.graph.pipeline, results)
  }).pipe(Effect.mapError(asInputLost))

/** All nodes, and results to people; bytes that turn out to be lost are computed again first. */
const deliver = (state: RunState, until: Until.Until): Effect.Effect<void, StoreFailed | InputLost, Needs> => {
  const nodes = [...state.stages.values()]
  return Effect.zipRight(Scheduler.obtainAll(state, nodes), Scheduler.repairing(state, nodes, handOver(state, until)))
}

export interface Options {
  /** Nodes that take one core run side by side up to this many; all that can where machines elsewhere compute them, which count their own. */
  readonly cores: number | null
  /** What of the results that it reuses is computed again once they are delivered; null where nothing is. */
  readonly auditing?: Audit.Auditing | null
  /** What a use of a pipeline goes on from; null for a pipeline that makes all that it needs. */
  readonly given?: Given.Given | null
}

/** Names of nodes that are computed though their results are kept; what is below them runs where its inputs change. */
export type Again = ReadonlySet<string>

/** All of the work of a run: sources, nodes, results. */
const work = (state: RunState, until: Until.Until, auditing: Audit.Auditing | null) =>
  Effect.gen(function* () {
    take(state, yield* Sources.resolveAll(state.graph))
    yield* Effect.provideServiceEffect(deliver(state, until), Notice.Notices, Notice.warning(state.notices))
    if (auditing !== null) yield* Audit.audit(state, auditing)
  }).pipe(
    NodeKey.rememberFacts,
    Effect.provideServiceEffect(RunRecords, readOnce),
    Effect.provideServiceEffect(TraceStore, listOnce)
  )

/** When a run began, and of which files. */
interface Beginning {
  /** Sorts by time. */
  readonly run: string
  readonly started: string
  readonly git: Effect.Effect<RunRecord["git"]>
  /** Since then. */
  readonly seconds: Effect.Effect<number>
}

export const beginning = Effect.gen(function* () {
  const now = yield* DateTime.now
  const began = DateTime.toEpochMillis(now)
  const begun: Beginning = {
    run: `${stampOf(began)}${randomBytes(2).toString("hex")}`,
    started: DateTime.formatIso(now),
    git: yield* Revision.asking,
    seconds: Effect.map(Clock.currentTimeMillis, (millis) => (millis - began) / 1000)
  }
  return begun
})

/** What a record tells that is not the same of a run and of a sweep. */
interface Told
  extends Pick<RunRecord, "params" | "nodes" | "notices" | "results" | "until" | "of" | "sweep" | "tune" | "audit"> {
  readonly isDone: boolean
}

/** What is recorded: a pipeline, and the stages of it that are carried out, which may get more meanwhile. */
type Recorded = Pick<Graph.Graph, "pipeline" | "stages">

/** The same without what is secret to stages. */
const withoutSecrets = <A>(told: A, { stages }: Pick<Recorded, "stages">): Effect.Effect<A> =>
  Effect.map(Environment.Environment, (environment) => {
    const secrets = stages.flatMap(({ node }) => node.definition.secrets)
    return Masked.within(Environment.maskedAnywhere(secrets, environment), told)
  })

/** Publishes a record, without what is secret. A run that did its work is not undone by one that cannot be written. */
const keep = (known: RunRecord, of: Recorded) =>
  Effect.gen(function* () {
    const record = yield* withoutSecrets(known, of)
    yield* Effect.flatMap(RunRecords, (records) => records.put(record)).pipe(
      Effect.catchAll(({ message }) =>
        publish(RunEvent.Warned({ node: null, message: `The run's record is lost: ${message}` }))
      )
    )
    yield* publish(RunEvent.RunFinished({ record }))
    return record
  })

/** What of a record is known when its run begins. */
type Opening = Pick<RunRecord, "params" | "until" | "of" | "sweep" | "tune">

/** Does the work and leaves a record of it, whatever becomes of it: it fails, it is interrupted, it breaks. Where the process is killed, its note becomes one. */
export const recorded = <E, R>(
  of: Recorded,
  { run, started, seconds, git }: Beginning,
  work: Effect.Effect<void, E, R>,
  opening: Opening,
  tell: () => Told
): Effect.Effect<RunRecord, never, R | RunRecords | RunEvents> => {
  const { pipeline } = of
  const record = (ended: RunRecord["status"], error: Explained | null) =>
    Effect.gen(function* () {
      const { isDone, ...told } = tell()
      const known: RunRecord = {
        schema: 1,
        run,
        pipeline,
        status: ended === "done" && !isDone ? "failed" : ended,
        started,
        seconds: yield* seconds,
        git: yield* git,
        ...told,
        error,
        by: (yield* Release).version
      }
      return yield* keep(known, of)
    })
  const note = Effect.gen(function* () {
    const { version: by } = yield* Release
    const { begin } = yield* RunRecords
    yield* begin(yield* withoutSecrets({ run, pipeline, started, by, ...opening }, of))
  })
  const done = Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.exit(Effect.either(restore(work))), (exit) => {
      if (Exit.isFailure(exit)) {
        const finished = Cause.isInterrupted(exit.cause)
          ? record("interrupted", null)
          : record("failed", explain(Cause.squash(exit.cause)))
        return Effect.zipRight(finished, Effect.failCause(exit.cause))
      }
      return exit.value._tag === "Left" ? record("failed", explain(exit.value.left)) : record("done", null)
    })
  )
  return Effect.scoped(Effect.zipRight(note, done))
}

/**
 * Carries out a pipeline, or as much of it as some of its nodes need: computes what is not kept, reuses the rest, and leaves
 * a record, also when it fails or is interrupted. A node that fails takes only its descendants with it.
 */
export const run = <P extends AnyPipeline>(
  pipeline: P,
  values: Readonly<Record<string, unknown>>,
  { cores, auditing = null, given = null }: Options,
  again: Again = new Set(),
  until: Until.Until = null
): Effect.Effect<RunRecord, never, Needs | PlanningNeedsOf<P>> =>
  Effect.gen(function* () {
    const begun = yield* beginning
    const params = encodeParams(pipeline, values)
    const all = graphOf(pipeline, values)
    const whole = given === null ? all : Given.without(all, given)
    const graph = Until.part(whole, until)
    const state = begin(graph, (entry) => ({ graph, entry, params }), cores, again, given)
    const nodes = graph.stages.map(({ name }) => name)
    yield* publish(RunEvent.RunStarted({ run: begun.run, pipeline: pipeline.name, nodes }))
    const opening = {
      params,
      ...(until === null ? {} : { until: [...until] }),
      ...(given === null ? {} : { of: given.run })
    }
    return yield* recorded(graph, begun, work(state, until, auditing), opening, () => ({
      ...opening,
      isDone: isDone(state),
      notices: state.notices,
      nodes: whole.stages.map((entry) =>
        graph.stages.includes(entry) ? recordNode(state, entry) : recordUnasked(entry)
      ),
      results: resultsOf(state, graph.results),
      ...(auditing === null ? {} : { audit: state.audited })
    }))
  })
