import { Effect } from "effect"
import * as Reason from "../../cache/Reason.ts"
import * as Past from "../../engine/Past.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import { RunEvents } from "../../engine/RunEvent.ts"
import { type RunRecord, RunRecords } from "../../engine/RunRecord.ts"
import { formatSeconds } from "../../kinds/format.ts"
import { runNamed } from "../address/run-address.ts"
import { type Command, type Given, type Option, ofPipeline, textGiven } from "../command/Command.ts"
import { optionName } from "../command/option-text.ts"
import * as ParamOptions from "../command/param-options.ts"
import * as Usage from "../command/Usage.ts"
import { Reporter } from "../terminal/Reporter.ts"

const now = ({ status, reasons }: Plan.PlannedNode): string => {
  switch (status) {
    case "reuse":
      return `would be reused: ${reasons.length === 0 ? "a result is kept under the same key" : reasons.map(Reason.render).join("; ")}`
    case "stream":
      return "is streamed: it is made anew for every node that needs it"
    case "maybe":
      return `may run: ${reasons.map(Reason.render).join("; ")}`
    case "unasked":
      return "is not asked for"
    case "run":
      return `would run: ${reasons.map(Reason.render).join("; ")}`
  }
}

const run: Option = {
  name: "--run",
  value: "RUN",
  description: "Say it of a run or sweep of the past, by its record and its traces, whatever the pipeline is by now",
  expected: "a run's id, or the beginning of one",
  example: "20260101-093015"
}

const since = ({ run, trace }: Past.Origin, isOwn: boolean): string => {
  const maker = isOwn ? [] : [run === null ? "by a run of which no record is left here" : `by run ${run}`]
  const when =
    trace === null
      ? ["its trace is gone, or of a result that was computed since"]
      : [`finished ${trace.finished}`, `took ${formatSeconds(trace.seconds)}`, `on ${trace.host}`]
  return [...maker, ...when].join(", ")
}

/** What became of a node, and since when its result has been there. */
const pastText = (of: RunRecord, { record, origin }: Past.Past): string => {
  const { status, reason, error } = record
  const because = reason === null ? "" : `: ${reason}`
  if (status === "ran") return `ran${because}${origin === null ? "" : ` (${since(origin, true)})`}`
  if (status === "reused")
    return `was reused${because}${origin === null ? "" : `${reason === null ? ":" : ";"} its result was made ${since(origin, false)}`}`
  if (status === "failed") return `failed${error === null ? "" : `: ${error.what}`}${because}`
  if (status === "streamed") return "was streamed: it was made anew for every node that needed it"
  if (status === "unasked") return "was not asked for"
  return of.status === "done" ? "was not needed: what needs it was reused" : `was skipped${because}`
}

/** Why the nodes of a run of the past did what they did. */
const ofPast = (pipeline: string, { args: [node], params }: Given, named: string) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const record = yield* runNamed(named)
    // a use is called after its pipeline
    if (record.pipeline.split(".")[0] !== pipeline)
      return yield* Usage.invalid(
        `Run ${record.run} is of ${record.pipeline}`,
        `a run of ${pipeline}`,
        `Write pipeline why ${record.pipeline.split(".")[0]} --run ${named}.`
      )
    const [param] = params.keys()
    if (param !== undefined)
      return yield* Usage.invalid(
        `--${optionName(param)} says nothing of run ${record.run}, which is over`,
        "no parameters beside --run",
        "Leave one of the two out."
      )
    const all = yield* Past.of(record)
    const names = all.map((each) => each.record.node)
    if (node !== undefined && !names.includes(node))
      return yield* Usage.unknown("node", node, names, `See pipeline why ${pipeline} --run ${record.run}.`, pipeline)
    const told = all.filter((each) => node === undefined || each.record.node === node)
    if (all.length === 0 && record.error !== null)
      yield* reporter.print(`what became of its nodes is not known: ${record.error.what}`)
    for (const each of told) yield* reporter.print(`${each.record.node} ${pastText(record, each)}`)
    yield* reporter.document({
      schema: 1,
      pipeline,
      run: record.run,
      status: "done",
      nodes: told.map(({ record: { node, stage, status, key, reason, reasons, chunks }, origin }) => ({
        node,
        stage,
        status,
        key,
        reason,
        reasons,
        chunks,
        origin
      }))
    })
    return 0
  })

const then = (record: RunRecord | undefined, node: string): string | null => {
  const found = record?.nodes.find((each) => each.node === node)
  if (record === undefined || found === undefined) return null
  const because = found.reason === null ? "" : `: ${found.reason}`
  return `in its last run (${record.run}) it ${found.status === "ran" ? "ran" : found.status === "reused" ? "was reused" : found.status === "streamed" ? "was streamed" : `was ${found.status}`}${because}`
}

/** The newest run that a node was asked for in: one until other nodes tells nothing of it. */
const lastRuns = (pipeline: string) =>
  Effect.gen(function* () {
    const { find } = yield* RunRecords
    const isOne = (record: RunRecord) => record.pipeline === pipeline && record.sweep === undefined
    const [last] = yield* find(1, isOne)
    const [whole] = last?.until === undefined ? [last] : yield* find(1, (run) => isOne(run) && run.until === undefined)
    return (node: string) =>
      last?.nodes.some((each) => each.node === node && each.status !== "unasked") === true ? last : whole
  })

/** Says why nodes would run or be reused now, and why they did what they did in the last run. */
export const why = <S>(): Command<S> =>
  ofPipeline<S>({
    name: "why",
    description: "Say why nodes run or are reused",
    args: [
      { name: "NODE", description: "A node, as plan names it; all of them where none is named", isOptional: true }
    ],
    options: [run],
    run: (pipeline, given) =>
      Effect.gen(function* () {
        const named = textGiven(given, run)
        if (named !== null) return yield* ofPast(pipeline.name, given, named)
        const {
          args: [node],
          params
        } = given
        const reporter = yield* Reporter
        const values = yield* ParamOptions.decode(pipeline, params)
        const graph = Pipeline.graph(pipeline, values)
        const names = graph.stages.map(({ name }) => name)
        if (node !== undefined && !names.includes(node))
          return yield* Usage.unknown("node", node, names, `See pipeline plan ${pipeline.name}.`, pipeline.name)
        const planned = (yield* Plan.make(graph)).nodes.filter((each) => node === undefined || each.node === node)
        const lastOf = yield* lastRuns(pipeline.name)
        const told = planned.map((each) => ({
          node: each.node,
          status: each.status,
          now: now(each),
          reasons: each.reasons,
          last: then(lastOf(each.node), each.node)
        }))
        for (const each of told) {
          yield* reporter.print(`${each.node} ${each.now}`)
          if (each.last !== null) yield* reporter.print(`  ${each.last}`)
        }
        yield* reporter.document({ schema: 1, pipeline: pipeline.name, status: "done", nodes: told })
        return 0
      }).pipe(Effect.provideService(RunEvents, { publish: () => Effect.void }))
  })
