import { Effect, Schema } from "effect"
import { TaggedError } from "../artifacts/Explained.ts"
import * as Goal from "./Goal.ts"
import type * as Graph from "./Graph.ts"
import * as Halving from "./Halving.ts"
import { partOf } from "./Node.ts"
import { recordNode } from "./NodeRecording.ts"
import type * as NodeWork from "./NodeWork.ts"
import * as Pipeline from "./Pipeline.ts"
import * as Points from "./Points.ts"
import * as Run from "./Run.ts"
import { publish, RunEvent, RunEvents } from "./RunEvent.ts"
import type { NodeRecord, PointRecord, RunRecord, TuneRecord } from "./RunRecord.ts"

/** No trial came to a number, so that none is the best. */
export class NoTrialSucceeded extends TaggedError<NoTrialSucceeded>()(
  "NoTrialSucceeded",
  { trials: Schema.Int, metric: Schema.String },
  ({ trials, metric }) => ({
    what: `None of ${trials} trials came to a ${metric}`,
    expected: "one at least that does",
    fix: "See why they failed, and look elsewhere: lower learning rates, smaller networks."
  })
) {}

export interface Options extends Pick<Points.Options, "cores" | "jobs"> {
  /** The parameters in which trials differ, but for that of the steps. */
  readonly varied: ReadonlyArray<string>
  /** The pipeline's parameter that counts the steps of a trial; null where nothing of it iterates. */
  readonly steps: string | null
  readonly goal: Goal.Goal
  readonly metric: Goal.Metric
  /** As it was asked for, which is kept with the record. */
  readonly asked: TuneRecord["asked"]
  /**
   * Trials are added while all that they take stays within so many seconds of this machine; a node counts by the share of it that it
   * takes, and what it took when it was computed, so that the same is found again. Null where all trials are carried out.
   */
  readonly seconds: number | null
}

/** What a trial came to after so many steps. */
export interface Seen extends Halving.Scored {
  readonly steps: number | null
}

/** Where the trials of a tune come from. */
export interface Trials {
  /** So many at most. */
  readonly most: number
  /** The trials after those before, so many at most, by what these came to: the same whenever that is the same. */
  readonly draw: (
    before: ReadonlyArray<Points.Values>,
    seen: ReadonlyArray<Seen>,
    count: number
  ) => ReadonlyArray<Points.Values>
}

/** A trial at a rung. */
interface Evaluated extends Seen {
  /** Its place among the record's points. */
  readonly point: number
  /** Of this machine, that its own nodes took when they were computed. */
  readonly seconds: number
}

/** Trials that were carried out to one rung, side by side. */
interface Batch {
  readonly all: Points.Points
  readonly trials: ReadonlyArray<number>
  readonly steps: number | null
}

interface Tuning {
  readonly pipeline: Pipeline.AnyPipeline
  readonly source: Trials
  /** Those that were drawn so far. */
  readonly trials: Array<Points.Values>
  readonly options: Options
  readonly rungs: Halving.Rungs
  readonly batches: Array<Batch>
  /** By trial and steps. */
  readonly evaluated: Map<string, Evaluated>
  /** The best trial as a whole, once it is known. */
  chosen: { readonly best: Evaluated; readonly all: Points.Points } | null
}

const valuesOf = ({ trials, options }: Tuning, trial: number, steps: number | null): Points.Values => ({
  ...trials[trial],
  ...(options.steps === null ? {} : { [options.steps]: steps })
})

const variedOf = ({ varied, steps }: Options): ReadonlyArray<string> => (steps === null ? varied : [...varied, steps])

const keyOf = (trial: number, steps: number | null): string => `${trial} ${steps}`

/** What a point's own nodes took of the machine when they were computed: those that are not the same for all trials. */
const secondsOf = ({ state, union, needs }: Points.Points, point: number): number =>
  (needs[point] ?? []).reduce((sum, entry) => {
    const { definition, params } = entry.node
    const outcome = state.outcomes.get(entry.name)
    if (union.variedBy(entry).length === 0 || outcome?._tag !== "Done") return sum
    return sum + outcome.trace.seconds * partOf(definition.share(params), state.cores)
  }, 0)

/** Tells of points by their places in the record. */
const placed =
  (place: (point: number) => number) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | RunEvents> =>
    Effect.flatMap(RunEvents, (events) =>
      Effect.provideService(work, RunEvents, {
        publish: (event) =>
          events.publish(event._tag === "PointSettled" ? { ...event, point: place(event.point) } : event)
      })
    )

