import { availableParallelism } from "node:os"
import { Effect, Option, Schema } from "effect"

const Threads = Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, 1024))

/** Native threads of one operation: PIPELINE_THREADS, else the cores of this machine. Sums come out differently by it. */
export const threads: Effect.Effect<number> = Effect.sync(() =>
  Option.getOrElse(Schema.decodeUnknownOption(Threads)(process.env.PIPELINE_THREADS), () => availableParallelism())
)
