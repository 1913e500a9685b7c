import { Context } from "effect"

/** The folders in which commands, and the workers that they start, read and write. */
export class Place extends Context.Tag("headrace/Place")<
  Place,
  {
    /** The project's root, where `headrace.config.ts` lies. */
    readonly root: string
    /** Where the command was given: paths that people write are relative to it. */
    readonly workingDirectory: string
    /** The folder of the build that runs: `cli.cjs`, `start.mjs`, `worker.mjs`, `code.json`. */
    readonly build: string
    /** The cache, or store: PIPELINE_HOME, else `.pipeline` at the root. */
    readonly home: string
    /** Where results lie that people open: PIPELINE_RESULTS, else `results` at the root. */
    readonly results: string
  }
>() {}
