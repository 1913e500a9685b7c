import { Effect, Stream } from "effect"
import { formatBytes } from "../../kinds/format.ts"
import type { Exported } from "../../kinds/Kind.ts"
import { ofStored } from "../../kinds/Kinds.ts"
import * as Address from "../address/artifact-address.ts"
import { type Command, type Option, type Project, plain, textGiven } from "../command/Command.ts"
import { buildFolder } from "../results/build-folder.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { table } from "../terminal/table-text.ts"
import { withArtifact } from "./declared-artifact.ts"
import { INDEX, targetOf, unwritable } from "./export-folder.ts"

/** What the folder says of itself to whoever is handed it. */
const readme = ({ pipeline, node, output, stored }: Address.Found, { notes, ways }: Exported): string =>
  [
    `# ${pipeline}/${node}.${output}`,
    `${stored.artifact}, exported by Headrace; content ${stored.content}.`,
    ...(notes.length === 0 ? [] : [notes.join("\n")]),
    ...ways.flatMap(({ title, language, code }) => [`## ${title}`, [`\`\`\`${language}`, ...code, "```"].join("\n")])
  ].join("\n\n")

const toFolder: Option = {
  name: "--to",
  value: "FOLDER",
  description: "The folder to write: new, empty, or that of an earlier export",
  expected: "a folder to write",
  example: "exported",
  isNeeded: true
}

/** Writes an artifact to a folder, in the formats of other programs, and says how they open it. */
export const exportTo = <S>({ pipelines }: Project<S>): Command<S> =>
  plain<S>({
    name: "export",
    description: "Write an artifact for other programs: a model for TensorFlow.js and Keras",
    args: [Address.argument],
    options: [toFolder],
    run: (given) =>
      Effect.gen(function* () {
        const reporter = yield* Reporter
        const [what = ""] = given.args
        const to = textGiven(given, toFolder) ?? ""
        const found = yield* Address.resolve(
          what,
          pipelines.map(({ name }) => name)
        )
        const { folder } = yield* targetOf(to)
        const kind = yield* ofStored(found.stored)
        const exported = yield* kind.export(withArtifact(pipelines, found))
        const about = {
          file: "README.md",
          bytes: Stream.make(new TextEncoder().encode(`${readme(found, exported)}\n`))
        }
        let replaced = false
        // asked again once the files are built: what lies there then is what is replaced
        const mayReplace = Effect.map(targetOf(to), (target) => {
          replaced = target.isExport
        })
        const built = yield* buildFolder(folder, INDEX, [...exported.files, about], unwritable, mayReplace)
        const { pipeline, node, output, stored } = found
        yield* reporter.print(
          `${pipeline}/${node}.${output}: ${stored.kind} ${stored.artifact}, exported to ${folder}${replaced ? ", in place of the earlier export" : ""}`
        )
        const rows = built.map(({ file, bytes }) => [file, formatBytes(bytes)])
        yield* reporter.print(`\n${table([{ header: "file" }, { header: "size", align: "right" }], rows)}`)
        if (exported.notes.length > 0) yield* reporter.print(`\n${exported.notes.join("\n")}`)
        for (const { title, code } of exported.ways)
          yield* reporter.print(`\n${title}:\n${code.map((line) => `  ${line}`).join("\n")}`)
        yield* reporter.document({
          ...Address.aboutFound(found),
          folder,
          replaced,
          files: built,
          ...exported.details,
          ways: exported.ways
        })
        return 0
      })
  })
