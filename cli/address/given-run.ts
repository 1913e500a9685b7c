import { Effect } from "effect"
import * as Given from "../../engine/Given.ts"
import type * as Pipeline from "../../engine/Pipeline.ts"
import { type RunRecord, RunRecords } from "../../engine/RunRecord.ts"
import type { Project } from "../command/Command.ts"
import { commandOf } from "../command/command-text.ts"
import { UsageInvalid } from "../command/Usage.ts"
import * as Address from "./artifact-address.ts"

/** The run that an artifact was found in, and what its node is called there; null where no record of one is left. */
const runOf = (what: string, pipelines: ReadonlyArray<string>, { trace, output }: Address.Found) =>
  Effect.gen(function* () {
    const nodeIn = (record: RunRecord) =>
      record.nodes.find(({ key, status }) => key === trace.key && (status === "ran" || status === "reused"))
    const { runs } = yield* Address.runsOf(Address.split(what).scope, pipelines)
    const isOne = (record: RunRecord) => pipelines.includes(record.pipeline) && nodeIn(record) !== undefined
    const [record] = [...runs.filter(isOne), ...(yield* Effect.flatMap(RunRecords, ({ find }) => find(1, isOne)))]
    const node = record === undefined ? undefined : nodeIn(record)
    return record === undefined || node === undefined ? null : { record, node: node.node, output }
  })

/** What an address means, and the run that it was found in, which is looked for once somebody asks for it. */
export const addressed = <S>({ pipelines }: Project<S>, what: string) =>
  Effect.gen(function* () {
    const names = pipelines.map(({ name }) => name)
    const found = yield* Address.resolve(what, names)
    return { what, found, ran: yield* Effect.cached(runOf(what, names, found)) }
  })
export type Addressed = Effect.Effect.Success<ReturnType<typeof addressed>>

const list = (names: ReadonlyArray<string>): string =>
  names.length === 1 ? `${names[0]}` : `one of ${names.join(", ")}`

/** The pipeline's use of that name. */
const useOf = <R, S>(pipeline: Pipeline.AnyPipeline<R, S>, use: string, all: ReadonlyArray<Pipeline.AnyPipeline>) => {
  const found = pipeline.uses.find((one) => one.use === use)
  const having = all.filter(({ uses }) => uses.some((one) => one.use === use)).map(({ name }) => name)
  return found === undefined
    ? new UsageInvalid({
        what: `${pipeline.name} declares no ${use}`,
        expected: having.length === 0 ? "a pipeline that does" : `a result of ${list(having)}`,
        fix: `Add it to pipelines/${pipeline.name}.ts: Pipeline.withUse(…, { name: "${use}", … }).`
      })
    : Effect.succeed(found)
}

/**
 * What goes on from an artifact that was addressed, by the use of that name of its pipeline, with parameters of the use's own. Fails
 * where the use takes another artifact of the run, for what would be made then says nothing of the one that was named.
 */
export const askedOf = <S>(
  { pipelines }: Project<S>,
  { what, found, ran: looked }: Addressed,
  name: string,
  own: Readonly<Record<string, unknown>>
) =>
  Effect.gen(function* () {
    const names = pipelines.map((one) => one.name)
    const ran = yield* looked
    const pipeline = pipelines.find((one) => one.name === ran?.record.pipeline)
    if (ran === null || pipeline === undefined)
      return yield* new UsageInvalid({
        what: `${what} is of no run of a pipeline of this project of which a record is left`,
        expected: `a result of ${list(names)}`,
        fix: "Name another: see pipeline list."
      })
    const use = yield* useOf(pipeline, name, pipelines)
    const origin = yield* Given.originOf(pipeline, ran.record, ran.node, commandOf)
    const opened = yield* Given.open(pipeline, use, origin, own)
    const isTaken = opened.taken.some(
      ({ node, output }) => origin.nodes.get(node)?.node === ran.node && output === ran.output
    )
    if (!isTaken)
      return yield* new UsageInvalid({
        what: `${what} is ${found.node}.${found.output}, which ${use.name} does not take`,
        expected: list(opened.taken.map(({ node, output }) => `${pipeline.name}/${node}.${output}`)),
        fix: "Name that of the run that you mean."
      })
    return { ...opened, use, found, run: ran.record.run }
  })
