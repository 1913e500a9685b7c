import { Effect } from "effect"
import * as Halving from "../../engine/Halving.ts"
import type { AnyPipeline } from "../../engine/Pipeline.ts"
import type { RunRecord, TuneRecord } from "../../engine/RunRecord.ts"
import { commandOf } from "../command/command-text.ts"
import { valueText } from "../command/option-text.ts"
import { isAccuracy, numberText, wordsOf } from "../terminal/numbers.ts"
import { extent, type History, ticks } from "./Chart.ts"
import { historiesOf } from "./histories.ts"
import { importance } from "./importance.ts"
import { tracesOf } from "./run-traces.ts"
import type { Tick, Tuned, TunedTrial } from "./Tuned.ts"

/** Trials whose curves are read and drawn: more are a blot. */
const MOST_CURVES = 200
/** Values of an axis that are written beside it. */
const MOST_TICKS = 6

type Sweep = NonNullable<RunRecord["sweep"]>
type Entry = TuneRecord["trials"][number] & { readonly at: number; readonly point: Sweep["points"][number] }

interface Axis {
  readonly place: (value: unknown) => number
  readonly ticks: ReadonlyArray<Tick>
}

/** Numbers over orders of magnitude lie by their logarithms, others evenly; what is no number lies in the order of its texts. */
const axisOf = (values: ReadonlyArray<unknown>): Axis => {
  if (values.every((value) => typeof value === "number") && new Set(values).size > 1) {
    const [low, high] = extent(values, 1)
    const distinct = [...new Set(values)].toSorted((one, other) => one - other)
    const isLog = low > 0 && high / low >= 20
    const scale = (value: number) => (isLog ? Math.log10(value) : value)
    const place = (value: unknown) => (scale(Number(value)) - scale(low)) / (scale(high) - scale(low))
    const written =
      distinct.length <= MOST_TICKS
        ? distinct
        : isLog
          ? ticks(Math.ceil(Math.log10(low)), Math.floor(Math.log10(high)), MOST_TICKS)
              .filter(Number.isInteger)
              .map((power) => 10 ** power)
          : ticks(low, high, MOST_TICKS)
    return {
      place,
      ticks: written
        .map((value) => ({ at: place(value), text: String(Number(value.toPrecision(6))) }))
        .filter(({ at }) => at >= -1e-9 && at <= 1 + 1e-9)
    }
  }
  const texts = [...new Set(values.map(valueText))]
  const place = (value: unknown) => (texts.length < 2 ? 0.5 : texts.indexOf(valueText(value)) / (texts.length - 1))
  return { place, ticks: texts.map((text, at) => ({ at: texts.length < 2 ? 0.5 : at / (texts.length - 1), text })) }
}

/** Each trial as far as it got, in their order. */
const furthest = (entries: ReadonlyArray<Entry>): ReadonlyArray<Entry> => [
  ...new Map(
    entries
      .toSorted((one, other) => one.trial - other.trial || (one.steps ?? 0) - (other.steps ?? 0))
      .map((entry) => [entry.trial, entry])
  ).values()
]

/** A column of a history that has the name of what trials are compared by, by its epochs. */
const curveOf = (history: Omit<History, "entry"> | undefined, metric: string): TunedTrial["curve"] => {
  const columns: Readonly<Record<string, unknown>> = { ...history }
  const values = columns[metric]
  return history === undefined || !Array.isArray(values)
    ? []
    : history.epoch.flatMap((epoch, at) => (typeof values[at] === "number" ? [[epoch, values[at]] as const] : []))
}

/** What the steps of trials add up to, in the order in which they were carried out; a rung counts those since the one below. */
const spentOf = (entries: ReadonlyArray<Entry>, rungs: TuneRecord["rungs"], labelOf: (entry: Entry) => string) => {
  let cost = 0
  return entries.flatMap((entry) => {
    const rung = rungs.indexOf(entry.steps)
    cost += Halving.stepsFor(rungs, rung)
    return entry.score === null ? [] : [{ cost, score: entry.score, rung, label: labelOf(entry) }]
  })
}

/** What a page tells of a tune, from its record and what is kept of its trials' histories; null for any other record. */
export const tunedOf = (
  pipeline: AnyPipeline | undefined,
  record: RunRecord,
  metricsOf: (point: number) => ReadonlyMap<string, number>
) =>
  Effect.gen(function* () {
    const { tune, sweep, nodes, params } = record
    if (tune === undefined || sweep === undefined) return null
    const { goal, rungs, steps } = tune
    const entries = tune.trials.flatMap((each, at): ReadonlyArray<Entry> => {
      const point = sweep.points[at]
      return point === undefined ? [] : [{ ...each, at, point }]
    })
    const names = sweep.varied.filter((name) => name !== steps)
    const last = furthest(entries)
    const axes = names.map((name) => axisOf(last.map(({ point }) => point.params[name])))
    const first = entries.filter((entry) => entry.steps === (rungs[0] ?? null))
    const byName = new Map(nodes.map((node) => [node.node, node]))
    const drawn = last.slice(0, MOST_CURVES)
    const traces = yield* tracesOf(drawn.flatMap(({ point }) => point.nodes.flatMap((name) => byName.get(name) ?? [])))
    const histories = new Map((yield* historiesOf(traces)).map((history) => [history.label, history]))
    const labelOf = ({ trial, steps: at, score, point }: Entry): string => {
      const values = names.map((name) => `${wordsOf(name)} ${valueText(point.params[name])}`)
      const found = score === null ? "failed" : `${wordsOf(goal.metric)} ${numberText(goal.metric, score)}`
      return [`trial ${trial + 1}`, ...values, ...(at === null ? [] : [`${steps} ${at}`]), found].join(", ")
    }
    const rungCurve = ({ trial }: Entry): TunedTrial["curve"] =>
      entries.flatMap((entry) =>
        entry.trial === trial && entry.score !== null && entry.steps !== null
          ? [[entry.steps, entry.score] as const]
          : []
      )
    const trials = last.map((entry, at): TunedTrial => {
      const own = at < MOST_CURVES ? entry.point.nodes.flatMap((name) => histories.get(name) ?? []) : []
      const curve = curveOf(own.at(-1), goal.metric)
      return {
        trial: entry.trial + 1,
        rung: rungs.indexOf(entry.steps),
        places: axes.map(({ place }, axis) => place(entry.point.params[names[axis] ?? ""])),
        score: entry.score,
        label: labelOf(entry),
        curve: curve.length > 0 ? curve : rungCurve(entry)
      }
    })
    const best = entries.find(({ at }) => at === tune.best)
    const tuned: Tuned = {
      wanted: goal.direction === "max" ? "largest" : "smallest",
      metric: goal.metric,
      unit: isAccuracy(goal.metric) ? "share" : "number",
      steps,
      rungs,
      best:
        best === undefined
          ? null
          : {
              trial: best.trial + 1,
              command: pipeline === undefined ? null : commandOf(pipeline, { ...params, ...best.point.params }),
              params: sweep.varied.map((name) => ({ name, value: valueText(best.point.params[name]) })),
              metrics: [...metricsOf(best.at)].map(([name, value]) => ({ name, value }))
            },
      params: names.map((name, at) => ({
        name,
        ticks: axes[at]?.ticks ?? [],
        importance: importance(
          first.flatMap(({ score, point }) => (score === null ? [] : [{ value: point.params[name], score }]))
        )
      })),
      trials,
      spent: spentOf(entries, rungs, labelOf)
    }
    return tuned
  })
