import { availableParallelism } from "node:os"
import * as path from "node:path"
import { Effect } from "effect"
import type { Stored } from "../artifacts/Artifact.ts"
import * as Document from "../artifacts/Document.ts"
import { ObjectStore, readPart } from "../cache/ObjectStore.ts"
import { tidy } from "../cache/tidy.ts"
import type { AnyPipeline, PlanningNeedsOf } from "../engine/Pipeline.ts"
import * as Run from "../engine/Run.ts"
import type { NodeRecord, NodeStatus, RunRecord } from "../engine/RunRecord.ts"
import type { Asked } from "./node-address.ts"
import { sentence, shown, toldOf } from "./option-text.ts"
import { Place } from "./Place.ts"
import { Reporter } from "./Reporter.ts"
import { reportRun } from "./report-writer.ts"
import * as ResultText from "./result-text.ts"
import { filesOf } from "./results-writer.ts"
import { untilText } from "./run-address.ts"
import { shortPath } from "./short-path.ts"
import { formatSeconds } from "./table-text.ts"

/** A document's value; null for other kinds, and for bytes that are gone or are no JSON. */
const documentOf = (stored: Stored) =>
  Effect.gen(function* () {
    if (stored.kind !== "document") return null
    const store = yield* ObjectStore
    const value = yield* Effect.orElseSucceed(Document.json(stored, readPart(store)), () => null)
    return value as ResultText.Value | null
  })

/** Each result as the contract has it: the value of a document, or where the file lies, and its digest. */
const resultsOf = (record: RunRecord) =>
  Effect.gen(function* () {
    const { results } = yield* Place
    const store = yield* ObjectStore
    const values: Record<string, ResultText.Value> = {}
    for (const [name, { stored }] of Object.entries(record.results)) {
      const value = yield* documentOf(stored)
      const files = filesOf(name, stored)
      const file = files.find((each) => each.file.endsWith(".png")) ?? files[0]
      const where =
        stored.kind === "table" && file !== undefined
          ? store.locate(file.object)
          : file === undefined
            ? null
            : path.join(results, record.pipeline, file.file)
      const place = { path: where, digest: stored.content }
      values[name] =
        value === null ? place : Document.isToldWhole(stored) ? value : { ...place, ...ResultText.numbers(value) }
    }
    return values
  })

const orNull = <A, B>(value: A | null, f: (value: A) => B): B | null => (value === null ? null : f(value))

/** A node as `run --json` prints it. */
const nodeOf = ({ reasons: _, told, error, ...node }: NodeRecord) => ({
  ...node,
  told: orNull(told, (remarks) => remarks.map(shown)),
  error: orNull(error, toldOf)
})

const firstErrorOf = ({ error, nodes }: RunRecord) => error ?? nodes.find((node) => node.error !== null)?.error ?? null

/** The record as `run --json` prints it. */
const toJson = (record: RunRecord, report: string | null) =>
  Effect.map(resultsOf(record), (results) => ({
    schema: record.schema,
    run: record.run,
    pipeline: record.pipeline,
    status: record.status,
    seconds: record.seconds,
    params: record.params,
    until: record.until ?? null,
    git: record.git,
    nodes: record.nodes.map(nodeOf),
    results,
    report,
    ...(record.status === "failed" ? { error: orNull(firstErrorOf(record), toldOf) } : {})
  }))

const whatRan = ({ nodes, status: ended }: RunRecord): string => {
  const count = (status: NodeStatus) => nodes.filter((node) => node.status === status).length
  const isAll = count("unasked") === 0
  if (count("ran") === 0 && ended === "done")
    return `nothing to do: everything ${isAll ? "" : "that is asked for "}is cached`
  const skipped = nodes.filter(({ status, reason }) => status === "skipped" && reason !== null).length
  const failed = count("failed") === 0 ? "" : `, ${count("failed")} failed, ${skipped} skipped`
  return `${count("ran")} ran, ${count("reused")} cached${failed}${isAll ? "" : `, ${count("unasked")} not asked for`}`
}

const summary = (record: RunRecord, report: string | null) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    for (const [name, value] of Object.entries(yield* resultsOf(record)))
      yield* reporter.print(ResultText.text(name, value))
    if (report !== null) yield* reporter.print(`report: ${shortPath(report)}`)
    const did = record.status === "interrupted" ? "run it again to go on" : whatRan(record)
    yield* reporter.print(
      `${record.pipeline}${untilText(record)} ${record.run} ${record.status} in ${formatSeconds(record.seconds)}: ${did}`
    )
    if (record.error !== null) yield* reporter.note(`error: ${sentence(record.error)}`)
    for (const { node, error } of record.nodes) {
      if (error !== null) yield* reporter.note(`error in ${node}: ${sentence(error)}`)
    }
  })

/** Told to people or programs when a run is over, also when it is interrupted. */
export const tell = (pipelines: ReadonlyArray<AnyPipeline>, record: RunRecord) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const report = yield* reportRun(pipelines, record)
    yield* reporter.json ? Effect.flatMap(toJson(record, report), reporter.document) : summary(record, report)
  })

/** Runs a pipeline; the exit code. */
export const run = <P extends AnyPipeline>(
  pipeline: P,
  values: Readonly<Record<string, unknown>>,
  { again, until }: Asked
): Effect.Effect<number, never, Run.Needs | Place | Reporter | PlanningNeedsOf<P>> =>
  Effect.gen(function* () {
    const { home } = yield* Place
    const record = yield* Run.run(pipeline, values, { cores: availableParallelism() }, again, until)
    // the run is over, and its results are kept: no housekeeping makes a failure of it
    if (record.nodes.some(({ status }) => status === "ran")) yield* Effect.ignore(Effect.sandbox(tidy(home)))
    return record.status === "done" ? 0 : 1
  })
