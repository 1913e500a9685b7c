import { Effect } from "effect"
import { TasksFailed } from "../Tasks.ts"

/** What `--slurm-options` may not say, as it is what tells the jobs of a command apart. */
const OWN: ReadonlyArray<readonly [long: string, short: string | null]> = [
  ["--array", "-a"],
  ["--chdir", "-D"],
  ["--dependency", "-d"],
  ["--error", "-e"],
  ["--input", "-i"],
  ["--job-name", "-J"],
  ["--open-mode", null],
  ["--output", "-o"],
  ["--parsable", null],
  ["--test-only", null],
  ["--wait", "-W"],
  ["--wrap", null]
]

const invalid = (what: string, expected: string, fix: string) => new TasksFailed({ what, expected, fix })

const isOwn = (word: string): boolean =>
  OWN.some(
    ([long, short]) =>
      word === long ||
      word.startsWith(`${long}=`) ||
      (short !== null && word.startsWith(short) && !word.startsWith("--"))
  )

/** A word of a command line: bare letters, texts in quotes, letters behind a backslash, in any order. */
const WORD = /(?:[^\s"'\\]|"[^"]*"|'[^']*'|\\.)+/g
const QUOTED = /"([^"]*)"|'([^']*)'|\\(.)/g

/** The options of sbatch that a text holds, as a shell would read it. */
export const parse = (text: string): Effect.Effect<ReadonlyArray<string>, TasksFailed> => {
  if (text.replace(WORD, "").trim() !== "")
    return invalid(
      `--slurm-options has a quote without its end: ${text}`,
      'options of sbatch, such as "-p gpu --mem=8G"',
      "Correct it."
    )
  const words = (text.match(WORD) ?? []).map((word) =>
    word.replace(QUOTED, (_, double?: string, single?: string, escaped?: string) => double ?? single ?? escaped ?? "")
  )
  const own = words.find(isOwn)
  if (own !== undefined)
    return invalid(
      `--slurm-options has ${own}`,
      "options that say where jobs run and what they may take: every job is told apart by the others",
      "Leave it out. How many jobs run side by side says --jobs."
    )
  return Effect.succeed(words)
}
