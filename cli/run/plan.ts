import { Effect } from "effect"
import * as Reason from "../../cache/Reason.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import { formatSeconds } from "../../kinds/format.ts"
import { type Command, ofPipeline } from "../command/Command.ts"
import { shown } from "../command/option-text.ts"
import * as ParamOptions from "../command/param-options.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { table } from "../terminal/table-text.ts"
import { asked, flags, options, refreshing } from "./asked.ts"
import { countOf, nothingToDo } from "./record-text.ts"

const why = ({ status, reasons, chunks, seconds }: Plan.PlannedNode): string => {
  if (status === "unasked") return "not asked for: nothing that is needs it"
  if (status === "stream") return "never stored; made when a node that needs it runs"
  if (status === "reuse") return seconds === null ? "" : `took ${formatSeconds(seconds)}`
  const some = chunks === null || chunks.reused === 0 ? "" : ` (${chunks.ran} of ${chunks.ran + chunks.reused} chunks)`
  return `${reasons.map(Reason.render).join("; ")}${some}`
}

/** Says what a run would do now, and why. */
export const plan = <S>(): Command<S> =>
  ofPipeline<S>({
    name: "plan",
    description: "Say what a run would do, and why",
    flags,
    options,
    run: (pipeline, given) =>
      Effect.gen(function* () {
        const reporter = yield* Reporter
        const values = yield* ParamOptions.decode(pipeline, given.params)
        const { again, until } = yield* asked(pipeline, values, given)
        const { nodes, notices } = yield* Plan.make(Pipeline.graph(pipeline, values), again, until)
        yield* reporter.print(
          table(
            [{ header: "node" }, { header: "would" }, { header: "why" }],
            nodes.map((node) => [node.node, node.status, why(node)])
          )
        )
        const count = countOf({ nodes })
        const isAll = count("unasked") === 0
        yield* reporter.print(
          count("run") === 0
            ? nothingToDo(isAll)
            : `${count("run")} would run, ${count("maybe")} may, ${count("reuse")} cached${isAll ? "" : `, ${count("unasked")} not asked for`}`
        )
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
            chunks,
            reason: reasons.length === 0 ? null : reasons.map(Reason.render).join("; ")
          })),
          notices: notices.map(shown)
        })
        return 0
      }).pipe(refreshing(given))
  })
