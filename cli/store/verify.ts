import { Effect } from "effect"
import * as Sample from "../../cache/verify/Sample.ts"
import { runOrNewest } from "../address/run-address.ts"
import { type Command, type Flag, type Given, type Option, type Project, plain, textGiven } from "../command/Command.ts"
import { UsageInvalid } from "../command/Usage.ts"
import { recordedWhole } from "./recorded.ts"

const repairing: Flag = {
  name: "--repair",
  description: "Put aside what is damaged, so that the next run computes it again; fetch it where a shared store has it"
}

const sharing: Flag = {
  name: "--shared",
  description: "Verify the shared store instead, by what it lists: traces by their signatures, objects by their lengths"
}

const hashing: Flag = {
  name: "--hash",
  description: "With --shared: fetch the objects and hash them, or those of the sample"
}

const sample: Option = {
  name: "--sample",
  value: "I/N",
  description: "The I-th of N equal parts of the objects: one each night, and N nights verify all",
  expected: "a part and how many there are, such as 1/7",
  example: "1/7"
}

const sampleOf = (given: Given): Effect.Effect<Sample.Sample | null, UsageInvalid> => {
  const text = textGiven(given, sample)
  if (text === null) return Effect.succeed(null)
  const found = Sample.parse(text)
  return found === null
    ? new UsageInvalid({
        what: `${sample.name} is ${JSON.stringify(text)}`,
        expected: sample.expected,
        fix: `Try ${sample.name} ${sample.example}.`
      })
    : Effect.succeed(found)
}

/** Verifies the store, or what a run made of it. */
export const verify = <S>({ pipelines }: Project<S>): Command<S> =>
  plain<S>({
    name: "verify",
    description: "Verify what is stored, byte by byte, and mend it",
    args: [
      {
        name: "RUN",
        description: "A run's id, or a pipeline's name for its newest run: what it made alone",
        isOptional: true
      }
    ],
    flags: [repairing, sharing, hashing],
    options: [sample],
    run: (given) =>
      Effect.gen(function* () {
        const [what] = given.args
        const part = yield* sampleOf(given)
        const [isShared, isHashing] = [given.flags.has(sharing), given.flags.has(hashing)]
        const lonely = !isShared && isHashing ? hashing.name : isShared && what !== undefined ? what : null
        if (lonely !== null)
          return yield* new UsageInvalid({
            what: isShared ? `${lonely} says nothing of a shared store` : `${lonely} is of a shared store`,
            expected: "--shared with --hash, --sample and --repair, or a run without it",
            fix: `Leave ${lonely} out.`
          })
        const isRepairing = given.flags.has(repairing)
        // only who verifies loads what that takes
        if (isShared) {
          const { verifyShared } = yield* Effect.promise(() => import("./verify-shared.ts"))
          return yield* verifyShared({ isHashing, sample: part, isRepairing })
        }
        const alone =
          what === undefined
            ? null
            : recordedWhole(
                yield* runOrNewest(
                  pipelines.map(({ name }) => name),
                  what
                )
              )
        const { verifyHere } = yield* Effect.promise(() => import("./verifying.ts"))
        return yield* verifyHere(alone, part, isRepairing)
      })
  })
