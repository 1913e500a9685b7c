import { Effect, Stream } from "effect"
import type { AnyPipeline } from "../../engine/Pipeline.ts"
import { formatBytes } from "../../kinds/format.ts"
import type { Exported } from "../../kinds/Kind.ts"
import { ofStored } from "../../kinds/Kinds.ts"
import * as Address from "../address/artifact-address.ts"
import { buildFolder } from "../results/build-folder.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { table } from "../terminal/table-text.ts"
import { withArtifact } from "./declared-artifact.ts"
import { folderOf, INDEX, unwritable } from "./export-folder.ts"

/** What the folder says of itself to whoever is handed it. */
const readme = ({ pipeline, node, output, stored }: Address.Found, { notes, ways }: Exported): string =>
  [
    `# ${pipeline}/${node}.${output}`,
    `${stored.artifact}, exported by Headrace; content ${stored.content}.`,
    ...(notes.length === 0 ? [] : [notes.join("\n")]),
    ...ways.flatMap(({ title, language, code }) => [`## ${title}`, [`\`\`\`${language}`, ...code, "```"].join("\n")])
  ].join("\n\n")

/** Writes an artifact to a folder, in the formats of other programs, and says how they open it. */
export const exportTo = (pipelines: ReadonlyArray<AnyPipeline>, what: string, to: string) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const found = yield* Address.resolve(
      what,
      pipelines.map(({ name }) => name)
    )
    const folder = yield* folderOf(to)
    const kind = yield* ofStored(found.stored)
    const exported = yield* kind.export(withArtifact(pipelines, found))
    const about = { file: "README.md", bytes: Stream.make(new TextEncoder().encode(`${readme(found, exported)}\n`)) }
    const built = yield* buildFolder(folder, INDEX, [...exported.files, about], unwritable, folderOf(to))
    const { pipeline, node, output, stored } = found
    yield* reporter.print(`${pipeline}/${node}.${output}: ${stored.kind} ${stored.artifact}, exported to ${folder}`)
    const rows = built.map(({ file, bytes }) => [file, formatBytes(bytes)])
    yield* reporter.print(`\n${table([{ header: "file" }, { header: "size", align: "right" }], rows)}`)
    if (exported.notes.length > 0) yield* reporter.print(`\n${exported.notes.join("\n")}`)
    for (const { title, code } of exported.ways)
      yield* reporter.print(`\n${title}:\n${code.map((line) => `  ${line}`).join("\n")}`)
    yield* reporter.document({
      schema: 1,
      status: "done",
      pipeline,
      node,
      output,
      kind: stored.kind,
      artifact: stored.artifact,
      content: stored.content,
      folder,
      files: built,
      ...exported.details,
      ways: exported.ways
    })
    return 0
  })
