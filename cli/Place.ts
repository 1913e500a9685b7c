import { Context } from "effect"

/** Where this command reads and writes. */
export class Place extends Context.Tag("headrace/Place")<
  Place,
  {
    /** The project's root. */
    readonly root: string
    /** The build that runs: `cli.cjs`, `start.mjs`, `worker.mjs`, `code.json`. */
    readonly build: string
    /** The cache: PIPELINE_HOME, else `.pipeline` at the root. */
    readonly home: string
    /** What people open: PIPELINE_RESULTS, else `results` at the root. */
    readonly results: string
  }
>() {}
