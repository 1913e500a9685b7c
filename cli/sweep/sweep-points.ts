import { Effect } from "effect"
import * as Random from "../../api/random.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import type { Asked } from "../../engine/RunRecord.ts"
import { type Axis, axesOf, distinct, type Encoded, invalid, MOST_POINTS, product } from "./axes.ts"
import { miscounted } from "./counted.ts"

export interface Points {
  /** The parameters in which the points differ, in the order in which they were given. */
  readonly varied: ReadonlyArray<string>
  /** Each with all its parameters, decoded. */
  readonly points: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly asked: Asked
}

/** The points of a random search: each a function of its number alone, so that more go on from fewer. */
const drawn = (axes: ReadonlyArray<Axis>, count: number): ReadonlyArray<Encoded> =>
  Array.from({ length: count }, (_, point) =>
    Object.fromEntries(
      axes.map(({ name, draw }, axis) => {
        const [word = 0] = Random.words({ seed: 0, purpose: "sweep", epoch: point, step: axis }, 1)
        return [name, draw(word / 2 ** 32)]
      })
    )
  )

export interface Given {
  readonly over: ReadonlyArray<string>
  readonly random: number | null
  readonly seeds: number | null
  readonly jobs: number | null
  /** The parameters that all points share, encoded. */
  readonly shared: Encoded
}

/** The points of a sweep: every combination of the values, or so many drawn at random; each with every seed. */
export const pointsOf = (pipeline: Pipeline.AnyPipeline, { over, random, seeds, jobs, shared }: Given) =>
  Effect.gen(function* () {
    const axes = yield* axesOf(pipeline, over, shared)
    const names = axes.map(({ name }) => name)
    if (axes.length === 0 && seeds === null)
      return yield* invalid("The sweep varies nothing", "one --over or more, or --seeds")
    if (seeds !== null && !("seed" in pipeline.params))
      return yield* invalid(
        `${pipeline.name} has no seed`,
        "a pipeline with a parameter seed for --seeds",
        "Leave it out."
      )
    const alsoSeeds = names.includes("seed") ? "--over seed" : "seed" in shared ? "--seed" : null
    if (seeds !== null && alsoSeeds !== null)
      return yield* invalid(`--seeds and ${alsoSeeds} both say which seeds`, "one of them", "Leave out the other.")
    if (random !== null && axes.length === 0)
      return yield* invalid("--random has nothing to draw from", "one --over or more beside it")
    for (const [name, count] of [
      ["--random", random],
      ["--seeds", seeds],
      ["--jobs", jobs]
    ] as const) {
      const refused = miscounted({ name }, count)
      if (refused !== null) return yield* refused
    }
    const uncounted = axes.find(({ values }) => values === null)
    if (random === null && uncounted !== undefined)
      return yield* invalid(
        `The range of ${uncounted.name} does not say how many values it has`,
        "a third number, or --random",
        "Write for instance log(1e-4, 1e-1, 8)."
      )
    const count = (random ?? axes.reduce((all, { values }) => all * (values?.length ?? 1), 1)) * (seeds ?? 1)
    if (count > MOST_POINTS)
      return yield* invalid(`The sweep has ${count} points`, `${MOST_POINTS} at most`, "Vary less at a time.")
    const combinations = random === null ? product(axes) : drawn(axes, random)
    const every = Array.from({ length: seeds ?? 0 }, (_, seed) => seed)
    const encoded =
      seeds === null ? combinations : combinations.flatMap((point) => every.map((seed) => ({ ...point, seed })))
    const points = yield* Effect.forEach(distinct(encoded), (point) =>
      Pipeline.decodeParams(pipeline, { ...shared, ...point })
    )
    const varied = seeds === null ? names : [...names, "seed"]
    return { varied, points, asked: { over, random, seeds } } satisfies Points
  })
