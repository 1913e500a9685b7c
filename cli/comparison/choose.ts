import { Effect } from "effect"
import { type RecordUnreadable, RunRecords } from "../../engine/RunRecord.ts"
import { runNamed } from "../address/run-address.ts"
import { invalid, type UsageInvalid } from "../command/Usage.ts"
import { type Row, rowsOf } from "../report/record-rows.ts"

const COUNT = /^[0-9]+$/
const expected = "two runs or more, or a pipeline's name and --last N"

/** The newest finished runs of a pipeline, the oldest of them first. */
const lastOf = (pipelines: ReadonlyArray<string>, names: ReadonlyArray<string>, last: string) => {
  const [name = "", ...others] = names
  const example = pipelines[0] ?? "NAME"
  if (!COUNT.test(last) || Number(last) < 2)
    return invalid(
      `--last is ${JSON.stringify(last)}`,
      "a whole number from 2: that many runs are compared",
      `Try --last 5.`
    )
  if (others.length > 0 || !pipelines.includes(name))
    return invalid(
      `--last takes the runs of one pipeline, and is given ${names.map((each) => JSON.stringify(each)).join(", ")}`,
      `one of ${pipelines.join(", ")}`,
      `Try pipeline compare ${example} --last ${last}.`
    )
  return Effect.gen(function* () {
    const finished = yield* Effect.flatMap(RunRecords, (records) =>
      records.find(
        Number(last),
        // a run until some node lacks what is compared
        ({ pipeline, status, sweep, until }) =>
          pipeline === name && status === "done" && sweep === undefined && until === undefined
      )
    )
    if (finished.length < 2)
      return yield* invalid(
        `${name} has ${finished.length === 0 ? "no finished run" : "one finished run"}`,
        "two at least, to compare",
        finished.length === 0
          ? `Run it first: pipeline run ${name}.`
          : `Run it with another parameter: pipeline run ${name} --help tells which there are.`
      )
    return finished.toReversed().flatMap(rowsOf)
  })
}

/** Rows that a word names: a run's, or one of a sweep's as RUN#NUMBER. */
const rowsNamed = (word: string) =>
  Effect.gen(function* () {
    const [run = "", point] = word.split("#")
    const rows = rowsOf(yield* runNamed(run))
    if (point === undefined) return rows
    const row = rows[Number(point) - 1]
    if (row === undefined || rows.length < 2)
      return yield* invalid(
        `Run ${run} has no point ${point}`,
        rows.length < 2 ? "a run without points, by its id alone" : `a number from 1 to ${rows.length}`,
        "See pipeline report of that run."
      )
    return [row]
  })

/** The rows to compare: those of the runs that are named, or of a pipeline's last ones. */
export const choose = (
  pipelines: ReadonlyArray<string>,
  names: ReadonlyArray<string>,
  last: string | null
): Effect.Effect<ReadonlyArray<Row>, UsageInvalid | RecordUnreadable, RunRecords> =>
  Effect.gen(function* () {
    if (last !== null) return yield* lastOf(pipelines, names, last)
    const pipeline = names.find((name) => pipelines.includes(name))
    if (pipeline !== undefined)
      return yield* invalid(
        `${pipeline} is a pipeline, and it is not said how many of its runs are meant`,
        expected,
        `Try pipeline compare ${pipeline} --last 5.`
      )
    const named = yield* Effect.forEach(names, (name) => rowsNamed(name))
    const rows = [...new Map(named.flat().map((row) => [row.id, row])).values()]
    const [first, ...others] = rows
    if (first === undefined || others.length === 0)
      return yield* invalid(
        first === undefined ? "pipeline compare names no run" : `pipeline compare names one run, ${first.id}`,
        expected,
        first === undefined ? "See pipeline list." : `Try pipeline compare ${first.pipeline} --last 5.`
      )
    const other = others.find(({ pipeline: each }) => each !== first.pipeline)
    if (other !== undefined)
      return yield* invalid(
        `${first.id} is a run of ${first.pipeline}, ${other.id} one of ${other.pipeline}`,
        "runs of one pipeline: others share neither parameters nor nodes",
        `Leave out those of ${first.pipeline} or those of ${other.pipeline}.`
      )
    return rows
  })
