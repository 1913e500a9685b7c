import { availableParallelism } from "node:os"
import { Effect } from "effect"
import * as Masked from "../../artifacts/Masked.ts"
import { type Flag, type Given, type Option, type Project, textGiven } from "../command/Command.ts"
import { UsageInvalid } from "../command/Usage.ts"
import { type Common, CurrentCommon } from "../remote/Stores.ts"

/** The address of the Slurm cluster that this machine belongs to. */
const SLURM = "slurm"

/** Which machines compute beside this one, or instead of it. */
export const on: Option = {
  name: "--on",
  value: "ADDRESS",
  description:
    "Have other machines compute: the workers (pipeline worker) of a Redis server, redis://HOST:PORT, or slurm, the jobs of this machine's Slurm cluster",
  expected: "the address of a Redis server, or slurm",
  example: "redis://localhost:6379"
}

/** The server of a command that has nothing to do without one. */
export const server: Option = {
  ...on,
  description: "The Redis server that hands tasks out: redis://HOST:PORT",
  expected: "the address of a Redis server",
  isNeeded: true
}

export const slurmOptions: Option = {
  name: "--slurm-options",
  value: "OPTIONS",
  description: "With --on slurm: options of sbatch that every job has, as one text",
  expected: "options of sbatch",
  example: '"-p gpu --mem=8G"',
  isVerbatim: true
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
          what: `--on ${Masked.address(address)} has machines compute that have nothing in common with this one`,
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
    const options = textGiven(given, slurmOptions)
    const isHere = !given.flags.has(notHere)
    if (options !== null && address !== SLURM)
      return yield* new UsageInvalid({
        what: `${slurmOptions.name} is given without --on ${SLURM}`,
        expected: `--on ${SLURM} beside it`,
        fix: `Add it, or leave ${slurmOptions.name} out.`
      })
    if (address === null) {
      if (isHere) return yield* carry(availableParallelism())
      return yield* new UsageInvalid({
        what: "--not-here leaves nobody who computes",
        expected: "--on ADDRESS beside it",
        fix: "Add --on redis://HOST:PORT, or leave --not-here out."
      })
    }
    const common = yield* commonFor(address)
    if (address === SLURM) {
      const { onSlurm } = yield* Effect.promise(() => import("./on-slurm.ts"))
      return yield* onSlurm({ common, slurmOptions: options ?? "" }, carry(null))
    }
    const { onRedis } = yield* Effect.promise(() => import("./on-redis.ts"))
    return yield* onRedis(project, { address, isHere, common }, carry(null))
  })
