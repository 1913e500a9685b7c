import { Effect } from "effect"
import type { Slurm, SlurmFailed } from "./Slurm.ts"

/** An element of an array, as Slurm's queue tells of it. */
export interface Row {
  /** The array's name. */
  readonly name: string
  /** By which Slurm's commands take it, such as `17_3`. */
  readonly job: string
  readonly index: number
  /** Such as `PENDING`. */
  readonly state: string
  /** Why it waits; `None` for no reason. */
  readonly reason: string
  readonly nodes: string
}

/** States in which a job ends for good. */
const ENDS = new Set([
  "BOOT_FAIL",
  "CANCELLED",
  "COMPLETED",
  "DEADLINE",
  "FAILED",
  "NODE_FAIL",
  "OUT_OF_MEMORY",
  "PREEMPTED",
  "TIMEOUT"
])
export const isOver = ({ state }: Row): boolean => ENDS.has(state)
export const isPending = ({ state }: Row): boolean => state === "PENDING"

/** Name, array, element, state, nodes, reason: what may hold anything comes last. */
const FORMAT = "%j|%F|%K|%T|%N|%r"

const rowOf = (line: string): ReadonlyArray<Row> => {
  const [name = "", array = "", index = "", state = "", nodes = "", ...reason] = line.trim().split("|")
  if (!/^\d+$/.test(array) || !/^\d+$/.test(index)) return []
  return [{ name, job: `${array}_${index}`, index: Number(index), state, nodes, reason: reason.join("|") }]
}

/**
 * All elements of the arrays of these names: those that wait or run, and those that ended and that Slurm still remembers. A name
 * that it knows nothing of has none.
 */
export const look = (slurm: Slurm, names: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Row>, SlurmFailed> =>
  Effect.map(
    slurm({
      command: "squeue",
      args: ["--noheader", "--array", "--states=all", `--name=${names.join(",")}`, `--format=${FORMAT}`]
    }),
    (text) => text.split("\n").flatMap(rowOf)
  )

/** Ends jobs, whether they wait or run. */
export const cancel = (slurm: Slurm, jobs: ReadonlyArray<string>): Effect.Effect<void, SlurmFailed> =>
  Effect.asVoid(slurm({ command: "scancel", args: ["--quiet", ...jobs] }))

/** What lets a job wait, for people; null where that tells nobody anything. */
export const waitText = (reason: string): string | null => {
  switch (reason) {
    case "None":
    case "JobArrayTaskLimit":
      return null
    case "Resources":
      return "Resources, its nodes are busy"
    case "Priority":
      return "Priority, others come before it"
    case "BeginTime":
      return "BeginTime, it is begun again in a while"
    case "PartitionTimeLimit":
      return 'PartitionTimeLimit, its partition allows less time than it asks for: sinfo -o "%P %l" lists what each allows, --slurm-options "-t MINUTES" asks for less'
    case "PartitionNodeLimit":
      return 'PartitionNodeLimit, its partition allows less than it asks for: sinfo lists them, --slurm-options "-p NAME" names one'
    case "JobHeldUser":
    case "JobHeldAdmin":
      return `${reason}, it is held: scontrol release lets it go`
    default:
      return /held/i.test(reason) ? `${reason}: scontrol release lets it go` : reason
  }
}
