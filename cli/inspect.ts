import * as path from "node:path"
import { Effect } from "effect"
import * as ArrowTable from "../artifacts/ArrowTable.ts"
import type { StoredPart } from "../artifacts/Artifact.ts"
import { type AnyBatch, isTensor } from "../artifacts/Column.ts"
import * as Digest from "../artifacts/Digest.ts"
import * as Document from "../artifacts/Document.ts"
import { ObjectStore, readPart } from "../cache/ObjectStore.ts"
import { TraceStore } from "../cache/Trace.ts"
import type { AnyPipeline } from "../engine/Pipeline.ts"
import * as Address from "./artifact-address.ts"
import { checkpointDetails } from "./checkpoint-details.ts"
import { type ColumnStatistics, columnStatistics } from "./column-statistics.ts"
import { contactSheet } from "./contact-sheet.ts"
import { layersOf } from "./model-layers.ts"
import { Place } from "./Place.ts"
import { lastPrinted } from "./printed-text.ts"
import { Reporter } from "./Reporter.ts"
import { placed } from "./results-writer.ts"
import { classesOf, sheetImages } from "./sheet-images.ts"
import { layoutOf } from "./table-layout.ts"
import { formatBytes, formatCount, formatSeconds, table } from "./table-text.ts"
import { gridText, hasTruecolor, type ImageGrid } from "./terminal-image.ts"
import { writeAside } from "./write-aside.ts"

/** Statistics are taken over chunks spread evenly through the table, this many bytes at most; more would be slow. */
const STATISTICS_BYTES = 64 * 1024 * 1024
const FIRST_ROWS = 5
const VALUES_SHOWN = 6
const LINES_PRINTED = 40

const sample = (parts: ReadonlyArray<StoredPart>): ReadonlyArray<StoredPart> => {
  const total = parts.reduce((sum, { bytes }) => sum + bytes, 0)
  const every = Math.max(1, Math.ceil(total / STATISTICS_BYTES))
  return parts.filter((_, index) => index % every === 0)
}

const cell = (batch: AnyBatch, column: string, row: number): string => {
  const values = batch.columns[column]
  if (values === undefined) return ""
  if (!isTensor(values)) return String(values[row])
  const size = values.data.length / batch.rows
  const shown = Array.from(values.data.subarray(row * size, row * size + VALUES_SHOWN), (value) =>
    Number(value.toPrecision(4))
  )
  return `[${shown.join(", ")}${size > VALUES_SHOWN ? ", …" : ""}]`
}

const number = (value: number | null): string => (value === null ? "" : String(Number(value.toPrecision(5))))

const statisticsText = (statistics: ReadonlyArray<ColumnStatistics>, names: ReadonlyArray<string>): string => {
  const rows = statistics.map(({ column, values, min, max, mean, deviation, zeros }) => [
    column,
    formatCount(values),
    number(min),
    number(max),
    number(mean),
    number(deviation),
    zeros === null ? "" : `${(zeros * 100).toFixed(1)} %`
  ])
  const right = (header: string) => ({ header, align: "right" as const })
  const text = table(
    [
      { header: "column" },
      right("values"),
      right("least"),
      right("greatest"),
      right("mean"),
      right("deviation"),
      right("zeros")
    ],
    rows
  )
  const counts = statistics.flatMap(({ column, counts }) =>
    column === "label" && counts !== null
      ? [
          `rows by class: ${Object.entries(counts)
            .map(([label, count]) => `${names[Number(label)] ?? label} ${formatCount(count)}`)
            .join(", ")}`
        ]
      : []
  )
  return [text, ...counts].join("\n")
}

const writeSheet = (images: ImageGrid, content: string) =>
  Effect.gen(function* () {
    const { results } = yield* Place
    const png = yield* contactSheet(images)
    const file = path.join(results, "inspect", `${content.slice(0, 12)}.png`)
    yield* writeAside(file, png)
    return file
  })

