import { Clock, Effect } from "effect"
import { explain } from "../../artifacts/Explained.ts"
import { storeSize } from "../../cache/store-size.ts"
import { TraceStore } from "../../cache/Trace.ts"
import type { AnyPipeline } from "../../engine/Pipeline.ts"
import { newestFirst } from "../../engine/RunName.ts"
import { kindOf, type RecordUnreadable, type RunRecord, RunRecords, trialsOf } from "../../engine/RunRecord.ts"
import { formatBytes, formatCount, formatCounted, formatSeconds, truncate } from "../../kinds/format.ts"
import { Place } from "../../project/Place.ts"
import { runsAndSweeps } from "../address/run-address.ts"
import { type Command, type Project, plain } from "../command/Command.ts"
import { type Files, paramsPage } from "../command/help.ts"
import { paramsDocument } from "../command/params-document.ts"
import { unknown } from "../command/Usage.ts"
import { untilText } from "../run/record-text.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { sizeText } from "../terminal/size-text.ts"
import { table } from "../terminal/table-text.ts"
import { countKept, type KeptCount, keptNodes } from "./kept-nodes.ts"

/** Runs that are told of, and sweeps that are read, which are large. */
const RUNS_SHOWN = 8
/** Nobody waits this long without being told for what. */
const PATIENCE_MILLIS = 300

const right = (header: string) => ({ header, align: "right" as const })

/** How long ago a run began; one that a clock ahead of this one has dated cannot tell. */
const ago = ({ started }: RunRecord, now: number): string => {
  const seconds = (now - Date.parse(started)) / 1000
  if (!(seconds >= 0)) return started
  // of `2 h 3 min` the larger unit
  return formatSeconds(Math.ceil(seconds)).split(" ").slice(0, 2).join(" ")
}

const nameOf = (record: RunRecord): string => {
  const size = sizeText(record)
  return size === null ? record.pipeline : `${record.pipeline}, ${size}`
}

/** Of a run whose process was killed the status says so: whoever ended one by Ctrl-C knows why it ended. */
const statusOf = (run: RunRecord): string =>
  `${run.status}${run.error?.tag === "ProcessGone" ? " without a word" : ""}${untilText(run)}`

const keptText = ({ kept, nodes, bytes }: KeptCount): string =>
  kept === 0
    ? "nothing"
    : `${formatBytes(bytes)}${kept === nodes ? "" : ` (${kept} of ${formatCounted(nodes, "node")})`}`

interface Told {
  readonly pipeline: AnyPipeline
  readonly last: RunRecord | undefined
  readonly kept: KeptCount | null
}

/** `unread`: whether older runs are there, which were not looked at. */
const pipelineRow = (
  { pipeline: { name }, last, kept }: Told,
  { now, unread }: { readonly now: number; readonly unread: boolean }
) =>
  last === undefined || kept === null
    ? [name, unread ? "no recent run" : "never run", "", "", ""]
    : [
        name,
        last.sweep === undefined ? statusOf(last) : `${kindOf(last)} ${last.status}`,
        ago(last, now),
        formatSeconds(last.seconds),
        keptText(kept)
      ]

const runRow = (run: RunRecord, now: number) => [
  run.run,
  nameOf(run),
  statusOf(run),
  ago(run, now),
  formatSeconds(run.seconds)
]

/** A record that cannot be read is a run all the same: nobody is to take its neighbours for all that there were. */
const unreadableRow = ({ run }: RecordUnreadable) => [run, "", "unreadable", "", ""]

/** The newest runs, those whose records cannot be read among them. */
const runsTable = (
  runs: ReadonlyArray<RunRecord>,
  unreadable: ReadonlyArray<RecordUnreadable>,
  now: number
): string => {
  const rows = [...runs.map((run) => runRow(run, now)), ...unreadable.map(unreadableRow)]
  return table(
    [{ header: "run" }, { header: "pipeline" }, { header: "status" }, right("ago"), right("took")],
    newestFirst(rows, ([run = ""]) => run, now).slice(0, RUNS_SHOWN)
  )
}

const unreadableDocument = (error: RecordUnreadable) => ({ run: error.run, file: error.file, error: explain(error) })

const runDocument = ({
  run,
  pipeline,
  status,
  started,
  seconds,
  params,
  git,
  until,
  sweep,
  tune,
  error
}: RunRecord) => ({
  run,
  pipeline,
  status,
  started,
  seconds,
  params,
  git,
  until: until ?? null,
  points: sweep === undefined ? null : sweep.points.length,
  trials: tune === undefined ? null : trialsOf(tune),
  error
})

/** Lines that are no longer than the screen is wide. */
const printFitted = (text: string) =>
  Effect.flatMap(Reporter, ({ print, width }) =>
    print(
      text
        .split("\n")
        .map((line) => truncate(line, width))
        .join("\n")
    )
  )

/** How much is stored; somebody who has to wait for it is told. */
const sizeOf = (home: string) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const began = yield* Clock.currentTimeMillis
    const size = yield* storeSize(home, ({ objects, bytes }) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        now - began < PATIENCE_MILLIS
          ? Effect.void
          : reporter.status(`measuring the store: ${formatCount(objects)} objects, ${formatBytes(bytes)}`)
      )
    )
    yield* reporter.status("")
    return size
  })

