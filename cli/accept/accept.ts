import { randomBytes } from "node:crypto"
import { hostname, userInfo } from "node:os"
import { Array as Arr, DateTime, Effect } from "effect"
import { changesBetween } from "../../cache/Acceptance.ts"
import * as AcceptancesDisk from "../../cache/acceptances-disk.ts"
import * as Reason from "../../cache/Reason.ts"
import type { Trace } from "../../cache/Trace.ts"
import * as Decide from "../../engine/Decide.ts"
import * as NodeKey from "../../engine/NodeKey.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import { Place } from "../../project/Place.ts"
import { type Command, type Option, ofPipeline, textGiven } from "../command/Command.ts"
import * as ParamOptions from "../command/param-options.ts"
import * as Usage from "../command/Usage.ts"
import { CurrentShared } from "../remote/Stores.ts"
import { Reporter } from "../terminal/Reporter.ts"

const because: Option = {
  name: "--because",
  value: "TEXT",
  description: "Why the change alters no result: it is told wherever such a result is used",
  expected: "a reason in words",
  example: '"renamed a helper"',
  isNeeded: true,
  isVerbatim: true
}

const notYet = (name: string, waiting: ReadonlyArray<string>) =>
  Usage.invalid(
    `What ${name} depends on is not known before ${waiting.join(", ")} ${waiting.length === 1 ? "has" : "have"} a result`,
    "a node whose inputs are kept",
    "Accept those first, or run them."
  )

/** Why nothing of a node can be accepted; null for one that would run, of which all that it depends on is known. */
const unacceptable = ({ entry: { name }, planned, waiting }: Plan.Entry, pipeline: string) => {
  if (waiting.length > 0) return notYet(name, waiting)
  const fix = `See pipeline plan ${pipeline}.`
  if (planned.status === "reuse")
    return Usage.invalid(
      `${name} has a result already, which serves`,
      "a node that would run since its code changed",
      fix
    )
  if (planned.status === "stream")
    return Usage.invalid(
      `${name} is streamed: nothing of it is kept`,
      "a node that it is made for, whose key has its code",
      fix
    )
  return null
}

const isOfCode = ({ _tag }: Reason.Reason): boolean => _tag === "CodeChanged" || _tag === "PackageChanged"

/** An earlier result, and in what the node differs from it now. */
interface Earlier {
  readonly trace: Trace
  readonly reasons: ReadonlyArray<Reason.Reason>
}

/** The newest earlier result from which a node differs by code alone; a failure that says by what else where there is none. */
const earlierOf = (
  name: string,
  traces: ReadonlyArray<Trace>,
  { text, inputs }: Decide.Decision
): Effect.Effect<Earlier, Usage.UsageInvalid> => {
  const labels = NodeKey.labels(inputs)
  const all = traces.map((trace) => ({
    trace,
    reasons: Reason.differences(trace.text, text, { before: trace.labels, after: labels })
  }))
  const found = all.find(({ reasons }) => reasons.length > 0 && reasons.every(isOfCode))
  if (found !== undefined) return Effect.succeed(found)
  const [newest] = all
  if (newest === undefined)
    return Usage.invalid(`${name} has no earlier result`, "one that earlier code made", "Run it.")
  const others = newest.reasons.filter((reason) => !isOfCode(reason)).map(Reason.render)
  return Usage.invalid(
    `From its earlier results ${name} differs by more than code, from the newest since ${others.join("; ")}`,
    "a change of code alone",
    "Give the parameters and inputs of the result that is to serve."
  )
}

/** The user's name, as the system has it; some systems have none for a user. */
const userName = (): string => {
  try {
    return userInfo().username
  } catch {
    return "somebody"
  }
}

/** Has what earlier code made of a node serve in the place of what its code would make now, on somebody's word. */
export const accept = <S>(): Command<S> =>
  ofPipeline<S>({
    name: "accept",
    description: "Say that a change of code alters no result of a node: what earlier code made serves again",
    args: [{ name: "NODE", description: "A node, as plan names it, whose code changed" }],
    options: [because],
    run: (pipeline, given) =>
      Effect.gen(function* () {
        const reporter = yield* Reporter
        const { home } = yield* Place
        const [node = ""] = given.args
        const why = (textGiven(given, because) ?? "").trim()
        if (why === "")
          return yield* Usage.invalid("--because says nothing", "a reason in words", "Say why no result changes.")
        const values = yield* ParamOptions.decode(pipeline, given.params)
        const graph = Pipeline.graph(pipeline, values)
        const { entries } = yield* Plan.entries(graph)
        const one = entries.find(({ entry }) => entry.name === node)
        if (one === undefined) {
          const names = entries.map(({ entry }) => entry.name)
          return yield* Usage.unknown("node", node, names, `See pipeline plan ${pipeline.name}.`, pipeline.name)
        }
        const refused = unacceptable(one, pipeline.name)
        if (refused !== null) return yield* refused
        const decision = one.decision as Decide.Decision
        const { trace, reasons } = yield* earlierOf(node, yield* Decide.ownBefore(graph, one.entry, decision), decision)
        const changes = changesBetween(trace.text, decision.text)
        if (!Arr.isNonEmptyReadonlyArray(changes))
          return yield* Effect.dieMessage("code differs and no part of it does")
        const { writerOf } = yield* Effect.promise(() => import("../../cache/remote/settings.ts"))
        const said = {
          schema: 1 as const,
          id: randomBytes(6).toString("hex"),
          stage: decision.text.stage,
          changes,
          because: why,
          by: `${userName()}@${hostname()}`,
          accepted: DateTime.formatIso(yield* DateTime.now)
        }
        yield* AcceptancesDisk.put(home, AcceptancesDisk.sign(said, yield* writerOf(process.env)))
        const { id, stage, by, accepted } = said
        yield* reporter.print(
          `${stage}: what earlier code made serves again, though ${reasons.map(Reason.render).join("; ")}`
        )
        yield* reporter.print(`  to check it: pipeline run ${pipeline.name} --audit 100%`)
        if ((yield* CurrentShared) !== null)
          yield* reporter.print(`  to have it hold for all who share the store: pipeline accepted --push ${id}`)
        yield* reporter.print(`  to take it back: pipeline accepted --revoke ${id}`)
        const acceptance = { id, stage, because: why, by, accepted }
        yield* reporter.document({ schema: 1, status: "done", pipeline: pipeline.name, node, acceptance, reasons })
        return 0
      })
  })
