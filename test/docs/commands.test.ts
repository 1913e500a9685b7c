import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { project } from "../../.pipeline/project.ts"
import type { Shape } from "../../cli/command/Command.ts"
import { usageOf } from "../../cli/command/help.ts"
import { commandsOf } from "../../cli/commands.ts"
import { root } from "../rig/bundle.ts"

// The last part of each page of `docs/commands/` is made from the command, as its help is: `npm run docs` writes it, and a page that
// says otherwise than its command fails here. What stands before the mark is written by people.

const MARK = "<!-- made from the command by: npm run docs -->"

const at = (name: string) => path.join(root, "docs/commands", `${name}.md`)
const commands: ReadonlyArray<Shape> = commandsOf(project).filter(({ isHidden }) => isHidden !== true)

type Row = readonly [word: string, meaning: string]

const table = (title: string, rows: ReadonlyArray<Row>): ReadonlyArray<string> =>
  rows.length === 0
    ? []
    : [
        "",
        `| ${title} | |`,
        "|---|---|",
        ...rows.map(([word, meaning]) => `| \`${word}\` | ${meaning.replaceAll("|", "\\|")} |`)
      ]

const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`

/** What a page says of its command. */
const madeOf = (command: Shape): string => {
  const params: ReadonlyArray<Row> = command.ofPipeline
    ? [["--PARAMETER VALUE", "A parameter of the pipeline. `--help` behind the pipeline's name lists them."]]
    : []
  const ofPipeline: ReadonlyArray<Row> = command.ofPipeline ? [["PIPELINE", "The name of a file in `pipelines/`."]] : []
  return [
    MARK,
    "",
    "## How it is written",
    "",
    "```text",
    usageOf(command, null),
    "```",
    ...table("argument", [
      ...ofPipeline,
      ...command.args.map(({ name, description }): Row => [name, sentence(description)])
    ]),
    ...table("option", [
      ...params,
      ...command.options.map(
        ({ name, value, description, example }): Row => [
          `${name} ${value}`,
          `${sentence(description)} Such as \`${name} ${example}\`.`
        ]
      ),
      ...command.flags.map(({ name, description }): Row => [name, sentence(description)]),
      ["--json", "Print one JSON document instead of text."]
    ]),
    ""
  ].join("\n")
}

/** The page with another last part. A page that is not there yet begins with what the command says of itself. */
const pageWith = (name: string, description: string, made: string): string => {
  const page = fs.existsSync(at(name)) ? fs.readFileSync(at(name), "utf8") : `# ${name}\n\n${sentence(description)}\n\n`
  return `${page.split(MARK)[0]}${made}`
}

describe("docs/commands", () => {
  it.each(commands.map((command) => [command.name, command] as const))(
    "%s.md says what the command says of itself",
    async (name, command) => {
      await expect(pageWith(name, command.description, madeOf(command))).toMatchFileSnapshot(at(name))
    }
  )

  it("README.md lists every command, in the order of help", async () => {
    const rows = commands.map(({ name, description }) => `| [\`${name}\`](${name}.md) | ${sentence(description)} |`)
    const init = "| [`init`](init.md) | Make a project that runs. |"
    const list = [MARK, "", "| command | |", "|---|---|", init, ...rows, ""].join("\n")
    await expect(pageWith("README", "Commands", list)).toMatchFileSnapshot(at("README"))
  })

  it("has no page of a command that does not exist", () => {
    const known = ["README", "init", ...commands.map(({ name }) => name)].map((name) => `${name}.md`)
    expect(fs.readdirSync(path.join(root, "docs/commands")).filter((file) => !known.includes(file))).toEqual([])
  })
})
