import { availableParallelism } from "node:os"
import { Effect, Layer } from "effect"
import * as Lease from "../../cache/Lease.ts"
import { Sharing } from "../../cache/remote/Sharing.ts"
import * as ExecutorElsewhere from "../../cluster/executor-elsewhere.ts"
import * as Cluster from "../../cluster/redis/Cluster.ts"
import * as RedisAddress from "../../cluster/redis/RedisAddress.ts"
import * as TasksRedis from "../../cluster/redis/tasks-redis.ts"
import { type Options, work } from "../../cluster/redis/worker-redis.ts"
import { TasksFailed } from "../../cluster/Tasks.ts"
import { Place } from "../../project/Place.ts"
import type { Project } from "../command/Command.ts"
import type { Common } from "../remote/Stores.ts"
import { telling } from "./telling.ts"

/** The cluster of a Redis server to which a command belongs, by what it has in common with others. */
export const joined = (address: string, { id }: Common) =>
  Effect.gen(function* () {
    const found = yield* RedisAddress.parse(address, process.env)
    const { terms } = yield* Sharing
    const storeId = yield* Effect.mapError(
      id,
      ({ message }) =>
        new TasksFailed({
          what: `The shared store ${terms.shown} ${message}`,
          expected: "one that is there: what machines make for each other lies in it",
          fix: "See to the store and run again, or run without --on."
        })
    )
    return yield* Cluster.join(found, storeId, terms)
  })

/** What a worker of this machine says of itself. */
export const optionsOf = (jobs: number, hear: Options["hear"]) =>
  Effect.gen(function* () {
    const { root } = yield* Place
    const { terms } = yield* Sharing
    const store = `${terms.shown} ${terms.namespaces[0]}`
    return { jobs, project: root, store, hear, during: (work) => work } satisfies Options
  })

/** Carries something out on the workers of a Redis server, of which this machine is one unless it is not to be. */
export const onRedis = <S, A, E, R>(
  { pipelines }: Project<S>,
  { address, isHere, common }: { readonly address: string; readonly isHere: boolean; readonly common: Common },
  carried: Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    const cluster = yield* joined(address, common)
    const options = yield* optionsOf(availableParallelism(), () => Effect.void)
    const elsewhere = Layer.provide(ExecutorElsewhere.layer, TasksRedis.layer(cluster))
    // its workers lease what they compute, also the one here
    const carriedOut = Effect.provide(carried, Layer.mergeAll(elsewhere, Lease.layerMemory))
    return yield* isHere ? Effect.raceFirst(carriedOut, work(cluster, pipelines, options)) : carriedOut
  }).pipe(Effect.provide(common.layer), Effect.scoped, telling)
