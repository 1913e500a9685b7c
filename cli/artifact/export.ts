import { Effect, Stream } from "effect"
import { formatBytes } from "../../kinds/format.ts"
import type { Exported, ExportedFile } from "../../kinds/Kind.ts"
import { ofStored } from "../../kinds/Kinds.ts"
import * as Address from "../address/artifact-address.ts"
import { withArtifact } from "../address/declared-artifact.ts"
import { addressed } from "../address/given-run.ts"
import { type Command, type Flag, type Option, type Project, plain, textGiven } from "../command/Command.ts"
import { shellWord } from "../command/option-text.ts"
import { buildFolder } from "../results/build-folder.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { table } from "../terminal/table-text.ts"
import { cardText } from "./card.ts"
import { INDEX, targetOf, unwritable } from "./export-folder.ts"
import { cardRunOf, wholeOf } from "./whole.ts"

/** What the folder says of itself to whoever is handed it. */
const readme = (title: string, { stored }: Address.Found, { notes, ways }: Exported): string =>
  [
    `# ${title}`,
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

const whole: Flag = {
  name: "--whole",
  description: "A model with all that stands before it, pixels in and probabilities out, and a page that asks it"
}

const textFile = (file: string, text: string): ExportedFile => ({
  file,
  bytes: Stream.make(new TextEncoder().encode(`${text}\n`))
})

/** Writes an artifact to a folder, in the formats of other programs, and says how they open it. */
export const exportTo = <S>(project: Project<S>): Command<S> =>
  plain<S>({
    name: "export",
    description: "Write an artifact for other programs: a model for TensorFlow.js, Keras and ONNX",
    args: [Address.argument],
    options: [toFolder],
    flags: [whole],
    computes: true,
    run: (given) =>
      Effect.gen(function* () {
        const reporter = yield* Reporter
        const [what = ""] = given.args
        const to = textGiven(given, toFolder) ?? ""
        const { pipelines } = project
        const asked = yield* addressed(project, what)
        const { found: named } = asked
        const { folder } = yield* targetOf(to)
        const isWhole = given.flags.has(whole)
        const found = isWhole ? yield* wholeOf(project, asked) : named
        const title = `${named.pipeline}/${named.node}.${named.output}${isWhole ? ", with all that stands before it" : ""}`
        const kind = yield* ofStored(found.stored)
        const exported = yield* kind.export(withArtifact(pipelines, found))
        const command = ["npx pipeline export", shellWord(what), ...(isWhole ? ["--whole"] : []), "--to", shellWord(to)]
        const card =
          exported.card === undefined
            ? []
            : [
                textFile(
                  exported.card.file,
                  yield* cardText(
                    pipelines,
                    {
                      found: named,
                      run: yield* cardRunOf(project, asked),
                      exported: found.stored,
                      command: command.join(" ")
                    },
                    exported.card
                  )
                )
              ]
        const written = [...exported.files, ...card, textFile("README.md", readme(title, found, exported))]
        let replaced = false
        // asked again once the files are built: what lies there then is what is replaced
        const mayReplace = Effect.map(targetOf(to), (target) => {
          replaced = target.isExport
        })
        const built = yield* buildFolder(folder, INDEX, written, unwritable, mayReplace)
        const { stored } = found
        yield* reporter.print(
          `${title}: ${stored.kind} ${stored.artifact}, exported to ${folder}${replaced ? ", in place of the earlier export" : ""}`
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
