import { Duration, type Effect } from "effect"
import type { Limits } from "../../engine/Limits.ts"
import { coresOf, type Share } from "../../engine/Node.ts"
import type { Slurm, SlurmFailed } from "./Slurm.ts"

/** What of a machine a job takes. Jobs that take the same, and need the same, become one array. */
export interface Taking {
  readonly share: Share
  /** The native threads of a node that takes a whole machine. */
  readonly threads: number
  readonly limits: Limits
}

const MEBIBYTE = 1024 * 1024
/** What the process beside the one that computes may hold. */
const BESIDE_MEBIBYTES = 512
/** What a job takes beside computing: starting, fetching, uploading. */
const BESIDE = Duration.minutes(10)

/** What a node declares of itself, as options of sbatch. */
export const takingOptions = ({ share, threads, limits: { memory, timeout } }: Taking): ReadonlyArray<string> => [
  `--cpus-per-task=${coresOf(share, threads)}`,
  ...(memory === null ? [] : [`--mem=${Math.ceil(memory / MEBIBYTE) + BESIDE_MEBIBYTES}M`]),
  ...(timeout === null ? [] : [`--time=${Math.ceil(Duration.toMinutes(Duration.sum(timeout, BESIDE)))}`])
]

export interface Submission {
  /** By which the job is found again. */
  readonly name: string
  /** For people who look into the queue. */
  readonly comment: string
  readonly script: string
  /** How many elements its array has. */
  readonly count: number
  /** Of what it takes, and then of whoever submits it, which stand above. */
  readonly options: ReadonlyArray<string>
  /** Where it runs, and where what it prints goes, `%a` standing for the element's number. */
  readonly folder: string
  readonly output: string
}

/** Submits an array of jobs; each is run again after its node's death. */
export const submit = (
  slurm: Slurm,
  { name, comment, script, count, options, folder, output }: Submission
): Effect.Effect<string, SlurmFailed> =>
  slurm({
    command: "sbatch",
    input: script,
    args: [
      "--requeue",
      ...options,
      "--parsable",
      `--job-name=${name}`,
      `--comment=${comment}`,
      `--array=0-${count - 1}`,
      `--chdir=${folder}`,
      `--output=${output}`,
      "--open-mode=append"
    ]
  })
