import * as fs from "node:fs"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { beforeEach } from "vitest"
import { times } from "../../rig/fault-counts.ts"
import { FOLDERS, noteAll } from "../../rig/notes.ts"
import * as Toys from "../../rig/toys.ts"
import { DAMAGES, flipped, overwrite, verifying } from "../../rig/verifying.ts"
import { resetWorld } from "../../rig/walking.ts"

const FLIPS = times({ quick: 1000, long: 10_000 })
/** A run that uses what was damaged takes longer than a look at it. */
const RUNS = times({ quick: 60, long: 1000 })

beforeEach(() => {
  Toys.lists.clear()
  Toys.lists.set("a", [1, 2, 3, 4, 5])
  resetWorld()
})

/** Numbers that repeat, and say nothing of each other. */
const numbers = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

it.effect(
  "each of so many flipped bits of whatever is sealed or called by its digest is found, and nothing else",
  () =>
    Effect.gen(function* () {
      const store = verifying()
      const { run } = yield* store.run()
      yield* store.walk({ steps: 2 })
      yield* noteAll(store.home, run)
      const files = store.files("objects", "traces", "runs", ...FOLDERS)
      expect(new Set(files.map((file) => path.relative(store.home, file).split(path.sep)[0])).size).toBe(
        3 + FOLDERS.length
      )
      const next = numbers(1)
      for (let flip = 0; flip < FLIPS; flip++) {
        const file = files[next(files.length)] ?? ""
        const whole = fs.readFileSync(file)
        const bit = next(8 * whole.length)
        overwrite(file, flipped(whole, bit))
        const { findings } = yield* store.verify()
        expect([path.relative(store.home, file), bit, findings.map((each) => [each.file, each.fault])]).toEqual([
          path.relative(store.home, file),
          bit,
          [[file, "corrupt"]]
        ])
        overwrite(file, whole)
      }
      expect((yield* store.verify()).findings).toEqual([])
    }),
  1_800_000
)

/** What is made of a file that nobody looks after. */
const neglects: Readonly<Record<string, (whole: Uint8Array, next: (below: number) => number) => Uint8Array>> = {
  "a bit of": (whole, next) => flipped(whole, next(8 * whole.length)),
  "an end or all of": (whole, next) => {
    const damages = Object.values(DAMAGES)
    return damages[next(damages.length)]?.(whole) ?? whole
  }
}

for (const [what, damage] of Object.entries(neglects))
  it.effect(
    `with ${what} any file of the store damaged a run gives what it gave, before a repair and after`,
    () =>
      Effect.gen(function* () {
        const store = verifying()
        const results = Toys.contents(yield* store.run())
        const walked = Toys.contents(yield* store.walk({ steps: 2 }))
        yield* noteAll(store.home, "20260101-000000-0000000")
        const next = numbers(2)
        for (let flip = 0; flip < RUNS; flip++) {
          yield* TestClock.adjust("1 second")
          const files = store.files("objects", "traces", "runs", "pins", "sources", "uploads")
          const file = files[next(files.length)] ?? ""
          const whole = fs.readFileSync(file)
          overwrite(file, damage(whole, next))
          if (flip % 2 === 0) yield* store.repair((yield* store.verify()).findings)
          expect(Toys.contents(yield* store.run())).toEqual(results)
          expect(Toys.contents(yield* store.walk({ steps: 2 }))).toEqual(walked)
          yield* store.repair((yield* store.verify()).findings)
          expect((yield* store.verify()).findings).toEqual([])
        }
      }),
    1_800_000
  )
