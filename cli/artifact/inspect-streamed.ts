import { Effect } from "effect"
import { id, type Stored } from "../../artifacts/Artifact.ts"
import * as Digest from "../../artifacts/Digest.ts"
import type * as Key from "../../cache/Key.ts"
import { TraceStore } from "../../cache/Trace.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import { formatCounted } from "../../kinds/format.ts"
import { columnsOf } from "../../kinds/table.ts"
import * as Streamed from "../address/streamed-node.ts"
import { Reporter } from "../terminal/Reporter.ts"

/** What a run's node left. */
const traceOf = ({ nodes }: RunRecord, name: string) =>
  Effect.gen(function* () {
    const node = nodes.find((each) => each.node === name)
    if (node === undefined || node.key === null) return null
    const traces = yield* TraceStore
    const look = yield* traces.get(node.stage, node.key as Key.Key)
    return look._tag === "Hit" ? look.trace : null
  })

/** `50,000 rows in 12 chunks`. */
export const rowsText = ({ rows, parts }: Stored): string =>
  `${formatCounted(rows ?? 0, "row")} in ${formatCounted(parts.length, "chunk")}`

/** Shows a node of which nothing is stored: how its rows are made and of what, and for whom. */
export const inspectStreamed = (streamed: Streamed.StreamedNode, scope: string) =>
  Effect.gen(function* () {
    const { record, graph, entry } = streamed
    const reporter = yield* Reporter
    const [output, artifact] = Streamed.outputOf(entry)
    const { through, base } = Streamed.below(graph, entry.node)
    const stored = (yield* traceOf(record, base.node))?.outputs[base.output] ?? null
    const consumers = Streamed.madeFor(graph, entry).map(({ name, node }) => ({
      name,
      node,
      status: record.nodes.find((each) => each.node === name)?.status ?? null
    }))
    const traces = yield* Effect.forEach(consumers, ({ name, node }) =>
      Effect.map(traceOf(record, name), (trace) =>
        trace === null ? null : Streamed.recipeIn(streamed, node, trace.text.inputs)
      )
    )
    const recipe = traces.find((found) => found !== null) ?? null
    const source = `${scope}/${base.node}.${base.output}`
    const users = Streamed.consumersOf(graph, entry).map(({ name }) => name)
    const columns = columnsOf(artifact.columns)
    const params = Object.entries(entry.node.encoded).map(([name, value]) => `${name} ${JSON.stringify(value)}`)

    yield* reporter.print(
      `${scope}/${entry.name}.${output}: streamed table ${id(artifact)}${stored === null ? "" : `, ${formatCounted(stored.rows ?? 0, "row")}`}`
    )
    yield* reporter.print("its rows are made where they are needed, and never stored")
    yield* reporter.print(
      `made for: ${consumers.map(({ name, status }) => `${name}${status === null ? "" : ` (${status})`}`).join(", ") || "nobody"}`
    )
    yield* reporter.print(
      `made of: ${[...through, source].join(" of ")}${stored === null ? "" : `, ${stored.artifact}, ${rowsText(stored)}`}`
    )
    yield* reporter.print(`columns: ${columns.map(({ name, type }) => `${name} ${type}`).join("; ")}`)
    yield* reporter.print(`\nmade by stage ${entry.node.definition.name}`)
    yield* reporter.print(`params: ${params.join(", ") || "none"}`)
    yield* reporter.print(
      recipe === null
        ? "code: not known, as nothing that was made of it is kept"
        : `code: ${Digest.short(recipe.code.digest)}, ${Object.keys(recipe.code.files).length} files, facts ${JSON.stringify(recipe.facts)}`
    )
    yield* reporter.print(`used by: ${users.join(", ") || "nobody"}`)
    yield* reporter.print(`\nTo look at the rows that it is made of: pipeline inspect ${source}`)
    yield* reporter.document({
      schema: 1,
      status: "done",
      pipeline: record.pipeline,
      node: entry.name,
      output,
      kind: artifact.kind,
      artifact: id(artifact),
      streamed: true,
      content: null,
      rows: stored?.rows ?? null,
      bytes: null,
      chunks: null,
      parts: [],
      columns,
      from: {
        stage: entry.node.definition.name,
        key: null,
        params: entry.node.encoded,
        inputs: recipe?.inputs ?? null,
        codeDigest: recipe?.code.digest ?? null,
        code: recipe?.code ?? null,
        facts: recipe?.facts ?? null
      },
      madeOf: { ...base, through, address: source, content: stored?.content ?? null },
      madeFor: consumers.map(({ name, status }) => ({ node: name, status })),
      usedBy: users.map((name) => `${record.pipeline}/${name}`)
    })
    return 0
  })
