import * as path from "node:path"
import { Effect, Either } from "effect"
import type { StoredPart } from "../../artifacts/Artifact.ts"
import * as Digest from "../../artifacts/Digest.ts"
import { ObjectStore, type Whereabouts } from "../../cache/ObjectStore.ts"
import { type Made, Release } from "../../cache/Release.ts"
import { type Trace, TraceStore } from "../../cache/Trace.ts"
import type { AnyPipeline } from "../../engine/Pipeline.ts"
import { formatBytes, formatCount, formatCounted, formatSeconds } from "../../kinds/format.ts"
import type { Block, Kind } from "../../kinds/Kind.ts"
import { ofStored } from "../../kinds/Kinds.ts"
import { Place } from "../../project/Place.ts"
import * as Address from "../address/artifact-address.ts"
import { withArtifact } from "../address/declared-artifact.ts"
import * as Streamed from "../address/streamed-node.ts"
import { type Command, type Project, plain } from "../command/Command.ts"
import { placed } from "../results/results-writer.ts"
import { writeAside } from "../results/write-aside.ts"
import { lastPrinted } from "../terminal/printed-text.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { table } from "../terminal/table-text.ts"
import { gridText, hasTruecolor } from "../terminal/terminal-image.ts"
import { inspectStreamed, rowsText } from "./inspect-streamed.ts"

/** Of what a node printed so many lines are shown, the last ones. */
const LINES_PRINTED = 40

/** Writes a picture of an artifact beside the results; the file. */
const writePicture = (png: Uint8Array, content: string) =>
  Effect.gen(function* () {
    const { results } = yield* Place
    const file = path.join(results, "inspect", `${content.slice(0, 12)}.png`)
    yield* writeAside(file, png)
    return file
  })

/** Shows a block; gives the file that was written for it, under the name by which programs find it. */
const showBlock = (block: Block, content: string) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    if (typeof block === "string") yield* reporter.print(block)
    else if ("rows" in block) {
      const heading = block.title === undefined ? "" : `${block.title}\n`
      yield* reporter.print(`\n${heading}${table(block.columns, block.rows)}`)
    } else if ("png" in block) {
      const file = yield* writePicture(block.png, content)
      yield* reporter.print(`\n${block.title}: ${file}`)
      return { [block.name]: file }
    } else if (hasTruecolor({ env: process.env, isTTY: process.stdout.isTTY === true }))
      yield* reporter.picture(gridText(block.images, reporter.width))
    return {}
  })

/** Where the files lie that people open of it. */
const resultFiles = ({ isResult }: Kind, { pipeline, stored }: Address.Found) =>
  Effect.gen(function* () {
    if (!isResult) return {}
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
    for (const { name, file, result, bytes } of files)
      yield* reporter.print(`${name}: ${result ?? file ?? "in memory"} (${formatBytes(bytes)})`)
    return { files }
  })

/** A part of an artifact, and where its bytes lie. */
interface Part extends StoredPart, Whereabouts {
  /** The file that holds them; null where there is no such file, or no longer. */
  readonly file: string | null
}

/** So many parts are looked for side by side. */
const LOOKING = 16

const partsOf = ({ stored }: Address.Found): Effect.Effect<ReadonlyArray<Part>, never, ObjectStore> =>
  Effect.gen(function* () {
    const store = yield* ObjectStore
    return yield* Effect.forEach(
      stored.parts,
      (part) =>
        Effect.map(store.whereabouts(part.object, part.bytes), (where) => ({
          ...part,
          ...where,
          file: where.here ? store.locate(part.object) : null
        })),
      { concurrency: LOOKING }
    )
  })

/** Where the bytes lie, on a machine that shares a store with others. */
const whereText = (parts: ReadonlyArray<Part>): string => {
  const count = (lies: (part: Part) => boolean) => parts.filter(lies).length
  const [here, shared] = [count((part) => part.here), count((part) => part.shared === true)]
  const [all, none] = [parts.length, 0]
  if (here === all && shared === all) return "here and in the shared store"
  if (here === all && shared === none) return "here, and not in the shared store"
  if (here === none && shared === all) return "in the shared store, and not here"
  if (here === none && shared === none) return "nowhere any more"
  return `${formatCount(here)} of ${formatCounted(all, "object")} here, ${formatCount(shared)} in the shared store`
}

