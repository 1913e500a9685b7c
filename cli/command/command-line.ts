import { Effect } from "effect"
import { expectation } from "../../artifacts/SchemaRefusal.ts"
import type { AnyPipeline } from "../../engine/Pipeline.ts"
import type { Command, Flag, Given, Known, Option, Ran, Shape } from "./Command.ts"
import { usageOf } from "./help.ts"
import { optionName } from "./option-text.ts"
import { defaultText } from "./param-options.ts"
import { invalid, UsageInvalid, unknown } from "./Usage.ts"

/** What a command line asks for. */
export type Asked<S> =
  | { readonly _tag: "Version" }
  /** The help of a command, for one pipeline where one is named, or of all commands. */
  | { readonly _tag: "Help"; readonly command: Shape | null; readonly pipeline: AnyPipeline | null }
  | { readonly _tag: "Run"; readonly command: Shape; readonly run: Ran<S> }

const HELP = ["--help", "-h"]

const isNegative = (arg: string): boolean => /^-\.?\d/.test(arg)
const isOption = (arg: string): boolean => arg.startsWith("-") && arg !== "-" && !isNegative(arg)

const names = (all: ReadonlyArray<string>): string => (all.length === 1 ? `${all[0]}` : `one of ${all.join(", ")}`)

/** An option as it is looked for: a parameter of the pipeline, or one of the command's own. */
interface Expected {
  readonly option: Pick<Option, "name" | "expected" | "example" | "isWhole" | "isRepeated" | "isVerbatim">
  readonly give: (value: string) => void
}

/** Reads what follows a command, and its pipeline: every option known, with a value where it takes one, and given once. */
const readRest = (
  told: string,
  command: Shape,
  params: AnyPipeline["params"],
  rest: ReadonlyArray<string>
): Effect.Effect<Given, UsageInvalid> =>
  Effect.gen(function* () {
    const args: Array<string> = []
    const given = { params: new Map<string, string>(), options: new Map<Option, ReadonlyArray<string>>() }
    const flags = new Set<Flag>()
    const known = new Map<string, Expected>([
      ...Object.entries(params).map(([name, param]): [string, Expected] => {
        const option = `--${optionName(name)}`
        const expected = expectation(param.schema)
        const give = (value: string) => void given.params.set(name, value)
        return [option, { option: { name: option, expected, example: defaultText(param) }, give }]
      }),
      ...command.options.map((option): [string, Expected] => {
        const give = (value: string) => void given.options.set(option, [...(given.options.get(option) ?? []), value])
        return [option.name, { option, give }]
      })
    ])
    const seen = new Set<string>()
    const isMany = command.args.at(-1)?.isRepeated === true
    for (let at = 0; at < rest.length; at++) {
      const arg = rest[at] ?? ""
      if (!isOption(arg)) {
        if (args.length === command.args.length && !isMany) return yield* tooMany(told, command, known, arg)
        args.push(arg)
        continue
      }
      const name = arg.split("=")[0] ?? ""
      const found = known.get(name)
      if (found === undefined) {
        const flag = command.flags.find((each) => each.name === name)
        const all = [...known.keys(), ...command.flags.map((each) => each.name), "--json", "--help"]
        if (flag === undefined) return yield* unknown("option", name, all, `See ${told} --help.`, told)
        if (arg !== name) return yield* invalid(`${name} was given a value`, "none", `Write just ${name}.`)
        flags.add(flag)
        continue
      }
      const { option, give } = found
      if (seen.has(name) && option.isRepeated !== true)
        return yield* invalid(`${name} is given twice`, "one value", "Leave out all but one of them.")
      seen.add(name)
      if (arg === name) at += 1
      const value = arg === name ? rest[at] : arg.slice(name.length + 1)
      if (value === undefined || (arg === name && isOption(value) && option.isVerbatim !== true))
        return yield* invalid(`${name} has no value`, option.expected, `Try ${name} ${option.example}.`)
      if (option.isWhole === true && !/^[+-]?\d+$/.test(value))
        return yield* invalid(`${name} is ${JSON.stringify(value)}`, option.expected, `Try ${name} ${option.example}.`)
      give(value)
    }
    const missing = command.args[args.length]
    if (missing !== undefined && missing.isOptional !== true)
      return yield* invalid(`${told} names nothing`, missing.description, `See ${told} --help.`)
    const lacking = command.options.find((option) => option.isNeeded === true && !given.options.has(option))
    if (lacking !== undefined)
      return yield* invalid(
        `${told} has no ${lacking.name}`,
        lacking.expected,
        `Try ${lacking.name} ${lacking.example}.`
      )
    return { args, flags, ...given }
  })

