import { availableParallelism } from "node:os"
import { Effect } from "effect"
import { fields, TaggedError } from "../../artifacts/Explained.ts"
import { type Trace, TraceStore } from "../../cache/Trace.ts"
import * as Given from "../../engine/Given.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Run from "../../engine/Run.ts"
import { RunEvents } from "../../engine/RunEvent.ts"
import { firstErrorOf, type RunRecord } from "../../engine/RunRecord.ts"
import { type Addressed, askedOf } from "../address/given-run.ts"
import type { Project } from "../command/Command.ts"
import { commandOf } from "../command/command-text.ts"
import { UsageInvalid } from "../command/Usage.ts"
import { carryOut } from "../run/carry-out.ts"
import type { CardRun } from "./card.ts"

// A pipeline whose model can be exported with all that stands before it has a use `whole`, with one result of that name.

const USE = "whole"

/** What the use makes could not be made, and why. */
class NotMade extends TaggedError<NotMade>()("NotMade", fields, (parts) => parts) {}

/** The whole of an artifact that was addressed, made by the use of its pipeline, or found where it was made before. */
export const wholeOf = <S>(project: Project<S>, addressed: Addressed) =>
  Effect.gen(function* () {
    const { use, values, given } = yield* askedOf(project, addressed, USE, {})
    const result = Pipeline.graph(use, values).results[USE]
    if (result === undefined)
      return yield* new UsageInvalid({
        what: `${use.name} has no result "${USE}"`,
        expected: "one of that name",
        fix: `Correct the use in pipelines/${use.name.split(".")[0]}.ts.`
      })
    const { publish } = yield* RunEvents
    let ended: RunRecord | null = null
    // until its node: what people open is written to the folder that they name, and not to the results as well
    const work = Run.run(use, values, { cores: availableParallelism(), given }, new Set(), new Set([result.node]))
    yield* carryOut(work, {
      publish,
      tell: (record) =>
        Effect.sync(() => {
          ended = record
        })
    })
    const record = ended as RunRecord | null
    const made = record?.results[USE]
    const node = record?.nodes.find((one) => one.node === result.node)
    if (record?.status !== "done" || made === undefined || node === undefined || node.key === null) {
      const told = record === null ? null : firstErrorOf(record)
      return yield* new NotMade({
        what: told?.what ?? `${use.name} was not made`,
        expected: told?.expected ?? "that its run may finish",
        fix: told?.fix ?? "Export it again."
      })
    }
    const look = yield* Effect.flatMap(TraceStore, (traces) => traces.get(node.stage, node.key as Trace["key"]))
    if (look._tag !== "Hit")
      return yield* new NotMade({
        what: `The trace of ${use.name} is gone`,
        expected: "that nobody removes it meanwhile",
        fix: "Export it again."
      })
    return { pipeline: record.pipeline, node: made.node, trace: look.trace, output: made.output, stored: made.stored }
  })

/** The run that an artifact was found in, as a card tells of it; null where no record of one is left. */
export const cardRunOf = <S>({ pipelines }: Project<S>, { ran: looked }: Addressed) =>
  Effect.gen(function* () {
    const ran = yield* looked
    const pipeline = pipelines.find(({ name }) => name === ran?.record.pipeline)
    if (ran === null || pipeline === undefined) return null
    const origin = yield* Effect.option(Given.originOf(pipeline, ran.record, ran.node, commandOf))
    if (origin._tag === "None") return null
    const { params, nodes } = origin.value
    const run: CardRun = {
      record: ran.record,
      params,
      nodes: [...nodes].map(([node, one]) => ({ ...one, node }))
    }
    return run
  })
