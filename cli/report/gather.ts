import { Effect } from "effect"
import { id } from "../../artifacts/Artifact.ts"
import type { Key } from "../../cache/Key.ts"
import { type Trace, TraceStore } from "../../cache/Trace.ts"
import type * as GraphOf from "../../engine/Graph.ts"
import type { AnyPipeline } from "../../engine/Pipeline.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import type { Kind } from "../../kinds/Kind.ts"
import { Kinds, kindOf } from "../../kinds/Kinds.ts"
import type { View } from "../../project/View.ts"
import * as Views from "../../project/Views.ts"
import { commandOfRecord, defaultsOf, isSame } from "../command/command-text.ts"
import { shown, toldOf, valueText } from "../command/option-text.ts"
import { printedText } from "../terminal/printed-text.ts"
import { revisionText } from "../terminal/revision-text.ts"
import { curves, type History } from "./Chart.ts"
import { type Document, documentsOf, drawingsOf, fitsOf, isOne, tablesOf, valuesOf } from "./documents.ts"
import { tunedOf } from "./gather-tune.ts"
import { historiesOf } from "./histories.ts"
import { isQuality, metricsOf } from "./metrics.ts"
import { sectionsOf } from "./own-sections.ts"
import { pointsOf, rankedPoints } from "./points.ts"
import type { Failed, Fit, ParamValue, Printed, Remarks, Report, Table } from "./Report.ts"
import { drawn, graphOfRecord, isDrawable } from "./run-graph.ts"
import { tracesOf } from "./run-traces.ts"
import { isPlain, tableOf } from "./small-table.ts"

/** Of a sweep's points so many have their curves drawn, the best ones. */
const MOST_CURVES = 16
/** Failures of a sweep repeat each other. */
const MOST_FAILURES = 20
/** Nodes of a sweep whose remarks are shown: they read the same dataset, or few. */
const MOST_REMARKS = 20
/** Nodes whose prints are shown; each may have 64 KiB of them. */
const MOST_PRINTED = 20
const MOST_NAMES = 60

const paramsOf = (pipeline: AnyPipeline | undefined, params: RunRecord["params"]): ReadonlyArray<ParamValue> => {
  const defaults = pipeline === undefined ? {} : defaultsOf(pipeline)
  return Object.entries(params).map(([name, value]) => ({
    name,
    value: valueText(value),
    fallback: name in defaults ? valueText(defaults[name]) : null,
    differs: name in defaults && !isSame(value, defaults[name]),
    description: pipeline?.params[name]?.description ?? ""
  }))
}

/** Tables of few rows and plain columns that the nodes left, such as a confusion matrix; those of images are too large. */
const tablesOfNodes = (graph: GraphOf.Graph | null, traces: ReadonlyMap<string, Trace>) =>
  Effect.gen(function* () {
    const found: Array<Table> = []
    for (const { name, node } of graph?.stages ?? []) {
      for (const [output, stored] of Object.entries(traces.get(name)?.outputs ?? {})) {
        const table = yield* tableOf(`${name}.${output}`, node.definition.outputs[output], stored)
        if (table !== null) found.push(table)
      }
    }
    return found
  })

/**
 * Nodes whose traces a page needs, which are many files: those with a table to show, where the graph tells them; of a sweep
 * those of its best points.
 */
const worthReading = (
  graph: GraphOf.Graph | null,
  { nodes, sweep }: RunRecord,
  best: ReadonlyArray<{ readonly nodes: RunRecord["nodes"] }>
): RunRecord["nodes"] => {
  if (sweep !== undefined) {
    const names = new Set(best.flatMap((point) => point.nodes.map(({ node }) => node)))
    return nodes.filter(({ node }) => names.has(node))
  }
  if (graph === null) return nodes
  const shown = graph.stages.filter(({ node }) => Object.values(node.definition.outputs).some(isPlain))
  const names = new Set(shown.map(({ name }) => name))
  return nodes.filter(({ node }) => names.has(node))
}

const failuresOf = ({ error, nodes }: RunRecord): ReadonlyArray<Failed> => {
  const all: ReadonlyArray<Failed> = [
    ...(error === null ? [] : [{ node: null, error: toldOf(error) }]),
    ...nodes.flatMap(({ node, error: own }) => (own === null ? [] : [{ node, error: toldOf(own) }]))
  ]
  return all.slice(0, MOST_FAILURES)
}

const remarksOf = ({ nodes }: RunRecord): ReadonlyArray<Remarks> =>
  nodes.flatMap(({ node, told }) => (told === null ? [] : [{ node, told: told.map(shown) }])).slice(0, MOST_REMARKS)

/** What the nodes printed that this run computed. One that it reused printed nothing in it. */
const printedOf = (record: RunRecord) =>
  Effect.gen(function* () {
    const traces = yield* TraceStore
    const worthReading = isDrawable(record) ? record.nodes : record.nodes.filter(({ status }) => status === "failed")
    const all = yield* Effect.forEach(worthReading, ({ node, stage, status, key, printed }) =>
      Effect.map(
        status === "ran" && key !== null ? traces.printed(stage, key as Key) : Effect.succeed(printed ?? ""),
        (text): Printed => ({ node, text: printedText(text), isOpen: status === "failed" })
      )
    )
    return all.filter(({ text }) => text !== "").slice(0, MOST_PRINTED)
  })

const chartOf = (histories: ReadonlyArray<Omit<History, "entry">>, fits: ReadonlyArray<Fit>) => {
  const isTest = fits.some(({ validation }) => validation === "test")
  return curves(
    histories.map((history, entry) => ({ ...history, entry })),
    {
      entries: histories.map(({ label }) => label),
      kinds: { training: "training", validation: isTest ? "test" : "validation" },
      bestEpoch: histories.length === 1 ? (fits[0]?.bestEpoch ?? null) : null
    }
  )
}

