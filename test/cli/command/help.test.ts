import { describe, expect, it } from "vitest"
import { project } from "../../../.pipeline/project.ts"
import { help, usageOf } from "../../../cli/command/help.ts"
import { optionName } from "../../../cli/command/option-text.ts"
import { paramGroups } from "../../../cli/command/param-groups.ts"
import { defaultText } from "../../../cli/command/param-options.ts"
import { valuesText } from "../../../cli/command/param-values.ts"
import { commandsOf } from "../../../cli/commands.ts"
import { textWidth } from "../../../kinds/format.ts"

const { pipelines, exported } = project
const commands = commandsOf(project)

const commandOf = (name: string) => {
  const found = commands.find((each) => each.name === name)
  if (found === undefined) throw new Error(`no command ${name}`)
  return found
}
const pages = (width: number) => [
  help(commands, project, null, null, width),
  ...commands.flatMap((command) => [
    help(commands, project, command, null, width),
    ...(command.ofPipeline ? pipelines.map((pipeline) => help(commands, project, command, pipeline, width)) : [])
  ])
]

describe("help", () => {
  it("fits into lines of 80 cells and of 60, and on a wide screen takes a line a parameter", () => {
    for (const width of [60, 80, 200])
      for (const page of pages(width)) expect(page.split("\n").filter((line) => textWidth(line) > width)).toEqual([])
    for (const pipeline of pipelines) {
      const lines = help(commands, project, commandOf("plan"), pipeline, 300).split("\n")
      const short = Object.entries(pipeline.params).filter(([, param]) => defaultText(param).length < 20)
      for (const [name, param] of short) {
        const [line = "", ...others] = lines.filter((each) => each.startsWith(`  --${optionName(name)} `))
        expect(others).toEqual([])
        expect(line).toContain(param.description)
        expect(line).toContain(valuesText(param))
        expect(line).toContain(defaultText(param).replaceAll('"', ""))
      }
    }
  })

  it("has the whole way to write the command in its usage line", () => {
    const [transfer] = pipelines.filter(({ name }) => name === "transfer")
    expect(usageOf(commandOf("run"), transfer ?? null)).toBe(
      "pipeline run transfer [--PARAMETER VALUE] … [--again NODE] … [--until NODE] … [--audit SHARE] [--on ADDRESS] [--slurm-options OPTIONS] [--refresh] [--not-here] [--json]"
    )
    expect(usageOf(commandOf("why"), null)).toBe(
      "pipeline why PIPELINE [NODE] [--PARAMETER VALUE] … [--run RUN] [--json]"
    )
    expect(usageOf(commandOf("export"), null)).toBe("pipeline export ADDRESS --to FOLDER [--whole] [--json]")
    for (const command of commands)
      expect(help(commands, project, command, null, 400)).toContain(`usage: ${usageOf(command, null)}\n`)
  })

  it("tells every command, pipeline, option, flag and argument", () => {
    const page = help(commands, project, null, null, 200)
    const isListed = (name: string) => new RegExp(`^  ${name}\\b`, "m").test(page)
    for (const { name } of pipelines) expect(isListed(name), name).toBe(true)
    for (const { name, isHidden = false } of commands) expect(isListed(name), name).toBe(!isHidden)
    for (const written of ["run PIPELINE", "why PIPELINE [NODE]", "compare RUN …", "list [PIPELINE]", "doctor"])
      expect(page).toContain(`\n  ${written}  `)
    for (const command of commands) {
      const own = help(commands, project, command, null, 200)
      for (const { name, description } of [...command.options, ...command.flags, ...command.args]) {
        expect(own).toMatch(new RegExp(`^  ${name}\\b`, "m"))
        expect(own).toContain(description)
      }
    }
  })

  it("knows who reads each parameter, also a stage that the defaults leave out", () => {
    const [transfer] = pipelines.filter(({ name }) => name === "transfer")
    const groups = transfer === undefined ? [] : paramGroups(transfer, exported)
    const readers = (name: string) => groups.filter(({ params }) => params.includes(name)).map(({ readers }) => readers)
    expect(readers("dataset")).toEqual([["dataset"]])
    expect(readers("learningRate")).toEqual([["train"]])
    expect(readers("flip")).toEqual([["augment"]])
    expect(readers("views")).toEqual([["the pipeline itself"]])
    for (const pipeline of pipelines)
      expect(
        paramGroups(pipeline, exported)
          .flatMap(({ params }) => params)
          .sort()
      ).toEqual(Object.keys(pipeline.params).sort())
  })

  it("says the values of a parameter in a few words", () => {
    const [transfer] = pipelines.filter(({ name }) => name === "transfer")
    const values = Object.fromEntries(
      Object.entries(transfer?.params ?? {}).map(([name, param]) => [name, valuesText(param)])
    )
    expect(values).toMatchObject({
      units: "1 to 65536",
      dropout: "0 to below 1",
      learningRate: "above 0",
      l2: "from 0",
      optimizer: "adam, adamw or sgd",
      runtime: "auto, tensorflow or onnxruntime",
      threads: "1 to 1024 or null",
      flip: "true or false",
      seed: "any whole number",
      dataset: "a dataset's name, or a path"
    })
  })
})
