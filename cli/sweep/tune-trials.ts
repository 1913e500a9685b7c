import { Effect } from "effect"
import type * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import { type Axis, type Encoded, invalid, product } from "./axes.ts"
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

/** Trials, each with all its parameters, decoded: every combination of listed values, or so many that are drawn. */
export const trialsAt = (
  pipeline: Pipeline.AnyPipeline,
  axes: ReadonlyArray<Axis>,
  { shared, count, draw }: { readonly shared: Encoded; readonly count: number; readonly draw: number | "grid" }
): Effect.Effect<ReadonlyArray<Readonly<Record<string, unknown>>>, Param.ParamInvalid> =>
  Effect.forEach(draw === "grid" ? product(axes).slice(0, count) : drawn(axes, count, draw), (point) =>
    Pipeline.decodeParams(pipeline, { ...shared, ...point })
  )

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
