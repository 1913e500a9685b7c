import { Context } from "effect"

/** Where a command reads and writes, and where a worker does. */
export class Place extends Context.Tag("headrace/Place")<
  Place,
  {
    /** The project's root, where `headrace.config.ts` lies. */
    readonly root: string
    /** Where the command was given: paths that people write are relative to it. */
    readonly workingDirectory: string
    /** The build that runs: `cli.cjs`, `start.mjs`, `worker.mjs`, `code.json`. */
    readonly build: string
    /** The cache: PIPELINE_HOME, else `.pipeline` at the root. */
    readonly home: string
    /** What people open: PIPELINE_RESULTS, else `results` at the root. */
    readonly results: string
  }
>() {}
