import * as fs from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import type { KeyText } from "../../cache/Key.ts"
import { type Asked, type Slurm, SlurmFailed } from "../../cluster/slurm/Slurm.ts"
import { beside, type TaskFiles } from "../../cluster/slurm/TaskFiles.ts"
import type { Handed } from "../../cluster/Tasks.ts"
import { NONE } from "../../engine/Limits.ts"
import { ComputeNode } from "../../engine/WorkerProtocol.ts"

/** A job of a test's: what it does when it begins, and the state that it is in then. */
export type FakeJob = (files: TaskFiles, index: number) => string

interface FakeRow {
  readonly name: string
  readonly array: number
  readonly index: number
  state: string
}

/** A Slurm that begins every job at once, in this process: for what a real one's jobs don't do. */
export const fakeSlurm = (job: FakeJob) => {
  const rows: Array<FakeRow> = []
  const asked: Array<Asked> = []
  const optionOf = (args: ReadonlyArray<string>, option: string) =>
    args.find((arg) => arg.startsWith(`${option}=`))?.slice(option.length + 1) ?? ""
  const answer = ({ command, args }: Asked): string => {
    switch (command) {
      case "sbatch": {
        const [, last = "0"] = optionOf(args, "--array").split("-")
        const name = optionOf(args, "--job-name")
        const folder = path.dirname(optionOf(args, "--output"))
        const array = rows.length + 1
        for (let index = 0; index <= Number(last); index++)
          rows.push({ name, array, index, state: job(beside(path.join(folder, `${index}.json`)), index) })
        return `${array}\n`
      }
      case "squeue": {
        const names = optionOf(args, "--name").split(",")
        return rows
          .filter(({ name }) => names.includes(name))
          .map(({ name, array, index, state }) => `${name}|${array}|${index}|${state}|n1|None\n`)
          .join("")
      }
      case "scontrol":
        return `JobId=1 JobState=${rows.find(({ array, index }) => args.includes(`${array}_${index}`))?.state} Reason=None ExitCode=1:0 NodeList=n1\n`
      case "scancel":
        for (const row of rows) if (args.includes(`${row.array}_${row.index}`)) row.state = "CANCELLED"
        return ""
    }
  }
  const slurm: Slurm = (one) =>
    Effect.sync(() => {
      asked.push(one)
      return answer(one)
    })
  return { slurm, rows, asked, submitted: () => asked.filter(({ command }) => command === "sbatch") }
}

/** A Slurm whose controller does not answer. */
export const awaySlurm: Slurm = ({ command }) =>
  new SlurmFailed({ what: `${command} is not answered`, expected: "an answer", fix: "Wait.", isPassing: true })

const digest = (letter: string) => letter.repeat(64)
const text = {
  format: 2,
  stage: "wait",
  params: {},
  inputs: {},
  code: { digest: digest("c"), files: {}, packages: {} },
  facts: {},
  outputs: { waited: "Waited@1" }
} as unknown as KeyText

/** A task for machines elsewhere, told from others by a letter. */
export const handed = (letter: string, more: Partial<Handed> = {}): Handed => ({
  request: new ComputeNode({
    pipeline: "waiting",
    params: {},
    node: "wait",
    key: digest(letter) as ComputeNode["key"],
    isAgain: false,
    range: null,
    outputs: {}
  }),
  need: { id: "need", share: "core", text },
  limits: NONE,
  hear: () => Effect.void,
  ...more
})

/** Writes an answer as a job does. */
export const answering = ({ answer }: TaskFiles, printed: string): void =>
  fs.writeFileSync(answer, JSON.stringify({ _tag: "Computed", sealed: "sealed", printed }))
