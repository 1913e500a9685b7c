import * as path from "node:path"
import { Effect, Either } from "effect"
import type { Stored } from "../../artifacts/Artifact.ts"
import { explain } from "../../artifacts/Explained.ts"
import { ObjectStore, readPart } from "../../cache/ObjectStore.ts"
import * as Kind from "../../engine/Kind.ts"
import { type Audited, firstErrorOf, type NodeRecord, type RunRecord } from "../../engine/RunRecord.ts"
import { formatCounted, formatSeconds } from "../../kinds/format.ts"
import { ofStored } from "../../kinds/Kinds.ts"
import { Place } from "../../project/Place.ts"
import { sentence, shown, toldOf } from "../command/option-text.ts"
import { type Pages, reportRun } from "../report/report-writer.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { shortPath } from "../terminal/short-path.ts"
import { aboutRecord, countOf, nothingToDo, untilText } from "./record-text.ts"
import * as ResultText from "./result-text.ts"

/** What a result says as JSON, or why that is not known; null where its kind says nothing so, and for bytes that are gone or are no JSON. */
const readValue = (stored: Stored) =>
  Effect.gen(function* () {
    const store = yield* ObjectStore
    const found = yield* Effect.either(Kind.readValue(stored, readPart(store)))
    if (Either.isRight(found)) return found.right === null ? null : { value: found.right.value as ResultText.Value }
    return found.left._tag === "StoreFailed" ? { error: toldOf(explain(found.left)) } : null
  })

/** Each result as the contract has it: the value of a document, or where the file lies, its digest, and why it could not be read. */
const resultsOf = (record: RunRecord) =>
  Effect.gen(function* () {
    const { results } = yield* Place
    const store = yield* ObjectStore
    const values: Record<string, ResultText.Value> = {}
    for (const [name, { stored }] of Object.entries(record.results)) {
      const read = yield* readValue(stored)
      const kind = yield* ofStored(stored)
      const files = kind.files(name, stored)
      const file = files.find((each) => each.file.endsWith(".png")) ?? files[0]
      const where =
        file === undefined
          ? null
          : !kind.isResult
            ? store.locate(file.object)
            : path.join(results, record.pipeline, file.file)
      const place = { path: where, digest: stored.content }
      values[name] =
        read === null || "error" in read
          ? { ...place, ...read }
          : kind.isPicture(stored)
            ? { ...place, ...ResultText.numbers(read.value) }
            : read.value
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

/** The record as `run --json` prints it. */
const toJson = (record: RunRecord, report: string | null) =>
  Effect.map(resultsOf(record), (results) => ({
    ...aboutRecord(record),
    nodes: record.nodes.map(nodeOf),
    results,
    report,
    ...(record.audit === undefined
      ? {}
      : { audit: record.audit.map(({ error, ...one }) => ({ ...one, error: orNull(error, toldOf) })) }),
    ...(record.status === "failed" ? { error: orNull(firstErrorOf(record), toldOf) } : {})
  }))

const whatRan = (record: RunRecord): string => {
  const { nodes, status: ended } = record
  const count = countOf(record)
  const isAll = count("unasked") === 0
  if (count("ran") === 0 && ended === "done") return nothingToDo(isAll)
  const skipped = nodes.filter(({ status, reason }) => status === "skipped" && reason !== null).length
  const failed = count("failed") === 0 ? "" : `, ${count("failed")} failed, ${skipped} skipped`
  return `${count("ran")} ran, ${count("reused")} cached${failed}${isAll ? "" : `, ${count("unasked")} not asked for`}`
}

/** How many results came out as they are kept; what came out otherwise is the run's error. */
const auditText = (audit: ReadonlyArray<Audited>): string => {
  if (audit.length === 0) return "audit: nothing was reused"
  const counts = ["same", "close", "differs", "failed"] as const
  const told = counts.flatMap((verdict) => {
    const count = audit.filter((one) => one.verdict === verdict).length
    return count === 0 ? [] : [`${count} ${VERDICTS[verdict]}`]
  })
  return `audit: ${formatCounted(audit.length, "result")} computed again: ${told.join(", ")}`
}
const VERDICTS: Readonly<Record<Audited["verdict"], string>> = {
  same: "the same",
  close: "within their tolerance",
  differs: "otherwise",
  failed: "failed"
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
    if (record.audit !== undefined) yield* reporter.print(auditText(record.audit))
    if (record.error !== null) yield* reporter.note(`error: ${sentence(record.error)}`)
    for (const { node, error } of record.nodes) {
      if (error !== null) yield* reporter.note(`error in ${node}: ${sentence(error)}`)
    }
  })

/** Told to people or programs when a run is over, also when it is interrupted. */
export const tell = (project: Pages, record: RunRecord) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const report = yield* reportRun(project, record)
    yield* reporter.json ? Effect.flatMap(toJson(record, report), reporter.document) : summary(record, report)
  })
