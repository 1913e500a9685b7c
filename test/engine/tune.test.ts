import { beforeEach, expect, it } from "@effect/vitest"
import { Effect, Exit, Layer } from "effect"
import { type Trace, TraceStore } from "../../cache/Trace.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Goal from "../../engine/Goal.ts"
import * as Halving from "../../engine/Halving.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import * as Tune from "../../engine/Tune.ts"
import { wrap } from "../rig/broken.ts"
import { accuracyOf, computed, learning, resetSchool, school, schoolCode } from "../rig/learning.ts"
import * as Toys from "../rig/toys.ts"

// A tune finds the best of many trials, and computes for it no step twice.

type Given = Readonly<Record<string, unknown>>

beforeEach(() => {
  Toys.lists.clear()
  Toys.lists.set("a", [1, 2, 3])
  Toys.resetCounts()
  resetSchool()
})

/** Rates from bad to good to bad, none of them twice. */
const rates = (count: number): ReadonlyArray<Given> =>
  Array.from({ length: count }, (_, at) => ({ rate: 10 ** (-4 + ((at * 7) % count) * (3.5 / count)) }))

/** What has been learned in so many epochs took a second for each that it was asked for. */
const timed = (trace: Trace): Trace => {
  const { epochs } = trace.text.params
  return trace.text.stage === "learn" && typeof epochs === "number" ? { ...trace, seconds: epochs } : trace
}

const memory = () => {
  const kept = Toys.memory()
  const store = Layer.mergeAll(
    kept.layer,
    schoolCode,
    wrap(TraceStore, kept.layer, (sound) => ({ ...sound, put: (trace) => sound.put(timed(trace)) }))
  )
  const inProcess = Layer.provideMerge(Executor.layerInProcess(learning), store)
  const layer = Layer.merge(
    inProcess,
    wrap(Executor.Executor, inProcess, (sound) => ({
      ...sound,
      execute: (task) => Effect.map(sound.execute(task), timed)
    }))
  )
  const tune = (trials: ReadonlyArray<Given>, more: Partial<Tune.Options> = {}, source: Partial<Tune.Trials> = {}) =>
    Effect.gen(function* () {
      const values = yield* Effect.forEach(trials, (given) => Effect.orDie(Pipeline.decodeParams(learning, given)))
      const metric = Goal.find(Goal.metricsOf(Pipeline.graph(learning, values[0] ?? {})), "validationAccuracy")
      if (metric === null) throw new Error("there is no such metric")
      const draw: Tune.Trials["draw"] = (before, _, count) => values.slice(before.length, before.length + count)
      return yield* Tune.run(
        learning,
        { most: values.length, draw, ...source },
        {
          cores: 2,
          jobs: 2,
          varied: [...new Set(trials.flatMap((given) => Object.keys(given)))],
          steps: "epochs",
          goal: { direction: "max", metric: "validationAccuracy" },
          metric,
          seconds: null,
          asked: { over: [], strategy: "halving", trials: trials.length, budget: null, draw: 0 },
          ...more
        }
      )
    }).pipe(Effect.provide(layer))
  return { ...kept, tune }
}

/** What a tune says of its trials, without what it took. */
const told = ({ tune, sweep }: RunRecord) => ({
  best: tune?.best ?? null,
  trials: tune?.trials.map(({ trial, steps, score }) => ({ trial, steps, score })),
  params: sweep?.points.map(({ params }) => params)
})

const bestOf = ({ tune, sweep }: RunRecord) => sweep?.points[tune?.best ?? -1]

it.effect("of 27 trials the best goes to the end, for the steps of six, and it alone is judged", () =>
  Effect.gen(function* () {
    const { tune, events } = memory()
    const record = yield* tune(rates(27))
    expect(record.status).toBe("done")
    expect(computed()).toBe(Halving.costOf(27, [1, 3, 9, 27]))
    expect(record.tune?.rungs).toEqual([1, 3, 9, 27])
    const expected = rates(27)
      .map(({ rate }) => Number(rate))
      .toSorted((one, other) => accuracyOf(other, 8, 27) - accuracyOf(one, 8, 27))[0]
    expect(bestOf(record)?.params).toEqual({ rate: expected, epochs: 27 })
    expect(Object.keys(bestOf(record)?.results ?? {})).toEqual(["learned", "judged"])
    expect(school.judged).toBe(1)
    // what all trials share is computed once
    expect(Object.fromEntries(Toys.counts.runs)).toEqual({ read: 1, double: 1, sum: 1 })
    expect(record.tune?.trials).toHaveLength(49)
    const started = events.flatMap((event) => (event._tag === "RungStarted" ? [event] : []))
    const carriedOut = [0, 1, 2, 3].map(
      (at) => started.flatMap(({ rung, points }) => (rung === at ? points : [])).length
    )
    expect(carriedOut).toEqual([27, 13, 6, 3])
    // the best is told of once more, as it is with all of its results
    expect(events.filter(({ _tag }) => _tag === "PointSettled")).toHaveLength(50)
  })
)