const open = (tuning: Tuning, points: ReadonlyArray<Points.Values>, part: Points.Part) =>
  Points.open(tuning.pipeline, points, {
    ...tuning.options,
    varied: variedOf(tuning.options),
    parts: points.map(() => part)
  })

/** What trials came to at a rung, in the order in which they were carried out to it. */
const seenAt = ({ evaluated, rungs }: Tuning, rung: number): ReadonlyArray<Evaluated> =>
  [...evaluated.values()].filter(({ steps }) => steps === rungs[rung])

/** Carries out trials to a rung that have not been there. */
const evaluate = (tuning: Tuning, rung: number, trials: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const { options, batches, evaluated } = tuning
    const steps = tuning.rungs[rung] ?? null
    const first = batches.reduce((sum, batch) => sum + batch.trials.length, 0)
    const of = seenAt(tuning, rung).length + trials.length
    const values = trials.map((trial) => valuesOf(tuning, trial, steps))
    const all = open(tuning, values, { again: new Set(), until: new Set([options.metric.node]), isTold: true })
    batches.push({ all, trials, steps })
    const points = trials.map((trial, at) => ({ trial, point: first + at, values: values[at] ?? {} }))
    yield* publish(RunEvent.RungStarted({ rung, steps, of, points, shared: Points.sharedOf(all) }))
    yield* placed((point) => first + point)(Points.work(all, options.jobs))
    for (const [at, trial] of trials.entries()) {
      const { documents = {} } = all.settled.get(at) ?? {}
      const score = Goal.scoreOf(options.metric, documents)
      evaluated.set(keyOf(trial, steps), { trial, steps, point: first + at, score, seconds: secondsOf(all, at) })
    }
  })

/** Carries out all trials to the rungs: of those on one, the best go on to the next, as many as it has room for now. */
const climb = (tuning: Tuning) =>
  Effect.gen(function* () {
    const { rungs, trials, options } = tuning
    for (const [rung, room] of Halving.countsOf(trials.length, rungs).entries()) {
      const there = new Set(seenAt(tuning, rung).map(({ trial }) => trial))
      const ready =
        rung === 0
          ? [...trials.keys()]
          : Halving.best(seenAt(tuning, rung - 1), trials.length, options.goal.direction).map(({ trial }) => trial)
      const next = ready.filter((trial) => !there.has(trial)).slice(0, room - there.size)
      if (next.length > 0) yield* evaluate(tuning, rung, next)
    }
  })

/** What trials took so far. One that failed leaves no word of it, and counts as those that got as far. */
const secondsUsed = ({ evaluated, rungs }: Tuning): number =>
  rungs.reduce((sum: number, rung) => {
    const there = [...evaluated.values()].filter(({ steps }) => steps === rung)
    const scored = there.filter(({ score }) => score !== null)
    const seconds = scored.reduce((all, one) => all + one.seconds, 0)
    return sum + (scored.length === 0 ? 0 : (seconds / scored.length) * there.length)
  }, 0)

/**
 * Adds trials while they fit into the budget, going by what those before took; the first are carried out in any case. Where nothing is
 * decided on the way, all are there at once.
 */
const search = (tuning: Tuning) =>
  Effect.gen(function* () {
    const { trials, source, options, evaluated } = tuning
    const isDecided = options.asked.strategy === "halving" || options.seconds !== null
    for (;;) {
      const count = isDecided ? Math.min(Halving.grown(trials.length), source.most) : source.most
      const isTooMuch =
        options.seconds !== null && secondsUsed(tuning) * (count / Math.max(1, trials.length)) > options.seconds
      if (isTooMuch) return
      // what they took is no reason to try others: it is another machine's tomorrow
      const seen = [...evaluated.values()].map(({ trial, steps, score }) => ({ trial, steps, score }))
      const next = source.draw(trials, seen, count - trials.length)
      trials.push(...next)
      yield* climb(tuning)
      // what fails takes no time that is told, so that a budget in time would never end
      const isHopeless = options.seconds !== null && [...evaluated.values()].every(({ score }) => score === null)
      if (next.length === 0 || trials.length >= source.most || isHopeless) return
    }
  })

/** Carries out all of the pipeline for the best trial, and for no other: the test images are looked at once. */
const choose = (tuning: Tuning) =>
  Effect.gen(function* () {
    const { goal, jobs } = tuning.options
    // of equals, the one that was looked at for longest, and then the earliest
    const scored = [...tuning.evaluated.values()].toSorted(
      (one, other) => (other.steps ?? 0) - (one.steps ?? 0) || one.trial - other.trial
    )
    const [best] = Halving.best(scored, 1, goal.direction)
    if (best === undefined)
      return yield* new NoTrialSucceeded({
        trials: new Set([...tuning.evaluated.values()].map(({ trial }) => trial)).size,
        metric: tuning.options.metric.field
      })
    const all = open(tuning, [valuesOf(tuning, best.trial, best.steps)], { again: new Set(), until: null })
    tuning.chosen = { best, all }
    yield* publish(RunEvent.TrialChosen({ trial: best.trial, point: best.point }))
    yield* placed(() => best.point)(Points.work(all, jobs))
  })

