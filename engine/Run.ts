import { randomBytes } from "node:crypto"
import { Cause, Clock, DateTime, Effect, Exit } from "effect"
import { type Explained, explain } from "../artifacts/Explained.ts"
import { ObjectStore, type StoreFailed } from "../cache/ObjectStore.ts"
import { Release } from "../cache/Release.ts"
import { InputLost } from "./Failure.ts"
import * as NodeKey from "./NodeKey.ts"
import { recordNode, recordUnasked, resultsOf } from "./NodeRecording.ts"
import * as NodeWork from "./NodeWork.ts"
import * as Notice from "./Notice.ts"
import { type AnyPipeline, encodeParams, graph as graphOf, type PlanningNeedsOf } from "./Pipeline.ts"
import * as Results from "./Results.ts"
import * as Revision from "./Revision.ts"
import { publish, RunEvent } from "./RunEvent.ts"
import { stampOf } from "./RunName.ts"
import { type RunRecord, RunRecords, readOnce } from "./RunRecord.ts"
import { begin, type RunState } from "./RunState.ts"
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
      ({ object }) => store.get(object),
      { discard: true }
    )
  )

/** The first object of the nodes that are asked for which is not there: whoever asks for a node is to have what it makes. */
const firstUnkept = ({ outcomes }: RunState, until: Until.Until) =>
  NodeWork.firstMissing(
    [...(until ?? [])].flatMap((node) => {
      const outcome = outcomes.get(node)
      return outcome?._tag === "Done" ? Object.values(outcome.trace.outputs) : []
    })
  )

/**
 * All nodes, and results to people; bytes that turn out to be lost are recomputed first. Nothing is handed over that is not
 * complete, and nothing at all by a run that is over before the pipeline is: people keep those of the last whole one.
 */
const deliver = (
  state: RunState,
  until: Until.Until,
  losses: Scheduler.Losses
): Effect.Effect<void, StoreFailed | InputLost, Needs> =>
  Effect.gen(function* () {
    yield* Scheduler.obtainAll(state, [...state.stages.values()])
    if (!isDone(state)) return
    const writer = yield* Results.ResultsWriter
    const results = resultsOf(state, state.graph.results)
    const people = (yield* Results.materialized(state.graph)).flatMap(({ name }) => {
      const result = results[name]
      return result === undefined ? [] : [{ name, ...result }]
    })
    const again = (object: string, what: "missing" | "corrupt") =>
      Effect.gen(function* () {
        if (Scheduler.isHopeless(losses, object)) return yield* new InputLost({ object, what })
        yield* Effect.forEach(state.stages.values(), (entry) =>
          Scheduler.repair(state, entry, state.outcomes.get(entry.name), { object, what })
        )
        yield* deliver(state, until, [...losses, object])
      })
    const unkept = yield* firstUnkept(state, until)
    if (unkept !== null) return yield* again(unkept.object, unkept.what)
    yield* readAll(people).pipe(
      Effect.zipRight(until === null ? writer.write(state.graph.pipeline, people) : Effect.void),
      Effect.catchTags({
        ObjectMissing: ({ object }) => again(object, "missing"),
        ObjectCorrupt: ({ object }) => again(object, "corrupt")
      })
    )
  })

export interface Options {
  /** Nodes that take one core run side by side up to this many. */
  readonly cores: number
}

/** Names of nodes that are computed though their results are kept; what is below them runs where its inputs change. */
export type Again = ReadonlySet<string>

/** All of the work of a run: sources, nodes, results. */
const work = (state: RunState, until: Until.Until) =>
  Effect.gen(function* () {
    Object.assign(state.sources, yield* Sources.resolveAll(state.graph))
    yield* Effect.provideServiceEffect(deliver(state, until, []), Notice.Notices, Notice.warning(state.notices))
  }).pipe(NodeKey.rememberFacts, Effect.provideServiceEffect(RunRecords, readOnce))

/** A run's name, which sorts by time, when it began, and of which files. */
export const beginning = Effect.gen(function* () {
  const now = yield* DateTime.now
  const started = DateTime.formatIso(now)
  const began = DateTime.toEpochMillis(now)
  return {
    run: `${stampOf(began)}${randomBytes(2).toString("hex")}`,
    started,
    git: yield* Revision.asking,
    seconds: Effect.map(Clock.currentTimeMillis, (millis) => (millis - began) / 1000)
  }
})

/** Publishes a record. A run that did its work is not undone by one that cannot be written. */
export const keep = (ended: Omit<RunRecord, "by" | "notices">, { notices }: Pick<RunState, "notices">) =>
  Effect.gen(function* () {
    const record: RunRecord = { ...ended, notices, by: (yield* Release).version }
    yield* Effect.flatMap(RunRecords, (records) => records.put(record)).pipe(
      Effect.catchAll(({ message }) =>
        publish(RunEvent.Warned({ node: null, message: `The run's record is lost: ${message}` }))
      )
    )
    yield* publish(RunEvent.RunFinished({ record }))
    return record
  })

/** Does the work and finishes, whatever becomes of it: it fails, it is interrupted, it breaks. */
export const toItsEnd = <R, A, R2>(
  work: Effect.Effect<void, Sources.SourceFailed | StoreFailed | InputLost | NodeKey.KeyFailure, R>,
  finish: (ended: RunRecord["status"], error: Explained | null) => Effect.Effect<A, never, R2>
): Effect.Effect<A, never, R | R2> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.exit(Effect.either(restore(work))), (exit) => {
      if (Exit.isFailure(exit)) {
        const finished = Cause.isInterrupted(exit.cause)
          ? finish("interrupted", null)
          : finish("failed", explain(Cause.squash(exit.cause)))
        return Effect.zipRight(finished, Effect.failCause(exit.cause))
      }
      return exit.value._tag === "Left" ? finish("failed", explain(exit.value.left)) : finish("done", null)
    })
  )

/**
 * Carries out a pipeline, or as much of it as some of its nodes need: computes what is not kept, reuses the rest, and leaves
 * a record, also when it fails or is interrupted. A node that fails takes only its descendants with it.
 */
export const run = <P extends AnyPipeline>(
  pipeline: P,
  values: Readonly<Record<string, unknown>>,
  { cores }: Options,
  again: Again = new Set(),
  until: Until.Until = null
): Effect.Effect<RunRecord, never, Needs | PlanningNeedsOf<P>> =>
  Effect.gen(function* () {
    const { run, started, git, seconds } = yield* beginning
    const params = encodeParams(pipeline, values)
    const whole = graphOf(pipeline, values)
    const graph = Until.part(whole, until)
    const state = begin(graph, (entry) => ({ graph, entry, params }), cores, again)
    yield* publish(RunEvent.RunStarted({ run, pipeline: pipeline.name, nodes: graph.stages.map(({ name }) => name) }))
    return yield* toItsEnd(work(state, until), (ended, error) =>
      Effect.flatMap(Effect.all({ seconds, git }), ({ seconds, git }) =>
        keep(
          {
            schema: 1,
            run,
            pipeline: pipeline.name,
            status: ended === "done" && !isDone(state) ? "failed" : ended,
            started,
            seconds,
            params,
            git,
            nodes: whole.stages.map((entry) =>
              graph.stages.includes(entry) ? recordNode(state, entry) : recordUnasked(entry)
            ),
            results: resultsOf(state, graph.results),
            ...(until === null ? {} : { until: [...until] }),
            error
          },
          state
        )
      )
    )
  })