const tableDetails = (found: Address.Found, layout: ArrowTable.Layout) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const store = yield* ObjectStore
    const { stored } = found
    const header = yield* ArrowTable.headerOf(stored.artifact, stored)
    const names = classesOf(header)
    const columns = Object.entries(layout.columns).map(([name, column]) => ({
      name,
      type:
        typeof column === "string" ? column : `${column.dtype} [${(header.shapes[name] ?? column.shape).join(", ")}]`
    }))
    const parts = sample(stored.parts)
    const chunks = yield* Effect.forEach(parts, (part) => ArrowTable.readChunk(layout, header, part, readPart(store)))
    const batches = chunks.map(({ batch }) => batch)
    const statistics = columnStatistics(
      columns.map(({ name }) => name),
      batches
    )
    const [first] = batches
    const rows =
      first === undefined
        ? []
        : Array.from({ length: Math.min(FIRST_ROWS, first.rows) }, (_, row) =>
            columns.map(({ name }) => cell(first, name, row))
          )
    yield* reporter.print(`columns: ${columns.map(({ name, type }) => `${name} ${type}`).join("; ")}`)
    if (names.length > 0) yield* reporter.print(`classes: ${names.join(", ")}`)
    const read = batches.reduce((sum, batch) => sum + batch.rows, 0)
    const over =
      parts.length === stored.parts.length
        ? "all rows"
        : `${formatCount(read)} rows in ${parts.length} of ${stored.parts.length} chunks`
    yield* reporter.print(`\nover ${over}:\n${statisticsText(statistics, names)}`)
    if (rows.length > 0)
      yield* reporter.print(
        `\nfirst rows:\n${table(
          columns.map(({ name }) => ({ header: name })),
          rows
        )}`
      )
    const images = sheetImages(batches, header)
    const sheet = images === null ? null : yield* writeSheet(images, stored.content)
    if (images !== null && sheet !== null) {
      yield* reporter.print(`\ncontact sheet: ${sheet}`)
      const terminal = { env: process.env, isTTY: process.stdout.isTTY === true }
      if (hasTruecolor(terminal)) yield* reporter.picture(gridText(images, reporter.width))
    }
    return {
      columns,
      classes: names,
      statistics: { rows: read, chunks: parts.length, columns: statistics },
      firstRows: rows,
      contactSheet: sheet
    }
  })

/** Layers and parameter counts. */
const modelDetails = ({ stored }: Address.Found) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const layers = yield* layersOf(stored)
    const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0)
    const rows = layers.map((layer) => [layer.name, layer.kind, formatCount(layer.parameters)])
    const columns = [{ header: "layer" }, { header: "kind" }, { header: "parameters", align: "right" as const }]
    yield* reporter.print(`\n${table(columns, [...rows, ["", "all", formatCount(parameters)]])}`)
    return { layers, parameters }
  })

const fileDetails = ({ pipeline, stored }: Address.Found) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const store = yield* ObjectStore
    const { results } = yield* Place
    const files = yield* Effect.forEach(stored.parts, ({ name, object, bytes }) =>
      Effect.map(placed(path.join(results, pipeline), object), (result) => ({
        name,
        file: store.locate(object),
        result,
        bytes
      }))
    )
    for (const { name, file, result, bytes } of files) {
      yield* reporter.print(`${name}: ${result ?? file ?? "in memory"} (${formatBytes(bytes)})`)
    }
    if (stored.kind !== "document") return { files }
    const value = yield* Document.json(stored, readPart(store))
    yield* reporter.print(JSON.stringify(value, null, 2))
    return { files, value }
  })

/** Every part with the file that holds its bytes; null where there is no such file, or no longer. */
const partsOf = ({ stored }: Address.Found) =>
  Effect.gen(function* () {
    const store = yield* ObjectStore
    return yield* Effect.forEach(stored.parts, (part) =>
      Effect.map(store.has(part.object, part.bytes), (has) => ({
        ...part,
        file: has ? store.locate(part.object) : null
      }))
    )
  })