/** The pipelines with their last runs and what is kept of these, the newest runs, and how much is stored. */
const listAll = ({ pipelines, exported }: Files) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const { home } = yield* Place
    const traces = yield* TraceStore
    const now = yield* Clock.currentTimeMillis
    const runs = yield* runsAndSweeps(RUNS_SHOWN)
    const keptOf = yield* keptNodes
    const told = yield* Effect.forEach(pipelines, (pipeline) =>
      Effect.gen(function* () {
        const last = runs.find((run) => run.pipeline === pipeline.name)
        const kept = last === undefined ? null : countKept(yield* keptOf(last.nodes))
        return { pipeline, last, kept } satisfies Told
      })
    )
    const stages = yield* Effect.flatMap(traces.stages, (names) =>
      Effect.forEach(names, (stage) => Effect.map(traces.keysOf(stage), ({ size }) => ({ stage, results: size })))
    )
    const ids = yield* Effect.flatMap(RunRecords, (records) => records.ids)
    const unreadable = yield* Effect.flatMap(RunRecords, (records) => records.unreadable)
    const size = yield* sizeOf(home)
    const results = stages.reduce((sum, stage) => sum + stage.results, 0)

    yield* printFitted(
      table(
        [{ header: "pipeline" }, { header: "last run" }, right("ago"), right("took"), { header: "cached" }],
        told.map((each) => pipelineRow(each, { now, unread: ids.length > runs.length }))
      )
    )
    if (runs.length + unreadable.length > 0) yield* printFitted(`\n${runsTable(runs, unreadable, now)}`)
    if (ids.length > RUNS_SHOWN) yield* reporter.print(`and ${formatCount(ids.length - RUNS_SHOWN)} older ones`)
    yield* reporter.print(
      `\nstore: ${formatBytes(size.bytes)} in ${formatCounted(size.objects, "object")}, ${formatCounted(results, "result")} of stages, ${formatCounted(ids.length, "run")}`
    )
    yield* reporter.print(`  in ${home}`)
    yield* reporter.print("\nA pipeline's parameters and runs: pipeline list PIPELINE.")
    yield* reporter.document({
      schema: 1,
      status: "done",
      pipelines: told.map(({ pipeline, last, kept }) => ({
        name: pipeline.name,
        description: pipeline.description,
        params: paramsDocument(pipeline, exported),
        lastRun: last === undefined ? null : runDocument(last),
        kept
      })),
      runs: runs.map(runDocument),
      unreadable: unreadable.map(unreadableDocument),
      cache: { home, ...size, results, runs: ids.length, stages }
    })
    return 0
  })

/** One pipeline: its parameters, its runs, and the nodes of the last one. */
const listOne = ({ pipelines, exported }: Files, name: string) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const names = pipelines.map((each) => each.name)
    const pipeline = pipelines.find((each) => each.name === name)
    if (pipeline === undefined) return yield* unknown("pipeline", name, names, "See pipeline list.")
    const now = yield* Clock.currentTimeMillis
    const isItsOwn = (run: RunRecord) => run.pipeline === name
    const recent = (yield* runsAndSweeps(RUNS_SHOWN)).filter(isItsOwn)
    // its runs may all lie behind many of others
    const runs =
      recent.length > 0 ? recent : yield* Effect.flatMap(RunRecords, (records) => records.find(RUNS_SHOWN, isItsOwn))
    const [last] = runs
    const nodes = last === undefined ? [] : yield* Effect.flatMap(keptNodes, (keptOf) => keptOf(last.nodes))
    yield* reporter.print(paramsPage(pipeline, exported, reporter.width))
    if (last === undefined) yield* reporter.print(`\n${name} was never run.`)
    else {
      const rows = nodes.map(({ node, status, rows, bytes, chunks, isKept }) => [
        node,
        status,
        // elsewhere a sum over tables of different things
        rows === null || chunks === null ? "" : formatCount(rows),
        bytes === null ? "" : formatBytes(bytes),
        isKept === null ? "" : isKept ? "yes" : "no"
      ])
      const columns = [
        { header: "node" },
        { header: "in its last run" },
        right("rows"),
        right("size"),
        { header: "kept" }
      ]
      // a sweep has as many nodes as points
      if (last.sweep === undefined) yield* printFitted(`\n${table(columns, rows)}`)
      yield* printFitted(`\n${runsTable(runs, [], now)}`)
    }
    yield* reporter.document({
      schema: 1,
      status: "done",
      pipeline: { name, description: pipeline.description, params: paramsDocument(pipeline, exported) },
      nodes: nodes.map(({ node, stage, status, key, rows, bytes, isKept }) => ({
        node,
        stage,
        status,
        key,
        rows,
        bytes,
        isKept
      })),
      runs: runs.map(runDocument),
      // of which pipeline they are, nobody can tell
      unreadable: (yield* Effect.flatMap(RunRecords, (records) => records.unreadable)).map(unreadableDocument)
    })
    return 0
  })

/** Lists all pipelines, or tells of one of them. */
export const list = <S>(project: Project<S>): Command<S> =>
  plain<S>({
    name: "list",
    description: "List pipelines, runs and what is cached",
    args: [{ name: "PIPELINE", description: "One of them, with its parameters and nodes", isOptional: true }],
    run: ({ args: [name] }) => (name === undefined ? listAll(project) : listOne(project, name))
  })
