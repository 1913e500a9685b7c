import { isSame } from "../command/command-text.ts"
import { differingParams, tellingMetrics } from "../report/differing.ts"
import type { Row } from "../report/record-rows.ts"
import { type Spread, spread } from "../terminal/statistics.ts"

/** A run, or a point of a sweep, with what is compared of it. */
export interface Compared extends Row {
  readonly metrics: ReadonlyMap<string, number>
  /**
   * What was computed, without the seed and what follows from it: code, facts, sources, parameters. Null where traces are
   * gone, which is like any.
   */
  readonly recipe: string | null
}

/** Runs that differ in nothing but the seed. */
export interface Group {
  /** A run a seed, the first of each. */
  readonly runs: ReadonlyArray<Compared>
  /** Runs that repeat one of these: the same seed, and the same came out. */
  readonly repeats: ReadonlyArray<Compared>
}

const SEED = "seed"
const withoutSeed = ({ params }: Compared) =>
  Object.entries(params)
    .filter(([name]) => name !== SEED)
    .sort(([a], [b]) => (a < b ? -1 : 1))

const isOneExperiment = (one: Compared, other: Compared): boolean =>
  isSame(withoutSeed(one), withoutSeed(other)) &&
  (one.recipe === null || other.recipe === null || one.recipe === other.recipe)

const isRepeat = (one: Compared, other: Compared): boolean =>
  isSame(one.params[SEED], other.params[SEED]) && isSame([...one.metrics].sort(), [...other.metrics].sort())

/**
 * Runs by what they differ in beside the seed, in the order of their first. A run that repeats another adds nothing to a
 * mean; one that has the seed of another and came out otherwise differs in something that no record tells, and stands alone.
 */
export const groupsOf = (rows: ReadonlyArray<Compared>): ReadonlyArray<Group> => {
  const groups: Array<{ readonly runs: Array<Compared>; readonly repeats: Array<Compared> }> = []
  for (const row of rows) {
    const alike = groups.filter(({ runs }) => runs.every((run) => isOneExperiment(run, row)))
    const repeated = alike.find(({ runs }) => runs.some((run) => isRepeat(run, row)))
    const free = alike.find(({ runs }) => runs.every((run) => !isSame(run.params[SEED], row.params[SEED])))
    if (repeated !== undefined) repeated.repeats.push(row)
    else if (free !== undefined) free.runs.push(row)
    else groups.push({ runs: [row], repeats: [] })
  }
  return groups
}

/** A group in numbers. */
export interface GroupSummary extends Group {
  /** Values of the parameters that differ from group to group. */
  readonly params: Readonly<Record<string, unknown>>
  readonly seeds: ReadonlyArray<unknown>
  readonly metrics: ReadonlyMap<string, Spread>
  readonly seconds: Spread
}

export interface Summary {
  /** Parameters that differ, the seed apart. */
  readonly params: ReadonlyArray<string>
  readonly metrics: ReadonlyArray<string>
  readonly groups: ReadonlyArray<GroupSummary>
}

export const summarize = (rows: ReadonlyArray<Compared>): Summary => {
  const params = differingParams(rows).filter((name) => name !== SEED)
  const metrics = tellingMetrics(rows)
  const groups = groupsOf(rows).map(({ runs, repeats }): GroupSummary => {
    const values = (name: string) => runs.flatMap((run) => run.metrics.get(name) ?? [])
    return {
      runs,
      repeats,
      params: Object.fromEntries(params.map((name) => [name, runs[0]?.params[name]])),
      seeds: runs.flatMap((run) => (SEED in run.params ? [run.params[SEED]] : [])),
      metrics: new Map(
        metrics.flatMap((name) => (values(name).length === 0 ? [] : [[name, spread(values(name))] as const]))
      ),
      seconds: spread(runs.map(({ seconds }) => seconds))
    }
  })
  return { params, metrics, groups }
}