it.effect("it comes out the same however many are carried out side by side", () =>
  Effect.gen(function* () {
    const one = yield* memory().tune(rates(27), { jobs: 1, cores: 1 })
    const many = yield* memory().tune(rates(27), { jobs: 16, cores: 8 })
    expect(told(many)).toEqual(told(one))
  })
)

it.effect(
  "trials are drawn by what those before came to, a third more each time, in an order that is nobody's doing",
  () =>
    Effect.gen(function* () {
      const values = yield* Effect.forEach(rates(27), (given) => Effect.orDie(Pipeline.decodeParams(learning, given)))
      const asked = (jobs: number) =>
        Effect.gen(function* () {
          resetSchool()
          const calls: Array<{
            readonly before: number
            readonly seen: ReadonlyArray<Tune.Seen>
            readonly count: number
          }> = []
          const draw: Tune.Trials["draw"] = (before, seen, count) => {
            if (count > 1) calls.push({ before: before.length, seen, count })
            return values.slice(before.length, before.length + count)
          }
          yield* memory().tune(rates(27), { jobs, cores: jobs }, { draw })
          return calls
        })
      const calls = yield* asked(1)
      expect(calls.map(({ before, count }) => [before, count])).toEqual([
        [0, 9],
        [9, 3],
        [12, 4],
        [16, 5],
        [21, 6]
      ])
      expect(calls.map(({ seen }) => seen.length)).toEqual([0, 16, 22, 30, 38])
      for (const { trial, steps, score } of calls.flatMap(({ seen }) => seen))
        expect(score).toBe(accuracyOf(Number(values[trial]?.rate), 8, Number(steps)))
      expect(yield* asked(16)).toEqual(calls)
    })
)

it.effect("killed at any step and carried out again it comes out the same, and computes no step twice", () =>
  Effect.gen(function* () {
    const whole = told(yield* memory().tune(rates(9)))
    const cost = computed()
    for (const at of [0, 10, cost - 1]) {
      resetSchool()
      const { tune, records } = memory()
      school.killAfter = at
      expect(Exit.isInterrupted(yield* Effect.exit(tune(rates(9), { jobs: 1 })))).toBe(true)
      expect(records[0]?.status).toBe("interrupted")
      school.killAfter = Number.POSITIVE_INFINITY
      expect(told(yield* tune(rates(9)))).toEqual(whole)
      // a step that was computed and not yet kept is one that a kill costs
      expect(computed() - cost).toBeLessThanOrEqual(2)
    }
  })
)

it.effect("more trials find what fewer came to, and end as if they had been there from the beginning", () =>
  Effect.gen(function* () {
    const scratch = yield* memory().tune(rates(27))
    const cost = computed()
    resetSchool()
    const { tune } = memory()
    yield* tune(rates(27).slice(0, 9))
    const before = computed()
    const record = yield* tune(rates(27))
    expect(told(record)).toEqual(told(scratch))
    // of those that fewer trials sent on and more do not, the steps are the price
    expect(computed()).toBeLessThan(before + cost)
    const twice = [...school.epochs.values()].filter((epochs) => new Set(epochs).size < epochs.length)
    expect(twice).toEqual([])
  })
)

it.effect("carried out again nothing is computed, and nothing judged", () =>
  Effect.gen(function* () {
    const { tune } = memory()
    const first = yield* tune(rates(9))
    const cost = computed()
    const again = yield* tune(rates(9))
    expect(told(again)).toEqual(told(first))
    expect(again.nodes.filter(({ status }) => status === "ran")).toEqual([])
    expect([computed(), school.judged]).toEqual([cost, 1])
  })
)

