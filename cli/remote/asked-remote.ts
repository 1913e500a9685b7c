import { Effect } from "effect"
import type { Mode } from "../../cache/remote/settings.ts"
import type { Option, Shape } from "../command/Command.ts"
import { UsageInvalid } from "../command/Usage.ts"

const MODES: ReadonlyArray<Mode> = ["read", "write", "off"]
const isMode = (text: string): text is Mode => (MODES as ReadonlyArray<string>).includes(text)

/** What every command that looks into the store takes, wherever it stands on the command line. */
export const remote: Option = {
  name: "--remote",
  value: "MODE",
  description:
    "What to do with the shared store that PIPELINE_REMOTE names: read, write (with a key, as it is then without a word) or off",
  expected: "read, write or off",
  example: "read"
}

const invalid = (what: string) =>
  new UsageInvalid({ what, expected: remote.expected, fix: `Try ${remote.name} ${remote.example}.` })

/** What a command does with the shared store: what is asked for, if it can do its work so, else what it needs. */
export const modeFor = (
  { name, remote: needed }: Shape,
  mode: Mode | null
): Effect.Effect<Mode | null, UsageInvalid> =>
  needed === undefined || mode === null || mode === needed || (needed === "read" && mode === "write")
    ? Effect.succeed(mode ?? needed ?? null)
    : new UsageInvalid({
        what: `pipeline ${name} needs the shared store, and is told --remote ${mode}`,
        expected: `--remote ${needed}, which it has without a word`,
        fix: "Leave --remote out."
      })

/** The command line without what it says of the shared store, and that; null where it says nothing. */
export const split = (
  args: ReadonlyArray<string>
): Effect.Effect<{ readonly args: ReadonlyArray<string>; readonly mode: Mode | null }, UsageInvalid> =>
  Effect.gen(function* () {
    const at = args.findIndex((arg) => arg === remote.name || arg.startsWith(`${remote.name}=`))
    const arg = args[at]
    if (arg === undefined) return { args, mode: null }
    const isApart = arg === remote.name
    const value = isApart ? args[at + 1] : arg.slice(remote.name.length + 1)
    if (value === undefined || value === "") return yield* invalid(`${remote.name} has no value`)
    if (!isMode(value)) return yield* invalid(`${remote.name} is ${JSON.stringify(value)}`)
    const rest = [...args.slice(0, at), ...args.slice(at + (isApart ? 2 : 1))]
    if (rest.some((other) => other === remote.name || other.startsWith(`${remote.name}=`)))
      return yield* new UsageInvalid({
        what: `${remote.name} is given twice`,
        expected: "one value",
        fix: "Leave out all but one of them."
      })
    return { args: rest, mode: value }
  })
