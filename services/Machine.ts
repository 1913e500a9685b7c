import { availableParallelism } from "node:os"
import { Effect, Schema } from "effect"

const Threads = Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, 1024))

export class ThreadsInvalid extends Schema.TaggedError<ThreadsInvalid>()("ThreadsInvalid", { found: Schema.String }) {
  override get message() {
    return `PIPELINE_THREADS is ${JSON.stringify(this.found)}; expected a whole number from 1 to 1024. Unset it to use every core, or set it to such a number.`
  }
}

/** Native threads of one operation: PIPELINE_THREADS, else the cores of this machine. Sums come out differently by it. */
export const threads: Effect.Effect<number, ThreadsInvalid> = Effect.suspend(() => {
  const found = process.env.PIPELINE_THREADS
  return found === undefined || found === ""
    ? Effect.succeed(availableParallelism())
    : Effect.mapError(Schema.decode(Threads)(found), () => new ThreadsInvalid({ found }))
})
