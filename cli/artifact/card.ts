import { Effect } from "effect"
import type { Stored } from "../../artifacts/Artifact.ts"
import * as Key from "../../cache/Key.ts"
import type { Trace } from "../../cache/Trace.ts"
import type { AnyPipeline } from "../../engine/Pipeline.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import { formatCount } from "../../kinds/format.ts"
import type { Card, TableBlock } from "../../kinds/Kind.ts"
import type * as Address from "../address/artifact-address.ts"
import { withArtifact } from "../address/declared-artifact.ts"
import { commandOf } from "../command/command-text.ts"
import { shown, valueText } from "../command/option-text.ts"
import { documentsOf, tablesOf, valuesOf } from "../report/documents.ts"
import { metricsOf } from "../report/metrics.ts"
import type { Table } from "../report/Report.ts"
import { tracesOf } from "../report/run-traces.ts"
import { tableOf } from "../report/small-table.ts"
import { revisionText } from "../terminal/revision-text.ts"
import * as Markdown from "./markdown.ts"

/** A run as far as a card tells of it: of a sweep, the point that made the artifact. */
export interface CardRun {
  readonly record: RunRecord
  /** Encoded. */
  readonly params: RunRecord["params"]
  /** By the names that they have in the pipeline. */
  readonly nodes: RunRecord["nodes"]
}

/** Longer tables are no reading for a card: the report of the run has them. */
const MOST_LINES = 40

type Cell = string | number | null
const cellText = (cell: Cell): string =>
  cell === null ? "–" : typeof cell === "string" ? cell : Number.isInteger(cell) ? formatCount(cell) : cell.toFixed(4)

const isNumber = (cells: ReadonlyArray<Cell>): boolean => cells.every((cell) => typeof cell !== "string")

/** A number for each pair of as many names, such as a confusion matrix, as a matrix; null for any other table. */
const matrixOf = ({ name, columns, rows }: Table): TableBlock | null => {
  const names = [...new Set(rows.map(([down]) => down))]
  const across = new Set(rows.map(([, name]) => name))
  const isMatrix =
    columns.length === 3 &&
    names.length > 1 &&
    rows.length === names.length ** 2 &&
    names.every((each) => typeof each === "string" && across.has(each)) &&
    isNumber(rows.map(([, , value]) => value ?? null))
  if (!isMatrix) return null
  const values = new Map(rows.map(([down, right, value]) => [JSON.stringify([down, right]), value ?? null]))
  return {
    title: `${name}: ${columns[0]} down, ${columns[1]} across`,
    columns: [
      { header: String(columns[0]) },
      ...names.map((header) => ({ header: String(header), align: "right" as const }))
    ],
    rows: names.map((down) => [
      String(down),
      ...names.map((right) => cellText(values.get(JSON.stringify([down, right])) ?? null))
    ])
  }
}

const blockOf = (table: Table): TableBlock =>
  matrixOf(table) ?? {
    title: table.name,
    columns: table.columns.map((header, at) => ({
      header,
      align: isNumber(table.rows.map((row) => row[at] ?? null)) ? "right" : "left"
    })),
    rows: table.rows.map((row) => row.map(cellText))
  }

/** What a sentence says of a table that is too long. */
const told = (table: Table): string => {
  const block = blockOf(table)
  return block.rows.length <= MOST_LINES
    ? Markdown.table(block)
    : `${Markdown.escaped(table.name)} has ${formatCount(table.rows.length)} rows: see the report of the run.`
}

/** What the node made, and what the nodes made that were given it: how it was trained and how well it does. */
const measured = (pipelines: ReadonlyArray<AnyPipeline>, found: Address.Found, traces: ReadonlyMap<string, Trace>) =>
  Effect.gen(function* () {
    const users = [...traces].filter(([, { text }]) => Key.contentsIn(text.inputs).includes(found.stored.content))
    const outputs = [[found.node, found.trace] as const, ...users].flatMap(([node, trace]) =>
      Object.entries(trace.outputs).map(([output, stored]) => ({
        pipeline: found.pipeline,
        node,
        trace,
        output,
        stored
      }))
    )
    const named = outputs.map(({ node, output, stored }) => [`${node}.${output}`, { node, output, stored }] as const)
    const documents = yield* documentsOf(Object.fromEntries(named))
    const tables: Array<Table> = []
    for (const one of outputs) {
      const { artifact } = withArtifact(pipelines, one)
      const table = yield* tableOf(`${one.node}.${one.output}`, artifact ?? undefined, one.stored)
      if (table !== null) tables.push(table)
    }
    const numbers: TableBlock = {
      columns: [{ header: "metric" }, { header: "value", align: "right" }],
      rows: metricsOf(valuesOf(documents)).map(({ name, value }) => [name, cellText(value)])
    }
    const lists = documents.flatMap(tablesOf).filter(({ columns }) => columns.join() !== "field,value")
    return [...(numbers.rows.length === 0 ? [] : [Markdown.table(numbers)]), ...[...lists, ...tables].map(told)]
  })

