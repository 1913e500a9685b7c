import { Effect } from "effect"
import * as Reason from "../../cache/Reason.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import { RunEvents } from "../../engine/RunEvent.ts"
import { type RunRecord, RunRecords } from "../../engine/RunRecord.ts"
import { type Command, ofPipeline } from "../command/Command.ts"
import * as ParamOptions from "../command/param-options.ts"
import * as Usage from "../command/Usage.ts"
import { Reporter } from "../terminal/Reporter.ts"

const now = ({ status, reasons }: Plan.PlannedNode): string => {
  switch (status) {
    case "reuse":
      return "would be reused: a result is kept under the same key"
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
    run: (pipeline, { args: [node], params }) =>
      Effect.gen(function* () {
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
