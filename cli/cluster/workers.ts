import { Effect } from "effect"
import { formatSeconds } from "../../kinds/format.ts"
import { type Command, plain, textGiven } from "../command/Command.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { table } from "../terminal/table-text.ts"
import { server } from "./on.ts"

/** Lists the workers of a Redis server: which live, what they do, and what they can compute. */
export const workers = <S>(): Command<S> =>
  plain<S>({
    name: "workers",
    description: "List the workers of a Redis server: alive since when, doing what, offering what",
    options: [server],
    needsNoStore: true,
    run: (given) =>
      Effect.gen(function* () {
        const { print, document } = yield* Reporter
        const { listed } = yield* Effect.promise(() => import("./listed.ts"))
        const { now, workers, shown } = yield* listed(textGiven(given, server) ?? "")
        const lasting = (since: number) => formatSeconds(Math.max(0, Math.round((now - since) / 1000)))
        const rows = workers.map(({ name, since, jobs, doing, asked, store }) => [
          name,
          lasting(since),
          String(jobs),
          doing.length === 0 ? "nothing" : doing.map((one) => `${one.node} (${lasting(one.since)})`).join(", "),
          asked
            .filter(({ lacks }) => lacks.length === 0)
            .map(({ stage }) => stage)
            .join(", "),
          store
        ])
        yield* print(
          rows.length === 0
            ? `No worker lives on ${shown}; pipeline worker --on ${shown} starts one`
            : table(
                [
                  { header: "worker" },
                  { header: "alive", align: "right" },
                  { header: "jobs", align: "right" },
                  { header: "doing" },
                  { header: "offers" },
                  { header: "store" }
                ],
                rows
              )
        )
        for (const { name, asked } of workers)
          for (const { stage, lacks } of asked)
            if (lacks.length > 0) yield* print(`${name} computes no ${stage}: ${lacks.join(", ")}`)
        yield* document({
          schema: 1,
          status: "done",
          workers: workers.map(({ since, doing, ...worker }) => ({
            ...worker,
            seconds: (now - since) / 1000,
            doing: doing.map(({ since: began, ...one }) => ({ ...one, seconds: (now - began) / 1000 }))
          }))
        })
        return 0
      })
  })
