import { Effect, Option } from "effect"
import type { Explained } from "../../artifacts/Explained.ts"
import type { Slurm } from "./Slurm.ts"

/** How a job ended, as Slurm tells of it. */
export interface Ending {
  readonly state: string
  readonly code: number
  readonly signal: number
  /** Where it ran; empty where it did not. */
  readonly nodes: string
}

/** What `scontrol show job --oneliner` says; null where it speaks of no job. */
export const parse = (text: string): Ending | null => {
  const field = (name: string): string => new RegExp(`(?:^|\\s)${name}=(\\S*)`).exec(text)?.[1] ?? ""
  const [code, signal] = field("ExitCode").split(":").map(Number)
  const nodes = field("NodeList")
  if (field("JobState") === "" || code === undefined || signal === undefined) return null
  return { state: field("JobState"), code, signal, nodes: nodes === "(null)" ? "" : nodes }
}

/** How a job ended; null where Slurm knows nothing of it any more. */
export const ask = (slurm: Slurm, job: string): Effect.Effect<Ending | null> =>
  slurm({ command: "scontrol", args: ["show", "job", "--oneliner", job] }).pipe(
    Effect.option,
    Effect.map((text) => parse(Option.getOrElse(text, () => "")))
  )

/** Exit codes by which a job's script says what it lacks. */
export const NO_TASK = 66
export const NO_PROJECT = 67
export const NO_NODE = 68
/** By these, a signal in Slurm's words, a job ends that can't write where its output goes. */
const NO_OUTPUT = 53

/** A job without an answer: which, whose, how it ended, where to look. */
export interface Unanswered {
  readonly job: string
  readonly node: string
  readonly ending: Ending | null
  readonly lastWords: string
  /** What every node must see: where tasks lie, and the project. */
  readonly folder: string
  readonly project: string
}

const MOST_LINES = 3
const LATER = "Run again: finished chunks and steps are not computed again."

const notShared = (job: string, machine: string, folder: string): Explained => ({
  tag: "NotShared",
  what: `The Slurm job ${job} on ${machine} does not find ${folder}, where this machine put its task`,
  expected: "a file system that all nodes of the cluster share with this machine",
  fix: 'Let PIPELINE_REMOTE be a folder on one, or move the project there; a partition whose nodes have it is named by --slurm-options "-p NAME".'
})

const expectedOf = (
  { state, code, signal }: Ending,
  {
    folder,
    project,
    job,
    nodes
  }: { readonly job: string; readonly nodes: string } & Pick<Unanswered, "folder" | "project">
): Explained | null => {
  if (state !== "FAILED") return null
  if (code === NO_TASK || signal === NO_OUTPUT) return notShared(job, nodes, folder)
  if (code === NO_PROJECT) return notShared(job, nodes, project)
  if (code === NO_NODE)
    return {
      tag: "NoNode",
      what: `The Slurm job ${job} on ${nodes} finds no Node.js: neither ${process.execPath} nor one on its PATH`,
      expected: "the Node.js of this machine on every node, or another one on the PATH of jobs",
      fix: "Install it on the file system that the nodes share, or load its module before the command is given."
    }
  return null
}

/** What to do about a job that ended in a state. */
const fixOf = (state: string): string => {
  switch (state) {
    case "OUT_OF_MEMORY":
      return `Give it more: --slurm-options "--mem=16G", or let its stage declare its \`memory\`. ${LATER}`
    case "TIMEOUT":
    case "DEADLINE":
      return `Give it more time: --slurm-options "-t MINUTES", or let its stage declare its \`timeout\`. ${LATER}`
    case "CANCELLED":
      return `If nobody meant it, run again. ${LATER}`
    case "NODE_FAIL":
    case "BOOT_FAIL":
    case "PREEMPTED":
      return `Slurm was told not to run it again on another node. ${LATER}`
    default:
      return `What it said is the end of its output. ${LATER}`
  }
}

const howOf = ({ state, code, signal, nodes }: Ending): string => {
  const how = signal !== 0 ? ` by signal ${signal}` : code !== 0 ? ` with exit code ${code}` : ""
  return `ended ${state}${how}${nodes === "" ? "" : ` on ${nodes}`}`
}

/** Why a job has no answer, for people. */
export const explain = ({ job, node, ending, lastWords, folder, project }: Unanswered): Explained => {
  const known = ending === null ? null : expectedOf(ending, { job, folder, project, nodes: ending.nodes })
  if (known !== null) return known
  const words = lastWords.trim().split("\n").slice(-MOST_LINES).join(" ")
  const said = words === "" ? "" : `, saying "${words}"`
  if (ending?.state === "COMPLETED")
    return {
      tag: "NoAnswer",
      what: `The Slurm job ${job} of ${node} ended well on ${ending.nodes}, and its answer is not in ${folder}${said}`,
      expected: "a file system that all nodes of the cluster share with this machine",
      fix: `See that ${folder} is the same on all of them. ${LATER}`
    }
  return {
    tag: "JobEnded",
    what: `The Slurm job ${job} of ${node} ${ending === null ? "is gone, and Slurm does not remember how it ended" : howOf(ending)}${said}`,
    expected: "it to finish",
    fix: fixOf(ending?.state ?? "")
  }
}
