import { Array as Arr } from "effect"

/** A value of a parameter, and what came of it. */
export interface Observation {
  readonly value: unknown
  readonly score: number
}

/** Numbers are taken in so many groups of about equal size. */
const GROUPS = 5

/** The observations by their value: equal ones together, or numbers of which there are many in stretches of them. */
const groupsOf = (observations: ReadonlyArray<Observation>): ReadonlyArray<ReadonlyArray<number>> => {
  const byValue = Object.values(Arr.groupBy(observations, ({ value }) => JSON.stringify(value)))
  const isNumeric = observations.every(({ value }) => typeof value === "number")
  if (!isNumeric || byValue.length <= GROUPS) return byValue.map((group) => group.map(({ score }) => score))
  const sorted = observations.toSorted((one, other) => Number(one.value) - Number(other.value))
  const start = (group: number) => Math.round((group * sorted.length) / GROUPS)
  return Array.from({ length: GROUPS }, (_, group) =>
    sorted.slice(start(group), start(group + 1)).map(({ score }) => score)
  ).filter((group) => group.length > 0)
}

const sum = (values: ReadonlyArray<number>): number => values.reduce((all, value) => all + value, 0)
const mean = (values: ReadonlyArray<number>): number => sum(values) / values.length
const squares = (values: ReadonlyArray<number>, around: number): number =>
  sum(values.map((value) => (value - around) ** 2))

/**
 * How much of what scores differ by a parameter tells, from 0 to 1: omega squared of a one-way analysis of variance (Hays, 1963), which
 * takes off what chance alone would tell. Null where too few observations are there to say.
 */
export const importance = (observations: ReadonlyArray<Observation>): number | null => {
  const groups = groupsOf(observations)
  const within = observations.length - groups.length
  if (groups.length < 2 || within < 1) return null
  const all = mean(observations.map(({ score }) => score))
  const total = sum(groups.map((group) => squares(group, all)))
  const error = sum(groups.map((group) => squares(group, mean(group)))) / within
  const between = sum(groups.map((group) => group.length * (mean(group) - all) ** 2))
  return total + error === 0 ? 0 : Math.max(0, (between - (groups.length - 1) * error) / (total + error))
}
