import { Effect, Schema, type Scope } from "effect"
import type { Redis } from "ioredis"
import * as Digest from "../../artifacts/Digest.ts"
import type { Terms } from "../../cache/remote/SharedStore.ts"
import type { TasksFailed } from "../Tasks.ts"
import { ask, connect, ROOT } from "./connection.ts"
import type { RedisAddress } from "./RedisAddress.ts"

/**
 * Those who work together: commands and workers that have a Redis server, a shared store and a namespace in common. What two
 * clusters keep on one server has different names.
 */
export interface Cluster {
  readonly shown: string
  readonly id: string
  readonly client: Redis
  /** What stands before the names of BullMQ's keys. */
  readonly prefix: string
  readonly key: {
    /** Lives as long as a command does, and a little longer. */
    readonly command: (id: string) => string
    /** What a need is, for workers to see whether they can compute it. */
    readonly need: (id: string) => string
    /** The names of all that was needed of late. */
    readonly needs: string
    /** The commands that wait for a task. */
    readonly waiting: (task: string) => string
  }
  /** Where commands speak to workers. */
  readonly channel: string
}

/** What commands say to workers. */
export const Call = Schema.Union(
  /** There may be something to compute for whoever offers this. */
  Schema.TaggedStruct("Work", { need: Schema.String }),
  /** Something is needed that nobody was asked for before. */
  Schema.TaggedStruct("Needed", { need: Schema.String }),
  /** Nobody waits for a task any more. */
  Schema.TaggedStruct("CalledOff", { task: Schema.String })
)
export type Call = typeof Call.Type
const json = Schema.parseJson(Call)
export const decodeCall = Schema.decodeEither(json)
const encodeCall = Schema.encodeSync(json)

/** Says something to all workers of a cluster. */
export const call = (cluster: Cluster, what: Call): Effect.Effect<void, TasksFailed> =>
  Effect.asVoid(ask(cluster, () => cluster.client.publish(cluster.channel, encodeCall(what))))

/** The cluster of those who have a shared store and a namespace in common. */
export const join = (
  address: RedisAddress,
  storeId: string,
  { namespaces }: Pick<Terms, "namespaces">
): Effect.Effect<Cluster, TasksFailed, Scope.Scope> =>
  Effect.map(connect(address), (client) => {
    const id = Digest.ofBytes(`${storeId} ${namespaces[0]}`).slice(0, 16)
    const named = (kind: string) => (name: string) => `${ROOT}:${id}:${kind}:${name}`
    return {
      shown: address.shown,
      id,
      client,
      prefix: `${ROOT}:${id}:tasks`,
      key: { command: named("command"), need: named("need"), needs: `${ROOT}:${id}:needs`, waiting: named("waiting") },
      channel: `${ROOT}:${id}:calls`
    }
  })

/** For how long what a process says of itself holds, where it does not say it again. */
export const ALIVE_MILLIS = 15_000
/** How often it says so. */
export const ALIVE_EVERY = "4 seconds"