const tooMany = (told: string, { args }: Shape, known: ReadonlyMap<string, Expected>, arg: string) => {
  const [option] = known.keys()
  const expected =
    args.length > 0
      ? `one argument: ${args[0]?.description}`
      : option === undefined
        ? `just ${told}`
        : `options only, such as ${option} VALUE`
  return invalid(`${told} takes no argument ${JSON.stringify(arg)}`, expected, `See ${told} --help.`)
}

/** The usage line that an error ends with. */
const withUsage =
  (command: Shape | null, pipeline: AnyPipeline | null) =>
  <A, E>(read: Effect.Effect<A, UsageInvalid, E>) =>
    Effect.mapError(
      read,
      ({ what, expected, fix }) => new UsageInvalid({ what, expected, fix, usage: usageOf(command, pipeline) })
    )

const ofPipeline = <P extends AnyPipeline>(
  told: string,
  pipelines: ReadonlyArray<P>,
  name: string | undefined
): Effect.Effect<P, UsageInvalid> => {
  const known = pipelines.map((each) => each.name)
  if (name === undefined || isOption(name))
    return invalid(`${told} names no pipeline`, names(known), "Name one; pipeline list tells what they are.")
  const pipeline = pipelines.find((each) => each.name === name)
  return pipeline === undefined ? unknown("pipeline", name, known, "See pipeline list.") : Effect.succeed(pipeline)
}

/** Reads a command line, without `--json`. */
export const read = <S>(
  args: ReadonlyArray<string>,
  commands: ReadonlyArray<Command<S>>,
  pipelines: ReadonlyArray<Known<S>>
): Effect.Effect<Asked<S>, UsageInvalid> =>
  Effect.gen(function* () {
    const isHelp = args.length === 0 || args[0] === "help" || args.some((arg) => HELP.includes(arg))
    const [first, ...rest] = args.filter((arg, at) => !HELP.includes(arg) && !(at === 0 && arg === "help"))
    if (first === undefined) return { _tag: "Help", command: null, pipeline: null }
    if (first === "--version") return { _tag: "Version" }
    const commandNames = commands.filter(({ isHidden }) => isHidden !== true).map(({ name }) => name)
    const command = commands.find(({ name }) => name === first)
    if (command === undefined)
      return yield* withUsage(
        null,
        null
      )(
        isOption(first)
          ? invalid(`${first} comes before any command`, names(commandNames), "See pipeline --help.")
          : unknown("command", first, commandNames, "See pipeline --help.")
      )
    const told = `pipeline ${first}`
    if (!command.ofPipeline) {
      if (isHelp) return { _tag: "Help", command, pipeline: null }
      const given = yield* withUsage(command, null)(readRest(told, command, {}, rest))
      return { _tag: "Run", command, run: command.run(given) }
    }
    const [name, ...given] = rest
    if (isHelp && (name === undefined || isOption(name))) return { _tag: "Help", command, pipeline: null }
    const pipeline = yield* withUsage(command, null)(ofPipeline(told, pipelines, name))
    if (isHelp) return { _tag: "Help", command, pipeline }
    const read = readRest(`${told} ${name}`, command, pipeline.params, given)
    return { _tag: "Run", command, run: command.run(pipeline, yield* withUsage(command, pipeline)(read)) }
  })