/** Each digest of an input, with what people call it. */
const inputsOf = ({ text, labels }: Trace): ReadonlyArray<{ readonly label: string; readonly digest: string }> =>
  Object.entries(text.inputs).flatMap(([input, digest]) =>
    typeof digest === "string" ? [{ label: labels[input] ?? input, digest }] : []
  )

const outputNames = (traces: ReadonlyMap<string, Trace>) =>
  new Set([...traces].flatMap(([node, { outputs }]) => Object.keys(outputs).map((output) => `${node}.${output}`)))

/** What came from outside, what was made of it first, and what that was said to be. */
const dataOf = (traces: ReadonlyMap<string, Trace>): ReadonlyArray<string> => {
  const names = outputNames(traces)
  const readers = [...traces].flatMap(([node, trace]) => {
    const sources = inputsOf(trace).filter(({ label }) => !names.has(label))
    return sources.length === 0 ? [] : [{ node, trace, sources }]
  })
  const sources = new Map(readers.flatMap((reader) => reader.sources.map(({ label, digest }) => [label, digest])))
  const tables = readers.flatMap(({ node, trace }) =>
    Object.entries(trace.outputs).flatMap(([output, { rows }]) =>
      rows === null ? [] : [[`${node}.${output}`, rows] as const]
    )
  )
  const remarks = readers.flatMap(({ trace }) => (trace.told ?? []).map((text) => `- ${Markdown.escaped(shown(text))}`))
  return [
    ...(sources.size === 0
      ? []
      : [
          Markdown.table({
            columns: [{ header: "read" }, { header: "sha256" }],
            rows: [...sources].map((row) => [...row])
          })
        ]),
    ...(tables.length === 0
      ? []
      : [
          Markdown.table({
            columns: [{ header: "made of it" }, { header: "rows", align: "right" }],
            rows: tables.map(([name, rows]) => [name, formatCount(rows)])
          })
        ]),
    ...(remarks.length === 0 ? [] : [remarks.join("\n")])
  ]
}

const digestsOf = (found: Address.Found, exported: Stored): ReadonlyArray<string> => {
  const { trace, stored, node, output } = found
  const parts = exported.parts.map((part) => [part.name, part.object])
  return [
    Markdown.table({
      columns: [{ header: "what" }, { header: "sha256" }],
      rows: [
        [`${node}.${output}`, stored.content],
        ...(exported.content === stored.content ? [] : [["what is exported", exported.content]]),
        ...parts,
        ["key", trace.key],
        ["code", trace.text.code.digest]
      ]
    }),
    ...Object.entries(trace.text.facts).map(
      ([name, value]) => `${Markdown.escaped(name)}: ${Markdown.escaped(valueText(value))}`
    )
  ]
}

const paramsTable = (pipeline: AnyPipeline | undefined, params: RunRecord["params"]): string =>
  Markdown.table({
    columns: [{ header: "parameter" }, { header: "value" }, { header: "what it is" }],
    rows: Object.entries(params).map(([name, value]) => [
      name,
      valueText(value),
      pipeline?.params[name]?.description ?? ""
    ])
  })

const repeating = (pipeline: AnyPipeline | undefined, run: CardRun, command: string): ReadonlyArray<string> => {
  const { record, params } = run
  const again = pipeline === undefined ? null : commandOf(pipeline, params)
  const revision = record.git === null ? "" : `, of the project at ${revisionText(record.git)}`
  const by = record.by === undefined ? "" : `, by Headrace ${record.by}`
  return [
    `Made by run ${record.run}, which began at ${record.started}${revision}${by}.`,
    ...(again === null ? [] : [["```sh", again, command, "```"].join("\n")]),
    "From the same bytes, with the same code and facts, it makes the same digests."
  ]
}

/**
 * A card of an artifact in Markdown: what it is, what it was made of, how well it does, with which parameters it was made, and how
 * to make it again. `command` is what exported it; `exported` is what the files are of.
 */
export const cardText = (
  pipelines: ReadonlyArray<AnyPipeline>,
  {
    found,
    run,
    exported,
    command
  }: {
    readonly found: Address.Found
    readonly run: CardRun | null
    readonly exported: Stored
    readonly command: string
  },
  { title, blocks }: Card
) =>
  Effect.gen(function* () {
    const traces = run === null ? new Map([[found.node, found.trace]]) : yield* tracesOf(run.nodes)
    const pipeline = pipelines.find(({ name }) => name === found.pipeline)
    return [
      `# ${title}: ${Markdown.escaped(`${found.pipeline}/${found.node}.${found.output}`)}`,
      ...(pipeline === undefined ? [] : [`${Markdown.escaped(pipeline.description)}.`]),
      ...blocks.map((block) => (typeof block === "string" ? Markdown.escaped(block) : Markdown.table(block))),
      Markdown.section("Data", dataOf(traces)),
      Markdown.section("How well it does", yield* measured(pipelines, found, traces)),
      Markdown.section("Parameters", [paramsTable(pipeline, run?.params ?? found.trace.text.params)]),
      Markdown.section("Digests", digestsOf(found, exported)),
      Markdown.section(
        "How to repeat it",
        run === null ? ["No record of its run is left."] : repeating(pipeline, run, command)
      )
    ]
      .filter((part) => part !== null)
      .join("\n\n")
  })