const filesText = (parts: ReadonlyArray<{ readonly file: string | null }>): string => {
  const files = parts.flatMap(({ file }) => file ?? [])
  const others = files.length > 1 ? ` and ${formatCount(files.length - 1)} more, which --json names` : ""
  return `${files[0] ?? "nowhere any more"}${others}`
}

const details = (pipelines: ReadonlyArray<AnyPipeline>, found: Address.Found) => {
  const layout = found.stored.kind === "table" ? layoutOf(pipelines, found) : null
  if (layout !== null) return tableDetails(found, layout)
  if (found.stored.kind === "checkpoint") return checkpointDetails(found.stored)
  return found.stored.kind === "model" ? modelDetails(found) : fileDetails(found)
}

/** Shows an artifact: what it is, what is in it, where it came from and who uses it. */
export const inspect = (pipelines: ReadonlyArray<AnyPipeline>, what: string) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const found = yield* Address.resolve(
      what,
      pipelines.map(({ name }) => name)
    )
    const { pipeline, node, trace, output, stored } = found
    const users = yield* Address.usersOf(stored.content)
    const rows =
      stored.rows === null
        ? ""
        : `, ${formatCount(stored.rows)} rows in ${formatCount(stored.parts.length)} ${stored.parts.length === 1 ? "chunk" : "chunks"}`
    yield* reporter.print(
      `${pipeline}/${node}.${output}: ${stored.kind} ${stored.artifact}${rows}, ${formatBytes(stored.bytes)}`
    )
    yield* reporter.print(`content: ${stored.content}`)
    const parts = yield* partsOf(found)
    yield* reporter.print(`kept as: ${filesText(parts)}`)
    const more: object = yield* details(pipelines, found)
    const params = Object.entries(trace.text.params).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    const inputs = Object.entries(trace.labels).map(([name, label]) => `${name} from ${label}`)
    const codeFiles = Object.keys(trace.text.code.files)
    yield* reporter.print(
      `\nmade by stage ${trace.text.stage} in ${formatSeconds(trace.seconds)} at ${trace.finished} on ${trace.host}`
    )
    yield* reporter.print(`params: ${params.join(", ") || "none"}`)
    yield* reporter.print(`inputs: ${inputs.join(", ") || "none"}`)
    yield* reporter.print(
      `code: ${Digest.short(trace.text.code.digest)}, ${codeFiles.length} files (${codeFiles.slice(0, 4).join(", ")}${codeFiles.length > 4 ? ", …" : ""}), facts ${JSON.stringify(trace.text.facts)}`
    )
    yield* reporter.print(`key: ${trace.key}`)
    yield* reporter.print(`used by: ${users.join(", ") || "nobody"}`)
    const printed = yield* Effect.flatMap(TraceStore, (traces) => traces.printed(trace.text.stage, trace.key))
    for (const line of lastPrinted(printed, LINES_PRINTED, "all in --json")) yield* reporter.print(line)
    yield* reporter.document({
      schema: 1,
      status: "done",
      pipeline,
      node,
      output,
      kind: stored.kind,
      artifact: stored.artifact,
      content: stored.content,
      rows: stored.rows,
      bytes: stored.bytes,
      chunks: stored.rows === null ? null : stored.parts.length,
      parts,
      ...more,
      from: {
        stage: trace.text.stage,
        key: trace.key,
        params: trace.text.params,
        inputs: trace.text.inputs,
        labels: trace.labels,
        codeDigest: trace.text.code.digest,
        code: trace.text.code,
        facts: trace.text.facts,
        seconds: trace.seconds,
        finished: trace.finished,
        host: trace.host,
        printed: printed === "" ? null : printed
      },
      usedBy: users
    })
    return 0
  })
