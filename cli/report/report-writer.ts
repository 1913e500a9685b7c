import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Cause, Effect } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import type { ObjectStore, StoreFailed } from "../../cache/ObjectStore.ts"
import type { TraceStore } from "../../cache/Trace.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import { Kinds, kindOf } from "../../kinds/Kinds.ts"
import { Place } from "../../project/Place.ts"
import type { Whole } from "../../project/Project.ts"
import type * as Views from "../../project/Views.ts"
import { holds } from "../results/results-writer.ts"
import { writeAside } from "../results/write-aside.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { gather } from "./gather.ts"
import { runPage } from "./run-page.ts"

type Needs = Place | ObjectStore | TraceStore | Kinds | Views.Current

/** What a page takes from the project, beside its views. */
export type Pages = Pick<Whole<unknown, unknown>, "pipelines">

/**
 * Where a run's report belongs: beside its results while they are the pipeline's last finished ones, else beside its
 * record; the last finished sweep's and tune's of each pipeline lie in `sweep/` and `tune/`. Two runs of one pipeline that end within the same
 * millisecond may leave the other's beside the results.
 */
const placeOf = (record: RunRecord): Effect.Effect<string, never, Place | Kinds> =>
  Effect.gen(function* () {
    const { home, results } = yield* Place
    const kinds = yield* Kinds
    const isWhole = record.status === "done" && record.until === undefined
    const kind = record.tune === undefined ? "sweep" : "tune"
    if (record.sweep !== undefined && isWhole) return path.join(results, kind, `${record.pipeline}.html`)
    const folder = path.join(results, record.pipeline)
    const people = Object.entries(record.results).flatMap(([name, result]) =>
      kindOf(kinds, result.stored).isResult ? [{ name, ...result }] : []
    )
    const isLast = isWhole && (yield* holds(folder, people))
    return isLast ? path.join(folder, "report.html") : path.join(home, "runs", `${record.run}.html`)
  })

/**
 * Stands at the end of a page: what it shows but for the run that it tells of, the nodes by their keys. A page that ends so
 * says all that one of a run with nothing to do would.
 */
const endOf = ({ pipeline, params, until, nodes, results, sweep, tune, notices, by }: RunRecord): string => {
  const keys = nodes.map(({ node, key }) => [node, key])
  const contents = Object.entries(results).map(([name, { stored }]) => [name, stored.content])
  const shown = [by, pipeline, params, until, keys, contents, sweep, tune, notices]
  return `<!-- shows ${Digest.ofBytes(JSON.stringify(shown))} -->\n`
}

/** Whether the page of a run that did the same is there: nothing that was all kept need be read again for one. */
const isShown = (file: string, record: RunRecord): Effect.Effect<boolean> =>
  Effect.promise(async () => {
    if (record.status !== "done" || record.nodes.some(({ status }) => status === "ran")) return false
    const end = endOf(record)
    const handle = await fs.open(file).catch(() => null)
    if (handle === null) return false
    try {
      const { size } = await handle.stat()
      const { buffer } = await handle.read(Buffer.alloc(end.length), 0, end.length, Math.max(0, size - end.length))
      return buffer.toString() === end
    } finally {
      await handle.close()
    }
  })

const write = ({ pipelines }: Pages, record: RunRecord, file: string, remedy?: string) =>
  Effect.gen(function* () {
    const page = runPage(yield* gather(pipelines, record))
    yield* writeAside(file, `${page}${endOf(record)}`, remedy)
    return file
  })

/** Writes the report of a run, to a file of the caller's choice or where it belongs; the file. */
export const writeReport = (
  project: Pages,
  record: RunRecord,
  to: string | null
): Effect.Effect<string, StoreFailed, Needs> =>
  to === null
    ? Effect.flatMap(placeOf(record), (file) => write(project, record, file))
    : write(project, record, to, "give --to another file")

/** The report of a run that had nothing to do is that of the run that did it, while it is where this one belongs. */
const shownOrWritten = (project: Pages, record: RunRecord) =>
  Effect.gen(function* () {
    const file = yield* placeOf(record)
    return (yield* isShown(file, record)) ? file : yield* write(project, record, file)
  })

/** The report of a run that is over; a run that did its work is not undone by a report that cannot be written. */
export const reportRun = (project: Pages, record: RunRecord) =>
  shownOrWritten(project, record).pipe(
    Effect.catchAllCause((cause) =>
      Effect.gen(function* () {
        const reporter = yield* Reporter
        const [error] = Cause.prettyErrors(cause)
        yield* reporter.note(`warning: The run has no report: ${error?.message ?? "unknown"}`)
        return null
      })
    )
  )
