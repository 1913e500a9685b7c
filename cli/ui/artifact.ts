import { Effect, Either } from "effect"
import { explain } from "../../artifacts/Explained.ts"
import { TraceStore } from "../../cache/Trace.ts"
import type { AnyPipeline } from "../../engine/Pipeline.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import type { Block as Told } from "../../kinds/Kind.ts"
import { Kinds, kindOf, ofStored } from "../../kinds/Kinds.ts"
import type { Artifact, ArtifactLine, Block } from "../../ui/Api.ts"
import * as Address from "../address/artifact-address.ts"
import { withArtifact } from "../address/declared-artifact.ts"
import { sentence } from "../command/option-text.ts"
import { tracesOf } from "../report/run-traces.ts"
import { printedText } from "../terminal/printed-text.ts"

/** A sweep has thousands. */
const MOST_NODES = 200

/** What the nodes of a run made, as far as their traces are kept, in the order of its nodes; states half-way are left out. */
export const artifactsOf = (record: RunRecord) =>
  Effect.gen(function* () {
    const kinds = yield* Kinds
    const traces = yield* tracesOf(record.nodes.slice(0, MOST_NODES))
    return [...traces].flatMap(([node, { outputs }]) =>
      Object.entries(outputs).flatMap(([output, stored]): ReadonlyArray<ArtifactLine> => {
        const { artifact, kind, rows, bytes, content } = stored
        const address = `${record.run}/${node}.${output}`
        return kindOf(kinds, stored).isPartial ? [] : [{ address, node, output, artifact, kind, rows, bytes, content }]
      })
    )
  })

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64")

const blockOf = (block: Told): Block | null => {
  if (typeof block === "string") return { _tag: "Text", text: block }
  if ("rows" in block) {
    const columns = block.columns.map(({ header, align }) => ({ header, isNumber: align === "right" }))
    return { _tag: "Table", title: block.title ?? null, columns, rows: block.rows }
  }
  if ("png" in block) return { _tag: "Picture", title: block.title, type: "png", bytes: base64(block.png) }
  // terminals draw these where nothing else can be shown; a picture of the same is beside them
  return null
}

/** What its kind shows of an artifact, or why that cannot be read. */
const blocksOf = (pipelines: ReadonlyArray<AnyPipeline>, found: Address.Found) =>
  Effect.gen(function* () {
    const kind = yield* ofStored(found.stored)
    const { blocks } = yield* kind.inspect(withArtifact(pipelines, found))
    const svg = kind.drawing === null ? null : yield* kind.drawing(found.stored)
    const drawn: ReadonlyArray<Block> =
      svg === null ? [] : [{ _tag: "Picture", title: found.output, type: "svg+xml", bytes: base64(Buffer.from(svg)) }]
    return [...drawn, ...blocks.flatMap((block) => blockOf(block) ?? [])]
  }).pipe(Effect.either)

/** The artifact that an address leads to, with what is in it. */
export const artifactAt = (pipelines: ReadonlyArray<AnyPipeline>, address: string) =>
  Effect.gen(function* () {
    const names = pipelines.map(({ name }) => name)
    const found = yield* Address.resolve(address, names)
    const { pipeline, node, output, stored, trace } = found
    const { artifact, kind, rows, bytes, content } = stored
    const blocks = yield* blocksOf(pipelines, found)
    const traces = yield* TraceStore
    const printed = yield* traces.printed(trace.text.stage, trace.key)
    const inputs = Object.entries(trace.labels).map(([name, from]) => {
      const input: unknown = trace.text.inputs[name]
      return { name, from, content: typeof input === "string" ? input : null }
    })
    const told: Artifact = {
      pipeline,
      node,
      output,
      artifact,
      kind,
      rows,
      bytes,
      content,
      blocks: Either.isRight(blocks) ? blocks.right : [],
      error: Either.isLeft(blocks) ? sentence(explain(blocks.left)) : null,
      made: {
        stage: trace.text.stage,
        key: trace.key,
        seconds: trace.seconds,
        finished: trace.finished,
        host: trace.host,
        params: trace.text.params,
        inputs,
        printed: printedText(printed)
      },
      usedBy: yield* Address.usersOf(content)
    }
    return told
  })