const filesText = (parts: ReadonlyArray<Part>): string => {
  const files = parts.flatMap(({ file }) => file ?? [])
  const others = files.length > 1 ? ` and ${formatCount(files.length - 1)} more, which --json names` : ""
  const none = parts.some(({ shared }) => shared === true) ? "no file here" : "nowhere any more"
  return `${files[0] ?? none}${others}`
}

/** All that its kind tells of it. */
const details = (pipelines: ReadonlyArray<AnyPipeline>, found: Address.Found) =>
  Effect.gen(function* () {
    const kind = yield* ofStored(found.stored)
    const files = yield* resultFiles(kind, found)
    const { blocks, details } = yield* kind.inspect(withArtifact(pipelines, found))
    const written = yield* Effect.forEach(blocks, (block) => showBlock(block, found.stored.content))
    return Object.assign({}, files, details, ...written) as Readonly<Record<string, unknown>>
  })

/** The files of the stage's code: its own, the others of the project, and then those of packages, Headrace's among them. */
const ownFirst = ({ isOwnFile }: Made, { text: { stage, code } }: Trace): ReadonlyArray<string> => {
  const far = (file: string) =>
    isOwnFile(file) || /(^|\/)(node_modules|\.\.)\//.test(file) ? 2 : file === `stages/${stage}.ts` ? 0 : 1
  return Object.keys(code.files).sort((a, b) => far(a) - far(b))
}

/** Shows an artifact: what it is, what is in it, where it came from and who uses it. */
const inspectStored = (pipelines: ReadonlyArray<AnyPipeline>, found: Address.Found) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const { pipeline, node, trace, output, stored } = found
    const users = yield* Address.usersOf(stored.content)
    const rows = stored.rows === null ? "" : `, ${rowsText(stored)}`
    yield* reporter.print(
      `${pipeline}/${node}.${output}: ${stored.kind} ${stored.artifact}${rows}, ${formatBytes(stored.bytes)}`
    )
    yield* reporter.print(`content: ${stored.content}`)
    const parts = yield* partsOf(found)
    yield* reporter.print(`kept as: ${filesText(parts)}`)
    if (parts.some(({ shared }) => shared !== null)) yield* reporter.print(`bytes: ${whereText(parts)}`)
    const more = yield* details(pipelines, found)
    const params = Object.entries(trace.text.params).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    const inputs = Object.entries(trace.labels).map(([name, label]) => `${name} from ${label}`)
    const by = trace.by === undefined ? "" : `, by Headrace ${trace.by}`
    const codeFiles = ownFirst(yield* Release, trace)
    yield* reporter.print(
      `\nmade by stage ${trace.text.stage} in ${formatSeconds(trace.seconds)} at ${trace.finished} on ${trace.host}${by}`
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
      ...Address.aboutFound(found),
      streamed: false,
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
        by: trace.by ?? null,
        printed: printed === "" ? null : printed
      },
      usedBy: users
    })
    return 0
  })

/** Shows an artifact or, where an address means none, the streamed node that it means. */
export const inspect = <S>({ pipelines }: Project<S>): Command<S> =>
  plain<S>({
    name: "inspect",
    description: "Show an artifact, where it came from and who uses it",
    args: [Address.argument],
    run: ({ args: [what = ""] }) =>
      Effect.gen(function* () {
        const named = Address.resolve(
          what,
          pipelines.map(({ name }) => name)
        )
        const found = yield* Effect.either(named)
        if (Either.isRight(found)) return yield* inspectStored(pipelines, found.right)
        const streamed = yield* Streamed.find(pipelines, what)
        if (streamed === null) return yield* found.left
        return yield* inspectStreamed(streamed, Address.split(what).scope)
      })
  })
