import { accept } from "./accept/accept.ts"
import { accepted } from "./accept/accepted.ts"
import { exportTo } from "./artifact/export.ts"
import { inspect } from "./artifact/inspect.ts"
import { slurmTask } from "./cluster/slurm-task.ts"
import { worker } from "./cluster/worker.ts"
import { workers } from "./cluster/workers.ts"
import type { Command, Project } from "./command/Command.ts"
import { compare } from "./compare/compare.ts"
import { doctor } from "./doctor/doctor.ts"
import { key } from "./key/key.ts"
import { list } from "./list/list.ts"
import { predict } from "./predict/predict.ts"
import { pull } from "./remote/pull.ts"
import { push } from "./remote/push.ts"
import { report } from "./report/report-command.ts"
import { plan } from "./run/plan.ts"
import { run } from "./run/run.ts"
import { why } from "./run/why.ts"
import { gc } from "./store/gc.ts"
import { pin } from "./store/pin.ts"
import { unpin } from "./store/unpin.ts"
import { verify } from "./store/verify.ts"
import { sweep } from "./sweep/sweep.ts"
import { tune } from "./sweep/tune.ts"
import { ui } from "./ui/ui.ts"

/** All commands, in the order in which help tells them: a new one is a file, and its name here. */
const ALL: ReadonlyArray<<S>(project: Project<S>) => Command<S>> = [
  run,
  plan,
  why,
  accept,
  accepted,
  sweep,
  tune,
  predict,
  inspect,
  exportTo,
  report,
  ui,
  compare,
  list,
  gc,
  pin,
  unpin,
  verify,
  worker,
  workers,
  slurmTask,
  push,
  pull,
  key,
  doctor
]

/** The commands of a project. */
export const commandsOf = <S>(project: Project<S>): ReadonlyArray<Command<S>> => ALL.map((command) => command(project))
