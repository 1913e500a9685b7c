import { Effect } from "effect"
import * as Reason from "../../cache/Reason.ts"
import { listOnce, TraceStore } from "../../cache/Trace.ts"
import * as Estimate from "../../engine/Estimate.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import { formatBytes, formatCounted, formatSeconds } from "../../kinds/format.ts"
import { type Command, type Flag, ofPipeline } from "../command/Command.ts"
import { shown } from "../command/option-text.ts"
import * as ParamOptions from "../command/param-options.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { type TextColumn, table } from "../terminal/table-text.ts"
import { asked, flags, options, refreshing } from "./asked.ts"
import { countOf, nothingToDo } from "./record-text.ts"

const why = ({ status, reasons, chunks, seconds }: Plan.PlannedNode): string => {
  if (status === "unasked") return "not asked for: nothing that is needs it"
  if (status === "stream") return "never stored; made when a node that needs it runs"
  if (status === "reuse")
    return [...(seconds === null ? [] : [`took ${formatSeconds(seconds)}`]), ...reasons.map(Reason.render)].join("; ")
  const some = chunks === null || chunks.reused === 0 ? "" : ` (${chunks.ran} of ${chunks.ran + chunks.reused} chunks)`
  return `${reasons.map(Reason.render).join("; ")}${some}`
}

/** How a command ends by `--exit-code` where a run would compute something: 1 is a failure, and 2 a wrong command line. */
const WOULD_RUN = 3

const exitCode: Flag = {
  name: "--exit-code",
  description: `End with ${WOULD_RUN} where something would run or may, for scripts; with 0 where nothing would`
}

const LIKELY: ReadonlyArray<TextColumn> = [
  { header: "takes", align: "right" },
  { header: "makes", align: "right" }
]
const likely = (estimate: Estimate.Estimate | undefined): readonly [string, string] =>
  estimate === undefined ? ["", ""] : [`~${formatSeconds(estimate.seconds)}`, `~${formatBytes(estimate.bytes)}`]

/** Of all nodes that would run, or may. */
interface Work {
  readonly seconds: number
  readonly bytes: number
  /** Those of which nothing is known, since no result of their stage is kept. */
  readonly unknown: number
}

const workOf = (nodes: ReadonlyArray<string>, estimates: ReadonlyMap<string, Estimate.Estimate>): Work => {
  const known = nodes.flatMap((node) => estimates.get(node) ?? [])
  return {
    seconds: known.reduce((sum, { seconds }) => sum + seconds, 0),
    bytes: known.reduce((sum, { bytes }) => sum + bytes, 0),
    unknown: nodes.length - known.length
  }
}

const sumText = ({ seconds, bytes }: Work): string => `${formatSeconds(seconds)} of work and ${formatBytes(bytes)}`

/** What is to come, as far as earlier results tell: of nodes that would run, and of those that may. */
const workText = (would: Work, may: Work): string => {
  const unknown = would.unknown + may.unknown
  return [
    ...(would.seconds > 0 ? [`about ${sumText(would)} of results`] : []),
    ...(may.seconds > 0 ? [`${would.seconds > 0 ? "up to" : "at most"} ${sumText(may)} for those that may`] : []),
    ...(unknown > 0 ? [`${formatCounted(unknown, "node")} of a stage that has no result yet`] : [])
  ].join(", ")
}

/** Says what a run would do now, and why. */
export const plan = <S>(): Command<S> =>
  ofPipeline<S>({
    name: "plan",
    description: "Say what a run would do, and why",
    flags: [...flags, exitCode],
    options,
    run: (pipeline, given) =>
      Effect.gen(function* () {
        const reporter = yield* Reporter
        const values = yield* ParamOptions.decode(pipeline, given.params)
        const { again, until } = yield* asked(pipeline, values, given)
        const made = yield* Plan.entries(Pipeline.graph(pipeline, values), again, until)
        const { nodes, notices } = made.plan
        const estimates = yield* Estimate.estimates(made.entries)
        yield* reporter.print(
          table(
            [{ header: "node" }, { header: "would" }, ...(estimates.size === 0 ? [] : LIKELY), { header: "why" }],
            nodes.map((node) => [
              node.node,
              node.status,
              ...(estimates.size === 0 ? [] : likely(estimates.get(node.node))),
              why(node)
            ])
          )
        )
        const count = countOf({ nodes })
        const isAll = count("unasked") === 0
        yield* reporter.print(
          count("run") === 0
            ? nothingToDo(isAll)
            : `${count("run")} would run, ${count("maybe")} may, ${count("reuse")} cached${isAll ? "" : `, ${count("unasked")} not asked for`}`
        )
        const workFor = (wanted: Plan.PlanStatus) =>
          workOf(
            nodes.filter(({ status }) => status === wanted).map(({ node }) => node),
            estimates
          )
        const [would, may] = [workFor("run"), workFor("maybe")]
        const work = workText(would, may)
        if (work !== "") yield* reporter.print(`likely: ${work}`)
        yield* reporter.document({
          schema: 1,
          pipeline: pipeline.name,
          status: "done",
          params: Pipeline.encodeParams(pipeline, values),
          until: until === null ? null : [...until],
          nodes: nodes.map(({ node, stage, status, key, reasons, chunks, seconds }) => ({
            node,
            stage,
            status,
            key,
            seconds,
            estimate: estimates.get(node) ?? null,
            chunks,
            reason: reasons.length === 0 ? null : reasons.map(Reason.render).join("; ")
          })),
          estimate: { run: would, maybe: may },
          notices: notices.map(shown)
        })
        return given.flags.has(exitCode) && count("run") + count("maybe") > 0 ? WOULD_RUN : 0
      }).pipe(
        refreshing(given),
        // what the plan compares is what is likely
        Effect.provideServiceEffect(TraceStore, listOnce)
      )
  })
