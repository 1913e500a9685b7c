import type { Exported } from "../../engine/Code.ts"
import type { AnyPipeline } from "../../engine/Pipeline.ts"
import { textWidth, truncate } from "../../kinds/format.ts"
import type { Whole } from "../../project/Project.ts"
import { remote } from "../remote/asked-remote.ts"
import { pad, wrap } from "../terminal/table-text.ts"
import type { Argument, Flag, Option, Shape } from "./Command.ts"
import { optionName } from "./option-text.ts"
import { paramGroups } from "./param-groups.ts"
import { defaultText } from "./param-options.ts"
import { valuesText } from "./param-values.ts"

/** A word of the command line and what it means. */
type Line = readonly [word: string, meaning: string]

const JSON_LINE: Line = ["--json", "Print one JSON document instead of text"]
const HELP_LINE: Line = ["--help", "Print this"]

/** Words wider than this have their meaning in the next line. */
const MOST_WORD = 30
const MOST_DEFAULT = 20

const argumentText = ({ name, isOptional, isRepeated }: Argument): string => {
  const some = isRepeated === true ? `${name} …` : name
  return isOptional === true ? `[${some}]` : some
}
const optionText = ({ name, value, isNeeded, isRepeated }: Option): string => {
  const some = `${name} ${value}`
  return isNeeded === true ? some : isRepeated === true ? `[${some}] …` : `[${some}]`
}

/** A command's name and what must follow it, or may, before its options. */
const commandWords = ({ name, ofPipeline, args }: Shape, pipeline: AnyPipeline | null): ReadonlyArray<string> => [
  name,
  ...(ofPipeline ? [pipeline?.name ?? "PIPELINE"] : []),
  ...args.map(argumentText)
]

/** How a command is written, on one line. */
export const usageOf = (command: Shape | null, pipeline: AnyPipeline | null): string =>
  command === null
    ? "pipeline COMMAND [--json]"
    : [
        "pipeline",
        ...commandWords(command, pipeline),
        ...(command.ofPipeline ? ["[--PARAMETER VALUE] …"] : []),
        ...command.options.map(optionText),
        ...command.flags.map(({ name }) => `[${name}]`),
        "[--json]"
      ].join(" ")

const section = (title: string, lines: ReadonlyArray<Line>, word: number, width: number): string => {
  const room = Math.max(20, width - word - 4)
  const texts = lines.flatMap(([name, meaning]) => {
    const [first = "", ...others] = wrap(meaning, room)
    const hang = " ".repeat(word + 4)
    const start = textWidth(name) > word ? [`  ${name}`, `${hang}${first}`] : [`  ${pad(name, word)}  ${first}`]
    return [...start, ...others.map((line) => `${hang}${line}`)].map((line) => line.trimEnd())
  })
  return [title, ...texts].join("\n")
}

const page = (
  title: string,
  usage: string,
  sections: ReadonlyArray<readonly [title: string, lines: ReadonlyArray<Line>]>,
  ends: ReadonlyArray<string>,
  width: number
): string => {
  const told = sections.filter(([, lines]) => lines.length > 0)
  const words = told.flatMap(([, lines]) => lines.map(([word]) => textWidth(word))).filter((each) => each <= MOST_WORD)
  return [
    wrap(title, width).join("\n"),
    wrap(`usage: ${usage}`, width, "         ").join("\n"),
    ...told.map(([name, lines]) => section(name, lines, Math.max(0, ...words), width)),
    ...(ends.length === 0 ? [] : [ends.flatMap((end) => wrap(end, width)).join("\n")])
  ].join("\n\n")
}

/** A parameter with its default, what it is and which values it takes. */
const paramLine = (pipeline: AnyPipeline, name: string): Line => {
  const param = pipeline.params[name]
  if (param === undefined) return [`--${optionName(name)}`, ""]
  const value = defaultText(param).replace(/^"(.*)"$/, "$1")
  const isShort = textWidth(value) <= MOST_DEFAULT
  const word = `--${optionName(name)} ${isShort ? value : "VALUE"}`
  const otherwise = isShort ? "" : `; ${truncate(value, MOST_WORD)} by default`
  return [word, `${valuesText(param)}${otherwise}. ${param.description}`]
}

/** The parameters of a pipeline, a line each with its default, by the stages that read them. */
const paramSections = (pipeline: AnyPipeline, exported: Exported) =>
  paramGroups(pipeline, exported).map(
    ({ readers, params }) => [`${readers.join(", ")}:`, params.map((name) => paramLine(pipeline, name))] as const
  )

const pipelineLines = (pipelines: ReadonlyArray<AnyPipeline>) =>
  pipelines.map(({ name, description }): Line => [name, description])

const namedLines = (all: ReadonlyArray<Flag>) => all.map(({ name, description }): Line => [name, description])
const optionLines = (all: ReadonlyArray<Option>) =>
  all.map(({ name, value, description }): Line => [`${name} ${value}`, description])

/** The parameters of a pipeline as a page of their own. */
export const paramsPage = (pipeline: AnyPipeline, exported: Exported, width: number): string =>
  page(
    `${pipeline.name}: ${pipeline.description}`,
    `pipeline run ${pipeline.name} [--PARAMETER VALUE] …`,
    paramSections(pipeline, exported),
    [],
    width
  )

/** What a project's files hold. */
export type Files = Pick<Whole<unknown, unknown>, "pipelines" | "exported">

/** The help of a command, for one pipeline where one is named, or of all commands: lines of at most `width` cells. */
export const help = (
  commands: ReadonlyArray<Shape>,
  { pipelines, exported }: Files,
  command: Shape | null,
  pipeline: AnyPipeline | null,
  width: number
): string => {
  if (command === null)
    return page(
      "pipeline: runs machine-learning experiments; what was computed once is not computed again",
      usageOf(null, null),
      [
        [
          "commands:",
          commands
            .filter(({ isHidden }) => isHidden !== true)
            .map((each): Line => [commandWords(each, null).join(" "), each.description])
        ],
        ["pipelines:", pipelineLines(pipelines)],
        ["anywhere:", [JSON_LINE, HELP_LINE, ...optionLines([remote]), ["--version", "Print the version"]]]
      ],
      ["pipeline COMMAND --help tells more of a command, pipeline run PIPELINE --help of a pipeline's parameters."],
      width
    )
  const ofStore = command.needsNoStore === true ? [] : [remote]
  const own = [...optionLines([...command.options, ...ofStore]), ...namedLines(command.flags), JSON_LINE, HELP_LINE]
  const name = `pipeline ${command.name}`
  const isAnyPipeline = command.ofPipeline && pipeline === null
  return page(
    pipeline === null ? `${name}: ${command.description}` : `${name} ${pipeline.name}: ${pipeline.description}`,
    usageOf(command, pipeline),
    [
      ["arguments:", namedLines(command.args)],
      ...(isAnyPipeline ? [["pipelines:", pipelineLines(pipelines)] as const] : []),
      ["options:", own],
      ...(pipeline === null ? [] : paramSections(pipeline, exported))
    ],
    isAnyPipeline ? [`${name} PIPELINE --help tells the parameters of a pipeline.`] : [],
    width
  )
}
