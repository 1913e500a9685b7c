import { availableParallelism, hostname } from "node:os"
import { Effect } from "effect"
import { Using } from "../../cache/Using.ts"
import type { Working } from "../../cluster/redis/worker-redis.ts"
import { WroteListener } from "../../cluster/Work.ts"
import { keeping } from "../budget/housekeeping.ts"
import { type Command, numberGiven, type Option, type Project, plain, textGiven } from "../command/Command.ts"
import { UsageInvalid } from "../command/Usage.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { commonFor, server } from "./on.ts"
import { telling } from "./telling.ts"

const jobs: Option = {
  name: "--jobs",
  value: "N",
  description: "Nodes of one core that are computed side by side; as many as cores by default",
  expected: "a whole number from 1",
  example: "2",
  isWhole: true
}

/** What a worker does, as a line. */
const lineOf = (working: Working): string => {
  switch (working._tag) {
    case "Began":
      return `${working.pipeline} ${working.node}: begins`
    case "Ended":
      return `${working.node}: ${working.how}`
    case "Asked":
      return working.lacks.length === 0
        ? `computes ${working.stage} for others`
        : `computes no ${working.stage} for others: ${working.lacks.join(", ")}`
  }
}

/** Computes for the commands of other machines, until it is told to end. */
export const worker = <S>(project: Project<S>): Command<S> =>
  plain<S>({
    name: "worker",
    description: "Compute what the commands of other machines hand out (run --on, sweep --on), until Ctrl-C",
    options: [server, jobs],
    computes: true,
    remote: "write",
    run: (given) =>
      Effect.gen(function* () {
        const { note } = yield* Reporter
        const address = textGiven(given, server) ?? ""
        const count = numberGiven(given, jobs) ?? availableParallelism()
        if (count < 1)
          return yield* new UsageInvalid({
            what: `--jobs is ${count}`,
            expected: jobs.expected,
            fix: `Try --jobs ${jobs.example}.`
          })
        const common = yield* commonFor(address)
        const { joined, optionsOf } = yield* Effect.promise(() => import("./on-redis.ts"))
        const { work } = yield* Effect.promise(() => import("../../cluster/redis/worker-redis.ts"))
        const { begin, during } = yield* Using
        yield* begin
        return yield* Effect.gen(function* () {
          const cluster = yield* joined(address, common)
          const options = yield* optionsOf(count, (working) => note(lineOf(working)))
          yield* note(
            `worker ${hostname()}:${process.pid} on ${cluster.shown}: ${count} at a time, with ${options.store}`
          )
          const keep = yield* keeping
          let written = 0
          // what a task has written is in use until it is over, and may go after that
          const keepAfter = Effect.suspend(() => {
            const bytes = written
            written = 0
            return bytes === 0 ? Effect.void : keep(bytes)
          })
          const wrote = (bytes: number) =>
            Effect.sync(() => {
              written += bytes
            })
          const around: typeof during = (task) => Effect.ensuring(during(task), keepAfter)
          return yield* Effect.provideService(
            work(cluster, project.pipelines, { ...options, during: around }),
            WroteListener,
            wrote
          )
        }).pipe(Effect.provide(common.layer), Effect.scoped, telling)
      })
  })
