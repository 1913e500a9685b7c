import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { program } from "../../rig/program.ts"

it.scoped("a seeded training gives the same bits in every process", () =>
  Effect.gen(function* () {
    const run = yield* program("train-once-worker")
    const env = { TF_NUM_INTRAOP_THREADS: "2", TF_NUM_INTEROP_THREADS: "1" }
    const [first, second] = [yield* run(env), yield* run(env)].map((text) => /digest (\w{64})/.exec(text)?.[1])
    expect(first).toBeDefined()
    expect(second).toBe(first)
  })
)
