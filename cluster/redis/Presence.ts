import { Effect, Either, Queue, Schema, type Scope } from "effect"
import * as BoundedJson from "../../artifacts/BoundedJson.ts"
import type { TasksFailed } from "../Tasks.ts"
import { ALIVE_EVERY, ALIVE_MILLIS, type Cluster } from "./Cluster.ts"
import { ask, ROOT } from "./connection.ts"

/** What a worker says of itself. Times are milliseconds of the server's clock, the only one that all have in common. */
export const Presence = Schema.Struct({
  id: Schema.String,
  /** Its machine and process, as people are told of it. */
  name: Schema.String,
  cluster: Schema.String,
  /** The folder of its project, and the version of Headrace there. */
  project: Schema.String,
  version: Schema.String,
  /** The shared store that it works with, as people are told of it, and its namespace. */
  store: Schema.String,
  /** How many nodes of one core it computes side by side. */
  jobs: Schema.Int,
  since: Schema.Number,
  doing: Schema.Array(
    Schema.Struct({ task: Schema.String, pipeline: Schema.String, node: Schema.String, since: Schema.Number })
  ),
  /** What it was asked whether it can compute, and what keeps it from that: nothing where it can. */
  asked: Schema.Array(Schema.Struct({ need: Schema.String, stage: Schema.String, lacks: Schema.Array(Schema.String) }))
})
export type Presence = typeof Presence.Type

const json = BoundedJson.schema(Presence)
const decode = Schema.decodeEither(json)
const encode = Schema.encodeSync(json)

const ALL = `${ROOT}:workers`
const nameOf = ({ cluster, id }: Pick<Presence, "cluster" | "id">): string => `${ROOT}:worker:${cluster}:${id}`

/** A server that is asked, and its name as people are told of it. */
type Server = Pick<Cluster, "client" | "shown">

/** Milliseconds since 1970 by the clock of the server. */
export const serverMillis = (server: Server): Effect.Effect<number, TasksFailed> =>
  Effect.map(
    ask(server, () => server.client.time()),
    ([seconds, micros]) => Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
  )

/** Says once what a worker says of itself. */
const say = ({ client }: Cluster, presence: Presence): Effect.Effect<void> =>
  // what a server does not hear now, it hears the next time
  Effect.ignore(
    Effect.tryPromise(() =>
      client.multi().set(nameOf(presence), encode(presence), "PX", ALIVE_MILLIS).sadd(ALL, nameOf(presence)).exec()
    )
  )

/** What a worker says of itself changes with each task: it is said so often, at most. */
const SAYING = "250 millis"

/**
 * Says what a worker says of itself as long as the scope lasts, and takes it back at its end; gives what has it said anew, once
 * something is other than it was.
 */
export const announce = (
  cluster: Cluster,
  now: () => Presence
): Effect.Effect<Effect.Effect<void>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const bell = yield* Queue.sliding<void>(1)
    const saying = Effect.zipRight(
      Effect.suspend(() => say(cluster, now())),
      Effect.delay(Effect.raceFirst(Queue.take(bell), Effect.sleep(ALIVE_EVERY)), SAYING)
    )
    yield* Effect.addFinalizer(() =>
      Effect.promise(() => cluster.client.multi().del(nameOf(now())).srem(ALL, nameOf(now())).exec()).pipe(
        Effect.timeout("1 second"),
        Effect.ignore
      )
    )
    yield* Effect.forkScoped(Effect.forever(saying))
    return Effect.asVoid(Queue.offer(bell, undefined))
  })

/** The workers that live, of all clusters. */
export const list = (server: Server): Effect.Effect<ReadonlyArray<Presence>, TasksFailed> =>
  Effect.gen(function* () {
    const { client } = server
    const names = yield* ask(server, () => client.smembers(ALL))
    if (names.length === 0) return []
    const texts = yield* ask(server, () => client.mget(names))
    const gone = names.filter((_, at) => texts[at] === null)
    if (gone.length > 0) yield* ask(server, () => client.srem(ALL, gone))
    return texts
      .flatMap((text) => (text === null ? [] : [decode(text)]))
      .flatMap((found) => (Either.isRight(found) ? [found.right] : []))
      .sort((one, other) => (one.name < other.name ? -1 : 1))
  })
