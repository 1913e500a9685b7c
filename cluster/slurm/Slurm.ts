import { type ExecFileException, execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { Effect, Schema } from "effect"
import * as Explained from "../../artifacts/Explained.ts"

/** A command of Slurm came to nothing. `isPassing`: whoever answers does not at present, so that asking again may help. */
export class SlurmFailed extends Explained.TaggedError<SlurmFailed>()(
  "SlurmFailed",
  { ...Explained.fields, isPassing: Schema.Boolean },
  ({ what, expected, fix }) => ({ what, expected, fix })
) {}

export type Command = "sbatch" | "squeue" | "scontrol" | "scancel"

export interface Asked {
  readonly command: Command
  readonly args: ReadonlyArray<string>
  /** What it reads. */
  readonly input?: string
}

/** Who carries out Slurm's commands: what one says where it does as it is told. */
export type Slurm = (asked: Asked) => Effect.Effect<string, SlurmFailed>

/** A command that waits longer than this for its controller is ended: Slurm's own tools try for minutes. */
const PATIENCE_MILLIS = 60_000
/** A cluster's whole queue is less. */
const MOST_BYTES = 64 * 1024 * 1024

/** What Slurm says where its controller does not answer, or stands still. */
const AWAY =
  /Unable to contact slurm controller|Socket timed out|Connection refused|Communication connection failure|Zero Bytes were transmitted|Slurm backup controller in standby mode|Slurm temporarily unable to accept job|Resource temporarily unavailable/i

const absent = (command: Command) =>
  new SlurmFailed({
    what: `There is no command ${command} here`,
    expected: "Slurm's commands on this machine, as on every login node of a cluster",
    fix: "Give the command on a machine that has them (module load slurm, if that is how they come), or without --on.",
    isPassing: false
  })

const away = (command: Command, said: string) =>
  new SlurmFailed({
    what: `Slurm's controller does not answer ${command}${said === "" ? "" : ` (${said})`}`,
    expected: "an answer",
    fix: "See to slurmctld, or ask whoever does; scontrol ping tells how it is.",
    isPassing: true
  })

const unset = (said: string) =>
  new SlurmFailed({
    what: `Slurm's commands know no cluster here (${said})`,
    expected: "its configuration: /etc/slurm/slurm.conf, or the file that SLURM_CONF names",
    fix: "Give the command on a machine of the cluster, or set SLURM_CONF.",
    isPassing: false
  })

/** What a command says of what went wrong, without its own name before it. */
const wordsOf = (command: Command, text: string): string =>
  text
    .split("\n")
    .map((line) => line.replace(new RegExp(`^${command}: (error: |fatal: )?`), "").trim())
    .filter((line) => line !== "" && !line.startsWith("Try "))
    .join("; ")

const FIXES: ReadonlyArray<readonly [said: RegExp, expected: string, fix: string]> = [
  [/partition/i, "a partition of this cluster", 'sinfo lists them: --slurm-options "-p NAME".'],
  [/feature/i, "features that a node has", 'sinfo -o "%N %f" lists them: --slurm-options "-C NAME".'],
  [
    /account|qos|association/i,
    "an account and a QOS that you may use",
    'Ask whoever runs the cluster, and name them: --slurm-options "-A ACCOUNT -q QOS".'
  ],
  [
    /node configuration is not available|memory|cpu|gres|gpu/i,
    "what a node of the partition has",
    'sinfo -o "%P %c %m %G" lists it; ask for less, or for another partition, by --slurm-options.'
  ],
  [/time limit/i, "a time within the partition's limit", 'sinfo -o "%P %l" lists them: --slurm-options "-t MINUTES".'],
  [
    /unrecognized option|invalid option|requires an argument|ambiguous/i,
    "options of sbatch",
    "sbatch --help lists them."
  ]
]

const refused = (command: Command, said: string) => {
  const [, expected, fix] = FIXES.find(([pattern]) => pattern.test(said)) ?? [
    null,
    "that it does as it is told",
    "Correct --slurm-options, or ask whoever runs the cluster."
  ]
  return new SlurmFailed({ what: `${command} refuses: ${said}`, expected, fix, isPassing: false })
}

const failureOf = (command: Command, cause: ExecFileException, stderr: string) => {
  if (cause.code === "ENOENT") return absent(command)
  const said = wordsOf(command, stderr)
  if (/configuration (source|file)|resolve_ctls|cannot stat file/.test(said)) return unset(said)
  if (cause.killed === true || AWAY.test(said)) return away(command, said)
  return refused(command, said === "" ? cause.message : said)
}

/** Slurm's commands as they are on this machine, with an environment of their own. */
export const make =
  (env: Readonly<Record<string, string | undefined>>): Slurm =>
  ({ command, args, input }) =>
    Effect.async((resume) => {
      // Slurm's own commands wait for a minute for such a file
      if (env.SLURM_CONF && !existsSync(env.SLURM_CONF))
        return resume(Effect.fail(unset(`SLURM_CONF names ${env.SLURM_CONF}, which is not there`)))
      const options = { env, timeout: PATIENCE_MILLIS, maxBuffer: MOST_BYTES }
      const child = execFile(command, [...args], options, (cause, stdout, stderr) =>
        resume(cause === null ? Effect.succeed(stdout) : Effect.fail(failureOf(command, cause, stderr)))
      )
      // one that ends at once reads nothing; its exit code says why
      child.stdin?.on("error", () => undefined)
      child.stdin?.end(input ?? "")
      return Effect.sync(() => void child.kill())
    })
