import { Effect } from "effect"
import * as Graph from "../../engine/Graph.ts"
import type * as Param from "../../engine/Param.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import { optionName } from "../command/option-text.ts"
import * as ParamOptions from "../command/param-options.ts"
import { UsageInvalid, unknown } from "../command/Usage.ts"
import type { Coordinate } from "./gaussian-process.ts"
import { drawnFrom, isRangeKind, placeIn, valuesOf } from "./sweep-range.ts"

/** Encoded values of some parameters. */
export type Encoded = Readonly<Record<string, unknown>>

/** A parameter and the values that it is to take. */
export interface Axis {
  readonly name: string
  /** Those that were listed, or that the range's count gives; null for a range without a count. */
  readonly values: ReadonlyArray<unknown> | null
  /** The value at a place in [0, 1). */
  readonly draw: (place: number) => unknown
  /** Where a value that was drawn lies: from 0 to 1 where values have an order. */
  readonly placeOf: (value: unknown) => Coordinate
  /** How many different values there are to draw; null where they are as many as numbers of a range. */
  readonly drawable: number | null
}

/** So many points, and values of an axis, at most. */
export const MOST_POINTS = 100_000
const EXAMPLE = "--over learning-rate=1e-4,1e-3,1e-2"

export const invalid = (what: string, expected: string, fix = `Write it as in ${EXAMPLE}.`) =>
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
  const placeOf = (value: unknown) => placeIn(range, Number(value))
  const drawable = range.whole ? Math.floor(to) - Math.ceil(from) + 1 : null
  if (count === undefined) return Effect.succeed({ name, values: null, draw, placeOf, drawable })
  // an end that is refused is refused as it was written, before any number that nobody wrote
  return Effect.forEach(count === 1 ? [from] : [from, to], (end) => decoded(name, param, end)).pipe(
    Effect.as({ name, values: valuesOf(range, count), draw, placeOf, drawable })
  )
}

/** Where a value lies among those of a list: numbers by their order, of others each is only itself. */
const placeAmong = (values: ReadonlyArray<unknown>): Axis["placeOf"] => {
  if (!values.every((value) => typeof value === "number")) return (value) => JSON.stringify(value)
  const sorted = values.toSorted((one, other) => one - other)
  return (value) => sorted.indexOf(Number(value)) / Math.max(1, sorted.length - 1)
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
    const draw = (place: number) => values[Math.floor(place * values.length)]
    return { name, values, draw, placeOf: placeAmong(values), drawable: values.length } satisfies Axis
  })

/** The axes that are given, of which no parameter has two, nor one and a value that all points share. */
export const axesOf = (pipeline: Pipeline.AnyPipeline, over: ReadonlyArray<string>, shared: Encoded) =>
  Effect.gen(function* () {
    const axes = yield* Effect.forEach(over, (text) => axisOf(pipeline, text))
    const names = axes.map(({ name }) => name)
    const twice = names.find((name, at) => names.indexOf(name) !== at || name in shared)
    if (twice !== undefined)
      return yield* invalid(`${twice} is given twice`, "one list of values a parameter", "Leave out all but one.")
    return axes
  })

/** Every combination of the values, the last axis' the fastest. */
export const product = (axes: ReadonlyArray<Axis>): ReadonlyArray<Encoded> =>
  axes.reduce<ReadonlyArray<Encoded>>(
    (points, { name, values }) =>
      points.flatMap((point) => (values ?? []).map((value) => ({ ...point, [name]: value }))),
    [{}]
  )

/** A point's values of some parameters, in a few words. */
export const textsOf = (
  pipeline: Pipeline.AnyPipeline,
  point: Readonly<Record<string, unknown>>,
  varied: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const encoded = Pipeline.encodeParams(pipeline, point)
  return varied.map((name) => Graph.valueText(pipeline.params[name], point[name], encoded[name]))
}

/** Points, equal ones once. */
export const distinct = (points: ReadonlyArray<Encoded>): ReadonlyArray<Encoded> => [
  ...new Map(points.map((point) => [JSON.stringify(point), point])).values()
]
