import { Effect } from "effect"
import * as Param from "../engine/Param.ts"
import type { AnyPipeline } from "../engine/Pipeline.ts"
import { defaultText, optionName } from "./param-options.ts"
import { UsageInvalid, unknown } from "./Usage.ts"

/** What may follow a command beside a pipeline's own options. */
export interface CommandShape {
  readonly name: string
  /** Whether the first argument is a pipeline's name. */
  readonly ofPipeline: boolean
  /** Arguments without dashes, after the pipeline's name. */
  readonly args: ReadonlyArray<string>
  /** Whether the last of them may be given several times. */
  readonly many?: boolean
  readonly flags: ReadonlyArray<string>
  /** The command's own options that take a value. */
  readonly options: ReadonlyArray<OptionShape>
}

export interface OptionShape {
  readonly name: string
  /** What its value is, and one of them. */
  readonly value: string
  readonly example: string
  readonly isRepeated: boolean
  readonly isNeeded?: boolean
}

const HELP = ["--help", "-h"]
/** The parser's own: it knows best what follows them. */
const BUILT_IN = ["--log-level", "--completions", "--version", "--wizard"]

const isNegative = (arg: string): boolean => /^-\.?\d/.test(arg)
const isOption = (arg: string): boolean => arg.startsWith("-") && arg !== "-" && !isNegative(arg)

/** `--name -1` as `--name=-1`: a negative number is a value. */
export const joinNegative = (args: ReadonlyArray<string>): ReadonlyArray<string> =>
  args.flatMap((arg, index) => {
    if (isNegative(arg) && isBareOption(args[index - 1] ?? "")) return []
    const next = args[index + 1] ?? ""
    return isBareOption(arg) && isNegative(next) ? [`${arg}=${next}`] : [arg]
  })
const isBareOption = (arg: string): boolean => arg.startsWith("--") && !arg.includes("=")

const names = (all: ReadonlyArray<string>): string => (all.length === 1 ? `${all[0]}` : `one of ${all.join(", ")}`)

const invalid = (what: string, expected: string, fix: string) => new UsageInvalid({ what, expected, fix })

/** Options and arguments of one command: each known, with a value where it takes one, and given once. How many arguments. */
const checkRest = (
  told: string,
  { args: positional, many = false, flags, options }: CommandShape,
  params: AnyPipeline["params"],
  rest: ReadonlyArray<string>
): Effect.Effect<number, UsageInvalid> =>
  Effect.gen(function* () {
    const byOption = new Map<string, OptionShape>([
      ...Object.entries(params).map(([name, param]): [string, OptionShape] => {
        const option = `--${optionName(name)}`
        const value = Param.expectation(param.schema)
        return [option, { name: option, value, example: defaultText(param), isRepeated: false }]
      }),
      ...options.map((option): [string, OptionShape] => [option.name, option])
    ])
    const known = [...byOption.keys(), ...flags, "--json", "--help"]
    const seen = new Set<string>()
    let taken = 0
    for (let at = 0; at < rest.length; at++) {
      const arg = rest[at] ?? ""
      if (!isOption(arg)) {
        if (taken === positional.length && !many)
          return yield* invalid(
            `${told} takes no argument ${JSON.stringify(arg)}`,
            byOption.size > 0 && positional.length === 0
              ? `options only, such as ${known[0]} VALUE`
              : positional.length > 0
                ? `one argument: ${positional[0]}`
                : `just ${told}`,
            `See ${told} --help.`
          )
        taken += 1
        continue
      }
      const option = arg.split("=")[0] ?? ""
      const shape = byOption.get(option)
      if (shape === undefined) {
        if (![...flags, ...HELP].includes(option))
          return yield* unknown("parameter", option, known, `See ${told} --help.`, told)
        if (arg !== option) return yield* invalid(`${option} was given a value`, "none", `Write just ${option}.`)
        continue
      }
      if (seen.has(option) && !shape.isRepeated)
        return yield* invalid(`${option} is given twice`, "one value", "Leave out all but one of them.")
      seen.add(option)
      if (arg !== option) continue
      at += 1
      if (at >= rest.length || isOption(rest[at] ?? ""))
        return yield* invalid(`${option} has no value`, shape.value, `Try ${option} ${shape.example}.`)
    }
    return taken
  })

/** Finds what is wrong with a command line before the parser does, which would say less about it. */
export const check = (
  args: ReadonlyArray<string>,
  commands: ReadonlyArray<CommandShape>,
  pipelines: ReadonlyArray<AnyPipeline>
): Effect.Effect<void, UsageInvalid> =>
  Effect.gen(function* () {
    const [first, ...rest] = args
    const commandNames = commands.map(({ name }) => name)
    if (first === undefined || args.some((arg) => [...HELP, ...BUILT_IN].includes(arg.split("=")[0] ?? ""))) return
    if (isOption(first))
      return yield* invalid(`${first} comes before any command`, names(commandNames), "See pipeline --help.")
    const command = commands.find(({ name }) => name === first)
    if (command === undefined) return yield* unknown("command", first, commandNames, "See pipeline --help.")
    const told = `pipeline ${first}`
    if (!command.ofPipeline) {
      const taken = yield* checkRest(told, command, {}, rest)
      if (taken < command.args.length)
        return yield* invalid(`${told} names nothing`, command.args.join(" "), `See ${told} --help.`)
      const lacking = command.options.find(
        ({ name, isNeeded }) => isNeeded === true && !rest.some((arg) => arg.split("=")[0] === name)
      )
      if (lacking !== undefined)
        return yield* invalid(
          `${told} has no ${lacking.name}`,
          lacking.value,
          `Try ${lacking.name} ${lacking.example}.`
        )
      return
    }
    const known = pipelines.map(({ name }) => name)
    const [name, ...given] = rest
    if (name === undefined || isOption(name))
      return yield* invalid(`${told} names no pipeline`, names(known), `Name one; pipeline list tells what they are.`)
    const pipeline = pipelines.find((each) => each.name === name)
    if (pipeline === undefined) return yield* unknown("pipeline", name, known, "See pipeline list.")
    yield* checkRest(`${told} ${name}`, command, pipeline.params, given)
  })
