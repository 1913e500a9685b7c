import { Effect } from "effect"
import * as Run from "../../engine/Run.ts"
import { RunEvents } from "../../engine/RunEvent.ts"
import { notHere, on, onMachines, slurmOptions } from "../cluster/on.ts"
import { type Command, ofPipeline, type Project } from "../command/Command.ts"
import * as ParamOptions from "../command/param-options.ts"
import { asked, flags, options, refreshing } from "./asked.ts"
import { audit, auditingFor } from "./auditing.ts"
import { carryOut } from "./carry-out.ts"
import { tell } from "./tell-run.ts"

/** Runs a pipeline. */
export const run = <S>(project: Project<S>): Command<S> =>
  ofPipeline<S>({
    name: "run",
    description: "Run a pipeline; what is cached is reused",
    flags: [...flags, notHere],
    options: [...options, audit, on, slurmOptions],
    computes: true,
    run: (pipeline, given) =>
      Effect.gen(function* () {
        const values = yield* ParamOptions.decode(pipeline, given.params)
        const { again, until } = yield* asked(pipeline, values, given)
        const auditing = yield* auditingFor(given)
        const { publish } = yield* RunEvents
        return yield* onMachines(project, given, (cores) =>
          carryOut(Run.run(pipeline, values, { cores, auditing }, again, until), {
            publish,
            tell: (record) => tell(project, record)
          })
        )
      }).pipe(refreshing(given))
  })
