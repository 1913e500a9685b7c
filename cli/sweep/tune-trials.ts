import { Effect, Either } from "effect"
import type * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import type { Values } from "../../engine/Points.ts"
import type { Trials } from "../../engine/Tune.ts"
import { type Axis, type Encoded, invalid, product } from "./axes.ts"
import { candidatesAfter, guided, type Search } from "./guided.ts"
import { lowDiscrepancy } from "./low-discrepancy.ts"

/** Numbers of the sequence that are looked at for another point, before the values are taken to have no more. */
const PATIENCE = 1000

/** How many points there are to draw; null where a range has any number. */
const drawable = (axes: ReadonlyArray<Axis>): number | null =>
  axes.reduce<number | null>((all, axis) => (all === null || axis.drawable === null ? null : all * axis.drawable), 1)

/** The first distinct points of a sequence that fills the ranges and lists evenly: more go on from fewer. */
const drawn = (axes: ReadonlyArray<Axis>, count: number, draw: number): ReadonlyArray<Encoded> => {
  const placeOf = lowDiscrepancy(axes.length, draw)
  const all = drawable(axes)
  const points = new Map<string, Encoded>()
  let since = 0
  for (let at = 0; points.size < Math.min(count, all ?? count) && since < PATIENCE; at++) {
    const places = placeOf(at)
    const point = Object.fromEntries(axes.map((axis, dimension) => [axis.name, axis.draw(places[dimension] ?? 0)]))
    const text = JSON.stringify(point)
    since = points.has(text) ? since + 1 : 0
    points.set(text, point)
  }
  return [...points.values()]
}

interface Asked extends Omit<Search, "axes"> {
  /** What all trials have. */
  readonly shared: Encoded
  readonly most: number
  readonly draw: number | "grid"
  /** Whether later trials are chosen by what came of earlier ones. */
  readonly isGuided: boolean
}

/**
 * Trials, each with all its parameters, decoded: every combination of listed values, or points of a sequence. Once some came to something,
 * those of its points are next from which most is expected.
 */
export const trialsOf = (
  pipeline: Pipeline.AnyPipeline,
  axes: ReadonlyArray<Axis>,
  { shared, most, draw, isGuided, ...search }: Asked
): Effect.Effect<Trials, Param.ParamInvalid> =>
  Effect.gen(function* () {
    const decoded = (point: Encoded) => Pipeline.decodeParams(pipeline, { ...shared, ...point })
    const own = (values: Values): Encoded => {
      const encoded = Pipeline.encodeParams(pipeline, values)
      return Object.fromEntries(axes.map(({ name }) => [name, encoded[name]]))
    }
    // what a parameter refuses is said before anything is computed
    const plain = yield* Effect.forEach(
      draw === "grid" ? product(axes).slice(0, most) : drawn(axes, most, draw),
      decoded
    )
    const after: Trials["draw"] = (before, _, count) => plain.slice(before.length, before.length + count)
    if (draw === "grid" || !isGuided) return { most: plain.length, draw: after }
    return {
      most: plain.length,
      draw: (before, seen, count) => {
        if (before.length === 0) return after(before, seen, count)
        const trials = before.map(own)
        const there = new Set(trials.map((trial) => JSON.stringify(trial)))
        const candidates = drawn(axes, candidatesAfter(before.length), draw).flatMap((point) => {
          const values = Either.getOrNull(decoded(point))
          const candidate = values === null ? null : { values, point: own(values) }
          return candidate === null || there.has(JSON.stringify(candidate.point)) ? [] : [candidate]
        })
        const points = candidates.map(({ point }) => point)
        const next = guided({ axes, ...search }, { trials, seen }, points, count)
        return next.flatMap((at) => candidates.slice(at, at + 1).map(({ values }) => values))
      }
    }
  })

/** How many trials there are to choose from; null where a range has any number of them. */
export const sizeOf = (axes: ReadonlyArray<Axis>, isGrid: boolean) =>
  Effect.gen(function* () {
    if (axes.length === 0)
      return yield* invalid(
        "The tune is over nothing",
        "one --over or more",
        "Try --over learning-rate='log(1e-4,1e-2)'."
      )
    if (!isGrid) return drawable(axes)
    const uncounted = axes.find(({ values }) => values === null)
    if (uncounted !== undefined)
      return yield* invalid(
        `The range of ${uncounted.name} does not say how many values it has, which a grid needs`,
        "a third number, or another strategy",
        "Write for instance log(1e-4, 1e-1, 8)."
      )
    return axes.reduce((all, { values }) => all * (values?.length ?? 1), 1)
  })