/** How the trainings went, as their nodes tell it where no result does. */
const fitsBehind = (
  views: ReadonlyArray<View>,
  documents: ReadonlyArray<Document>,
  traces: ReadonlyMap<string, Trace>
): RunRecord["results"] => {
  const fits = Views.those(views, "Fit").map(({ artifact }) => artifact)
  return documents.some(({ artifact }) => isOne(fits, artifact))
    ? {}
    : Object.fromEntries(
        [...traces].flatMap(([node, { outputs }]) =>
          Object.entries(outputs).flatMap(([output, stored]) =>
            fits.some((artifact) => stored.artifact === id(artifact))
              ? [[`${node}.${output}`, { node, output, stored }]]
              : []
          )
        )
      )
}

/** Some names, and how many more there are. */
const some = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.length <= MOST_NAMES ? names : [...names.slice(0, MOST_NAMES), `${names.length - MOST_NAMES} more`]

/** Whether a page shows what is of that kind. */
const isShown = ({ value, drawing }: Kind): boolean => value !== null || drawing !== null

const notesOf = (
  record: RunRecord,
  graph: GraphOf.Graph | null,
  shown: ReadonlyArray<Pick<Document, "name">>,
  best: number,
  kinds: typeof Kinds.Service
): ReadonlyArray<string> => {
  const { results, nodes, pipeline, sweep } = record
  const lost = Object.entries(results).flatMap(([name, { stored }]) =>
    isShown(kindOf(kinds, stored)) && !shown.some((each) => each.name === name) ? [name] : []
  )
  const points = sweep?.points.length ?? 0
  return [
    ...(!isDrawable(record)
      ? [`The graph has ${nodes.length} nodes: too many to draw.`]
      : graph === null && nodes.length > 0
        ? [`The pipeline ${pipeline} has changed since: its graph is drawn as far as the kept traces tell.`]
        : []),
    ...(points > best ? [`Curves are those of the ${best} best of ${points} points.`] : []),
    ...(lost.length === 0
      ? []
      : [`Gone from the cache, and not shown: ${lost.join(", ")}. Run it again to have it back.`])
  ]
}

/** All that is known of a run, from its record and what the store still has. */
export const gather = (pipelines: ReadonlyArray<AnyPipeline>, record: RunRecord) =>
  Effect.gen(function* () {
    const views = yield* Views.Current
    const pipeline = pipelines.find(({ name }) => name === record.pipeline)
    const graph = graphOfRecord(pipeline, record)
    const points = yield* rankedPoints(record)
    const best = points.slice(0, MOST_CURVES)
    const traces = yield* tracesOf(worthReading(graph, record, best))
    const documents = yield* documentsOf(record.results)
    const figures = yield* drawingsOf(record.results)
    const fits =
      record.sweep === undefined
        ? fitsOf(views, [...documents, ...(yield* documentsOf(fitsBehind(views, documents, traces)))])
        : points.flatMap((point) => point.fits)
    const own = yield* sectionsOf(record.results)
    const chart = chartOf(yield* historiesOf(traces), fits)
    // figures of what the page draws itself, so that one can point at it: once is enough
    const drawnHere = [
      ...(chart === null ? [] : Views.those(views, "Curves").flatMap(({ insteadOf }) => insteadOf)),
      ...own.sections.flatMap(({ insteadOf }) => insteadOf)
    ]
    const shownElsewhere = new Set([...own.sections.flatMap(({ names }) => names), ...fits.map(({ name }) => name)])
    const metrics = metricsOf(valuesOf(documents))
    // without a number of its own, what a run came to is in its tables
    const isOpen = !metrics.some(({ name }) => isQuality(name))
    const tables = documents
      .filter(({ name }) => !shownElsewhere.has(name))
      .flatMap(tablesOf)
      .map((table) => ({ ...table, isOpen }))
    const tablesBehind = record.sweep === undefined ? yield* tablesOfNodes(graph, traces) : []
    const count = (status: string) => record.nodes.filter((node) => node.status === status).length
    const report: Report = {
      run: record.run,
      pipeline: record.pipeline,
      description: pipeline?.description ?? "",
      status: record.status,
      started: record.started,
      seconds: record.seconds,
      revision: record.git === null ? null : revisionText(record.git),
      until: record.until ?? [],
      command: pipeline === undefined ? null : commandOfRecord(pipeline, record),
      notices: (record.notices ?? []).map(shown),
      failures: failuresOf(record),
      work: { ran: count("ran"), reused: count("reused") },
      notReached: some(
        record.nodes.flatMap(({ node, status, reason }) => (status === "skipped" && reason !== null ? [node] : []))
      ),
      metrics,
      fits,
      points: pointsOf(pipeline, points),
      tuned: yield* tunedOf(
        pipeline,
        record,
        (point) => points.find(({ id }) => id === `${record.run}#${point + 1}`)?.metrics ?? new Map()
      ),
      remarks: remarksOf(record),
      printed: yield* printedOf(record),
      curves: chart,
      graph: drawn(graph, record, traces),
      figures: figures
        .filter(({ name, artifact }) => !shownElsewhere.has(name) && !isOne(drawnHere, artifact))
        .map(({ name, value }) => ({ name, svg: value })),
      sections: own.sections,
      params: paramsOf(pipeline, record.params),
      tables: [...tables, ...tablesBehind.filter(({ name }) => !shownElsewhere.has(name))],
      notes: [...notesOf(record, graph, [...documents, ...figures], best.length, yield* Kinds), ...own.notes]
    }
    return report
  })
