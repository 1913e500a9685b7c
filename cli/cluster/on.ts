import { availableParallelism } from "node:os"
import { Effect } from "effect"
import { shownOf } from "../../cluster/redis/RedisAddress.ts"
import { type Flag, type Given, type Option, type Project, textGiven } from "../command/Command.ts"
import { UsageInvalid } from "../command/Usage.ts"
import { type Common, CurrentCommon } from "../remote/Stores.ts"

/** Which machines compute beside this one, or instead of it. */
export const on: Option = {
  name: "--on",
  value: "ADDRESS",
  description: "Have other machines compute: the workers (pipeline worker) of a Redis server, redis://HOST:PORT",
  expected: "the address of a Redis server",
  example: "redis://localhost:6379"
}

/** The server of a command that has nothing to do without one. */
export const server: Option = {
  ...on,
  description: "The Redis server that hands tasks out: redis://HOST:PORT",
  isNeeded: true
}

export const notHere: Flag = {
  name: "--not-here",
  description: "With --on: this machine computes nothing itself"
}

/** What a command has in common with the machines that are to compute for it. */
export const commonFor = (address: string): Effect.Effect<Common, UsageInvalid, CurrentCommon> =>
  Effect.flatMap(CurrentCommon, (common) =>
    common === null
      ? new UsageInvalid({
          what: `--on ${shownOf(address)} has machines compute that have nothing in common with this one`,
          expected:
            "a shared store that this machine writes to, and a key to sign with: what machines make for each other lies there",
          fix: "Set PIPELINE_REMOTE, and make a key with pipeline key new; docs/many-machines.md shows how."
        })
      : Effect.succeed(common)
  )

/**
 * Carries something out where it is asked for: on this machine, or on others as well. `cores`: how many of this machine's are counted; null
 * where those who compute count theirs.
 */
export const onMachines = <S, A, E, R>(
  project: Project<S>,
  given: Given,
  carry: (cores: number | null) => Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    const address = textGiven(given, on)
    const isHere = !given.flags.has(notHere)
    if (address === null) {
      if (isHere) return yield* carry(availableParallelism())
      return yield* new UsageInvalid({
        what: "--not-here leaves nobody who computes",
        expected: "--on ADDRESS beside it",
        fix: "Add --on redis://HOST:PORT, or leave --not-here out."
      })
    }
    const common = yield* commonFor(address)
    const { onRedis } = yield* Effect.promise(() => import("./on-redis.ts"))
    return yield* onRedis(project, { address, isHere, common }, carry(null))
  })