it.effect("a trial that fails is a result: it goes no further, and keeps nobody from the end", () =>
  Effect.gen(function* () {
    const { tune } = memory()
    const trials = rates(9).map((given, at) => (at % 3 === 0 ? { rate: 1 + at } : given))
    const record = yield* tune(trials)
    expect(record.status).toBe("done")
    const failed = record.sweep?.points.filter(({ status }) => status === "failed") ?? []
    expect(failed.map(({ params }) => params.epochs)).toEqual([1, 1, 1])
    expect(failed[0]?.error?.tag).toBe("LearningDiverged")
    expect(record.tune?.trials.filter(({ score }) => score === null)).toHaveLength(3)
    expect(Number(bestOf(record)?.params.rate)).toBeLessThan(1)
  })
)

it.effect("where the first ones fail, others are tried as long as they were asked for", () =>
  Effect.gen(function* () {
    const failing = Array.from({ length: 12 }, (_, at) => ({ rate: 1 + at }))
    const record = yield* memory().tune([...failing, ...rates(4)])
    expect(record.status).toBe("done")
    expect(new Set(record.tune?.trials.map(({ trial }) => trial)).size).toBe(16)
    expect(Number(bestOf(record)?.params.rate)).toBeLessThan(1)
  })
)

it.effect("where every trial fails, none is the best, and the record says so", () =>
  Effect.gen(function* () {
    const { tune } = memory()
    const record = yield* tune([{ rate: 2 }, { rate: 3 }])
    expect(record.status).toBe("failed")
    expect(record.error?.tag).toBe("NoTrialSucceeded")
    expect(record.tune?.best).toBe(null)
    expect(school.judged).toBe(0)
  })
)

it.effect("a budget in time is not spent on more of what fails, and counts what failed as what did not", () =>
  Effect.gen(function* () {
    const { tune } = memory()
    const failing = Array.from({ length: 99 }, (_, at) => ({ rate: 1 + at }))
    const none = yield* tune(failing, { seconds: 75 })
    expect(none.error?.tag).toBe("NoTrialSucceeded")
    expect(none.tune?.trials).toHaveLength(Halving.grown(0))
    const some = yield* tune(
      rates(99).flatMap((given, at) => [given, ...failing.slice(at, at + 1)]),
      { seconds: 75 }
    )
    expect(some.status).toBe("done")
    expect(new Set(some.tune?.trials.map(({ trial }) => trial)).size).toBeLessThan(99)
  })
)

it.effect("the smallest number is the best where that is asked for", () =>
  Effect.gen(function* () {
    const record = yield* memory().tune(rates(9), { goal: { direction: "min", metric: "validationAccuracy" } })
    const scores = record.tune?.trials.flatMap(({ score }) => score ?? []) ?? []
    expect(record.tune?.trials[record.tune.best ?? -1]?.score).toBe(Math.min(...scores))
  })
)

it.effect("without halving each trial takes all steps", () =>
  Effect.gen(function* () {
    const record = yield* memory().tune(rates(4), {
      asked: { over: [], strategy: "random", trials: 4, budget: null, draw: 0 }
    })
    expect(record.tune?.rungs).toEqual([27])
    expect(computed()).toBe(4 * 27)
  })
)

it.effect("a budget in time adds trials while they fit, the same when it is carried out again", () =>
  Effect.gen(function* () {
    const { tune } = memory()
    const record = yield* tune(rates(99), { seconds: 75, jobs: 1 })
    const cost = computed()
    const trials = new Set(record.tune?.trials.map(({ trial }) => trial)).size
    expect([12, 16, 21, 28, 37, 49, 65, 86]).toContain(trials)
    expect(trials).toBeLessThan(99)
    // a core is half of the machine
    const used = record.tune?.trials.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0) ?? 0
    expect(used).toBe((record.tune?.trials.reduce((sum, { steps }) => sum + (steps ?? 0), 0) ?? 0) / 2)
    expect(used).toBeLessThanOrEqual(75)
    const again = yield* tune(rates(99), { seconds: 75, jobs: 1 })
    expect(told(again)).toEqual(told(record))
    expect(computed()).toBe(cost)
    // and more of it goes on from there
    const more = yield* tune(rates(99), { seconds: 150, jobs: 1 })
    expect(new Set(more.tune?.trials.map(({ trial }) => trial)).size).toBeGreaterThan(trials)
  })
)
