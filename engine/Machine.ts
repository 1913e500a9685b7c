/**
 * Facts about the machine that stages may declare.
 *
 * @module
 */
import { availableParallelism } from "node:os"
import { Effect, Schema } from "effect"
import * as Explained from "../artifacts/Explained.ts"

const Threads = Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, 1024))

/** PIPELINE_THREADS is no number of threads. */
export class ThreadsInvalid extends Explained.TaggedError<ThreadsInvalid>()(
  "ThreadsInvalid",
  { found: Schema.String },
  ({ found }) => ({
    what: `PIPELINE_THREADS is ${JSON.stringify(found)}`,
    expected: "a whole number from 1 to 1024",
    fix: "Unset it to use every core, or set it to such a number."
  })
) {}

/**
 * How many native threads compute one operation: PIPELINE_THREADS, else as many as the machine has cores. A stage whose sums come
 * out differently by it declares it as its fact `threads`.
 */
export const threads: Effect.Effect<number, ThreadsInvalid> = Effect.suspend(() => {
  const found = process.env.PIPELINE_THREADS
  return found === undefined || found === ""
    ? Effect.succeed(availableParallelism())
    : Effect.mapError(Schema.decode(Threads)(found), () => new ThreadsInvalid({ found }))
})
