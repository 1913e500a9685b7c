import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { Deferred, Duration, Effect, Either, Runtime, type Scope } from "effect"
import { Redis } from "ioredis"
import { ClusterListener, TasksFailed } from "../Tasks.ts"
import type { RedisAddress } from "./RedisAddress.ts"

/** All names begin so, in whichever cluster. */
export const ROOT = "headrace"

/** How long a server may take to answer for the first time. */
const PATIENCE = Duration.seconds(5)
const MOST_PAUSE_MILLIS = 2000

/** Whether the server itself says so, directly or of a script: NOPERM, OOM, READONLY, WRONGTYPE and such. */
const isReply = (cause: unknown): boolean =>
  cause instanceof Error && (cause.name === "ReplyError" || /^[A-Z]{3,} /.test(cause.message))

/** Why a first connection came to nothing, or a server does not do what it is asked, as the fix depends on it. */
const refused = ({ shown }: Pick<RedisAddress, "shown">, cause: unknown): TasksFailed => {
  const said = cause instanceof Error ? cause.message : String(cause)
  if (/NOAUTH|WRONGPASS|invalid password|no password is set|without any password/i.test(said)) {
    const isMissing = /NOAUTH/.test(said)
    return new TasksFailed({
      what: isMissing
        ? `The Redis server ${shown} asks for a password, and none is given`
        : `The Redis server ${shown} refuses the password that it is given (${said})`,
      expected: "the password that its owner set (requirepass, or a user of its ACL)",
      fix: "Write it into the address (redis://:PASSWORD@HOST:PORT), or set PIPELINE_REDIS_PASSWORD."
    })
  }
  if (/NOPERM|No permissions/.test(said))
    return new TasksFailed({
      what: `The Redis server ${shown} does not let this user do what is needed (${said})`,
      expected: "a user that may read, write and run scripts on the keys headrace:*, and use the channels headrace:*",
      fix: "Have its rights widened: ACL SETUSER NAME on ~headrace:* &headrace:* +@all."
    })
  if (isReply(cause))
    return new TasksFailed({
      what: `The Redis server ${shown} does not do what it is asked (${said})`,
      expected: "a server that is written to and has room left, whose names headrace:* nobody else uses",
      fix: "See to what it says, and run again: what is finished is not computed again."
    })
  return new TasksFailed({
    what: `The Redis server ${shown} can't be reached (${said})`,
    expected: "a server that answers there",
    fix: "Start it (redis-server --appendonly yes --maxmemory-policy noeviction), or correct the address; without --on, everything is computed on this machine."
  })
}

/** BullMQ's scripts need streams. */
const LEAST_VERSION = 5

/** A server too old for what is asked of it; null for one that is not, and for one that does not say. */
const tooOld = ({ shown }: Pick<RedisAddress, "shown">, info: string): TasksFailed | null => {
  const version = /^redis_version:(\d+)\S*/m.exec(info)
  if (version === null || Number(version[1]) >= LEAST_VERSION) return null
  return new TasksFailed({
    what: `The Redis server ${shown} is of version ${version[0].slice("redis_version:".length)}`,
    expected: `Redis ${LEAST_VERSION} or later, or Valkey; 7 is what it is tried with`,
    fix: "Install a later one, or let --on name another server."
  })
}

/** Asks a server for something. It is waited for while it is away; what it refuses is a failure. */
export const ask = <A>(server: Pick<RedisAddress, "shown">, asked: () => Promise<A>): Effect.Effect<A, TasksFailed> =>
  Effect.tryPromise({ try: asked, catch: (cause) => refused(server, cause) })

/** Asks for one of each kind of what is asked for later, so that whoever may not do it is told before anything is handed out. */
const tryOut = async (client: Redis): Promise<void> => {
  const name = `${ROOT}:tried:${randomBytes(8).toString("hex")}`
  await client.set(name, "", "PX", 1000)
  await client.eval("return redis.call('DEL', KEYS[1])", 1, name)
  await client.publish(name, "")
}

/** Told of a server that drops its values when its memory is full: tasks would go with them. */
const evicts = (shown: string, policy: string): string =>
  `The Redis server ${shown} drops keys when its memory is full (maxmemory-policy ${policy}): tasks may be handed out again for that. Set it to noeviction.`

const policyOf = (client: Redis): Effect.Effect<string> =>
  Effect.tryPromise(() => client.config("GET", "maxmemory-policy")).pipe(
    Effect.map((found) => (Array.isArray(found) ? String(found[1]) : "noeviction")),
    // whoever may not look is told by whoever may
    Effect.orElseSucceed(() => "noeviction")
  )

/**
 * A connection to a server that answers. Whatever is asked of it after that waits while it doesn't: which is told, and that it does
 * again.
 */
export const connect = (address: RedisAddress): Effect.Effect<Redis, TasksFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const { url, shown } = address
    const tell = yield* ClusterListener
    const runFork = Runtime.runFork(yield* Effect.runtime())
    let isReady = false
    const client = yield* Effect.acquireRelease(
      Effect.sync(
        () =>
          new Redis(url, {
            lazyConnect: true,
            // BullMQ asks for that: what is asked waits for the server
            maxRetriesPerRequest: null,
            connectTimeout: Duration.toMillis(PATIENCE),
            retryStrategy: (times) => (isReady ? Math.min(50 * 2 ** times, MOST_PAUSE_MILLIS) : null)
          })
      ),
      (made) => Effect.sync(() => made.disconnect())
    )
    const failed = yield* Deferred.make<never, unknown>()
    // without a listener an error would end the process
    client.on("error", (error) => Deferred.unsafeDone(failed, Effect.fail(error)))
    const pinged = Effect.gen(function* () {
      const promised = <A>(asked: () => Promise<A>) => Effect.tryPromise({ try: asked, catch: (cause) => cause })
      yield* promised(() => client.connect())
      // whoever may not ask finds out by what fails
      const info = yield* Effect.orElseSucceed(
        promised(() => client.info("server")),
        () => ""
      )
      const old = tooOld(address, info)
      if (old !== null) return yield* old
      yield* promised(() => tryOut(client))
    })
    const first = yield* pinged.pipe(
      // the event says why, where the promise says that the connection is closed
      Effect.catchAll((cause) =>
        Effect.raceFirst(Deferred.await(failed), Effect.delay(Effect.fail(cause), "100 millis"))
      ),
      Effect.timeoutFail({ duration: PATIENCE, onTimeout: () => new Error("it does not answer") }),
      Effect.either
    )
    if (Either.isLeft(first))
      return yield* first.left instanceof TasksFailed ? first.left : refused(address, first.left)
    isReady = true
    let isAway = false
    client.on("close", () => {
      if (isAway || client.status === "end") return
      isAway = true
      runFork(tell(`The Redis server ${shown} does not answer: what is computed elsewhere waits for it.`))
    })
    client.on("ready", () => {
      if (isAway) runFork(tell(`The Redis server ${shown} answers again.`))
      isAway = false
    })
    const policy = yield* policyOf(client)
    if (policy !== "noeviction") yield* tell(evicts(shown, policy))
    return client
  })

/** Another connection to the same server, for who listens: it can't be asked anything else. */
export const another = (client: Redis): Effect.Effect<Redis, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const made = client.duplicate({ lazyConnect: false })
      // the first connection tells what there is to tell
      made.on("error", () => undefined)
      if (made.status !== "ready") await once(made, "ready")
      return made
    }),
    (made) => Effect.sync(() => made.disconnect())
  )
