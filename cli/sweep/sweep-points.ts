import { Effect } from "effect"
import * as Random from "../../api/random.ts"
import type * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import type { Asked } from "../../engine/RunRecord.ts"
import { optionName } from "../command/option-text.ts"
import * as ParamOptions from "../command/param-options.ts"
import { UsageInvalid, unknown } from "../command/Usage.ts"
import { drawnFrom, isRangeKind, valuesOf } from "./sweep-range.ts"

/** Encoded values of some parameters. */
type Encoded = Readonly<Record<string, unknown>>

/** A parameter and the values that it is to take. */
interface Axis {
  readonly name: string
  /** Those that were listed, or that the range's count gives; null for a range without a count. */
  readonly values: ReadonlyArray<unknown> | null
  /** The value at a place in [0, 1). */
  readonly draw: (place: number) => unknown
}

export interface Points {
  /** The parameters in which the points differ, in the order in which they were given. */
  readonly varied: ReadonlyArray<string>
  /** Each with all its parameters, decoded. */
  readonly points: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly asked: Asked
}

const MOST_POINTS = 100_000
const EXAMPLE = "--over learning-rate=1e-4,1e-3,1e-2"

const invalid = (what: string, expected: string, fix = `Write it as in ${EXAMPLE}.`) =>
  new UsageInvalid({ what, expected, fix })

/** Splits at commas outside of brackets, braces and quotes. */
const splitList = (text: string): ReadonlyArray<string> => {
  const parts: Array<string> = []
  let [depth, isQuoted, start] = [0, false, 0]
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] as string
    if (letter === '"' && text[at - 1] !== "\\") isQuoted = !isQuoted
    if (isQuoted) continue
    if ("[{(".includes(letter)) depth++
    if ("]})".includes(letter)) depth--
    if (letter === "," && depth === 0) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...parts, text.slice(start)].map((part) => part.trim())
}

const rangeOf = (
  name: string,
  param: Param.AnyParam,
  text: string
): Effect.Effect<Axis, UsageInvalid | Param.ParamInvalid> | null => {
  const [, kind = "", inner = ""] = /^([a-z]+)\((.*)\)$/.exec(text) ?? []
  if (!isRangeKind(kind)) return null
  const numbers = inner.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)))
  const [from = Number.NaN, to = Number.NaN, count] = numbers
  const form = `${kind}(FROM, TO, COUNT), such as ${kind === "log" ? "log(1e-4, 1e-1, 8)" : `${kind}(1, 9, 5)`}`
  if (numbers.length < 2 || numbers.length > 3 || numbers.some((value) => !Number.isFinite(value)))
    return invalid(`${text} is no range`, form)
  if (from > to || (from === to && count !== 1))
    return invalid(`The range ${text} is empty`, `${form}, from less to more`)
  if (kind === "log" && from <= 0) return invalid(`The range ${text} begins at ${from}`, "a number above 0 for log")
  if (count !== undefined && !(Number.isInteger(count) && count >= 1 && count <= MOST_POINTS))
    return invalid(`The range ${text} has ${count} values`, `a whole number from 1 to ${MOST_POINTS} of them`)
  if (kind === "int" && !(Number.isInteger(from) && Number.isInteger(to)))
    return invalid(
      `The range ${text} has ends that are not whole`,
      "whole numbers for int",
      "Write linear(…) for others."
    )
  const range = { kind, from, to, whole: kind === "int" || takesWhole(name, param, from, to) }
  const draw = (place: number) => drawnFrom(range, place)
  if (count === undefined) return Effect.succeed({ name, values: null, draw })
  // an end that is refused is refused as it was written, before any number that nobody wrote
  return Effect.forEach(count === 1 ? [from] : [from, to], (end) => decoded(name, param, end)).pipe(
    Effect.as({ name, values: valuesOf(range, count), draw })
  )
}

const decoded = (name: string, param: Param.AnyParam, value: unknown) =>
  Pipeline.decodeParams({ name: "", params: { [name]: param } }, { [name]: value })

/** Whether a parameter refuses what lies between the whole numbers of a range. */
const takesWhole = (name: string, param: Param.AnyParam, from: number, to: number): boolean => {
  const middle = Math.floor(from + (to - from) / 2)
  const accepts = (value: number) => decoded(name, param, value)._tag === "Right"
  return accepts(middle) && !accepts(middle + 2 ** -10)
}

/** `learning-rate=1e-4,1e-3`, `units=log(64,2048,6)`, `network=@a.json,@b.json`. */
const axisOf = (pipeline: Pipeline.AnyPipeline, text: string) =>
  Effect.gen(function* () {
    const equals = text.indexOf("=")
    const given = equals < 0 ? text : text.slice(0, equals)
    const names = Object.keys(pipeline.params)
    const name = names.find((each) => each === given || optionName(each) === given)
    if (name === undefined) {
      const options = names.map(optionName)
      return yield* unknown("parameter", given, options, `See pipeline sweep ${pipeline.name} --help.`, pipeline.name)
    }
    const param = pipeline.params[name] as Param.AnyParam
    const list = equals < 0 ? "" : text.slice(equals + 1).trim()
    if (list === "") return yield* invalid(`--over ${text} gives ${name} no values`, "one value or more after =")
    const range = rangeOf(name, param, list)
    if (range !== null) return yield* range
    const values = yield* Effect.forEach(splitList(list), (part) => ParamOptions.parse(name, param, part))
    return { name, values, draw: (place: number) => values[Math.floor(place * values.length)] } satisfies Axis
  })

const product = (axes: ReadonlyArray<Axis>): ReadonlyArray<Encoded> =>
  axes.reduce<ReadonlyArray<Encoded>>(
    (points, { name, values }) =>
      points.flatMap((point) => (values ?? []).map((value) => ({ ...point, [name]: value }))),
    [{}]
  )

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
    const axes = yield* Effect.forEach(over, (text) => axisOf(pipeline, text))
    const names = axes.map(({ name }) => name)
    const twice = names.find((name, at) => names.indexOf(name) !== at || name in shared)
    if (twice !== undefined)
      return yield* invalid(`${twice} is given twice`, "one list of values a parameter", "Leave out all but one.")
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
    for (const [option, count] of [
      ["--random", random],
      ["--seeds", seeds],
      ["--jobs", jobs]
    ] as const)
      if (count !== null && !(Number.isInteger(count) && count >= 1 && count <= MOST_POINTS))
        return yield* invalid(`${option} is ${count}`, `a whole number from 1 to ${MOST_POINTS}`, `Try ${option} 10.`)
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
    const distinct = [...new Map(encoded.map((point) => [JSON.stringify(point), point])).values()]
    const points = yield* Effect.forEach(distinct, (point) => Pipeline.decodeParams(pipeline, { ...shared, ...point }))
    const varied = seeds === null ? names : [...names, "seed"]
    return { varied, points, asked: { over, random, seeds } } satisfies Points
  })
