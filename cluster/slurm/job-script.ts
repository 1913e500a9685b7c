import { NO_NODE, NO_PROJECT, NO_TASK } from "./Ending.ts"

export interface Job {
  /** Where the tasks of its array lie. */
  readonly folder: string
  /** The project's folder, and what runs commands there. */
  readonly project: string
  readonly launcher: string
  /** Variables that it has other than whoever submits it. */
  readonly env: Readonly<Record<string, string>>
}

/** A text as a word of a shell's. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** What a job runs: it says by its exit code what its node lacks of what this machine has. */
export const script = ({ folder, project, launcher, env }: Job): string =>
  `#!/bin/sh
task=${quoted(folder)}/"$SLURM_ARRAY_TASK_ID".json
[ -r "$task" ] || exit ${NO_TASK}
cd ${quoted(project)} && [ -r ${quoted(launcher)} ] || exit ${NO_PROJECT}
node=${quoted(process.execPath)}
[ -x "$node" ] || node=$(command -v node) || exit ${NO_NODE}
${Object.entries(env)
  .map(([name, value]) => `export ${name}=${quoted(value)}\n`)
  .join("")}exec "$node" ${quoted(launcher)} slurm-task "$task"
`