/** The nodes of all batches, those of one name once: what ran somewhere was found by the others. */
const nodesOf = (points: ReadonlyArray<Points.Points>): ReadonlyArray<NodeRecord> => {
  const known = new Map<string, NodeRecord>()
  for (const { state } of points)
    for (const entry of state.graph.stages) {
      const record = recordNode(state, entry)
      const before = known.get(record.node)
      if (before === undefined || before.status === "skipped" || record.status === "failed")
        known.set(record.node, record)
    }
  return [...known.values()]
}

/** What became of each trial at each rung; of the best one all of its results. */
const pointsOf = ({ batches, chosen, options }: Tuning): ReadonlyArray<PointRecord> => {
  const varied = variedOf(options)
  const told = batches.flatMap(({ all }) => Points.records(all, varied))
  const [whole] = chosen === null ? [] : Points.records(chosen.all, varied)
  return told.map((point, at) => (whole !== undefined && at === chosen?.best.point ? whole : point))
}

const recordOf = ({ batches, evaluated, chosen, options, rungs }: Tuning): TuneRecord => ({
  goal: options.goal,
  steps: options.steps,
  rungs,
  asked: options.asked,
  trials: batches.flatMap(({ trials, steps }) =>
    trials.map((trial) => {
      const { score = null, seconds = null } = evaluated.get(keyOf(trial, steps)) ?? {}
      return { trial, steps, score, seconds }
    })
  ),
  best: chosen?.best.point ?? null
})

/** The rungs at which trials are compared: their steps, or null where nothing iterates. */
export const rungsOf = (strategy: TuneRecord["asked"]["strategy"], steps: number | null): Halving.Rungs =>
  steps !== null && strategy === "halving" ? Halving.rungsOf(steps) : [steps]

/**
 * Looks for the parameters that do best by a number of the results: carries out trials as far as that number needs it, those that do best
 * further, and the best of all with everything. A rung of a trial is the trial with fewer steps, so that it goes on from there, and what
 * was found once is found again. Leaves one record, also when it is interrupted.
 */
export const run = <P extends Pipeline.AnyPipeline>(
  pipeline: P,
  source: Trials,
  options: Options
): Effect.Effect<RunRecord, never, NodeWork.Needs | Pipeline.PlanningNeedsOf<P>> =>
  Effect.gen(function* () {
    const begun = yield* Run.beginning
    const [first = {}] = source.draw([], [], 1)
    const most = options.steps === null ? null : (first[options.steps] as number)
    const rungs = rungsOf(options.asked.strategy, most)
    const [trials, evaluated] = [[], new Map()]
    const tuning: Tuning = { pipeline, source, trials, options, rungs, batches: [], evaluated, chosen: null }
    const carriedOut = () =>
      [...tuning.batches, ...(tuning.chosen === null ? [] : [tuning.chosen])].map(({ all }) => all)
    const recorded = {
      pipeline: pipeline.name,
      get stages(): ReadonlyArray<Graph.StageEntry> {
        // of the first trial before there is any: what is secret to its stages is so from the beginning
        return [...Pipeline.graph(pipeline, first).stages, ...carriedOut().flatMap(({ state }) => state.graph.stages)]
      }
    }
    const varied = variedOf(options)
    const opening = {
      params: Points.withoutVaried(Pipeline.encodeParams(pipeline, first), varied),
      sweep: { varied, points: [] },
      tune: recordOf(tuning)
    }
    yield* publish(RunEvent.TuneStarted({ run: begun.run, pipeline: pipeline.name, rungs }))
    return yield* Run.recorded(recorded, begun, Effect.zipRight(search(tuning), choose(tuning)), opening, () => {
      const points = pointsOf(tuning)
      const notices = carriedOut().flatMap(({ state }) => state.notices)
      return {
        ...opening,
        isDone: tuning.chosen !== null && points[tuning.chosen.best.point]?.status === "done",
        nodes: nodesOf(carriedOut()),
        notices: [...new Map(notices.map((notice) => [JSON.stringify(notice), notice])).values()],
        results: {},
        sweep: { varied, points },
        tune: recordOf(tuning)
      }
    })
  })
