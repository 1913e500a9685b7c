import { beforeEach, expect, it } from "@effect/vitest"
import { Effect, Layer, Schema, TestClock } from "effect"
import * as Document from "../../artifacts/Document.ts"
import { Code } from "../../engine/Code.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import * as Run from "../../engine/Run.ts"
import * as Stage from "../../engine/Stage.ts"
import { codeOf } from "../rig/code.ts"
import * as Toys from "../rig/toys.ts"

// What is kept is computed again where somebody asks for it, and what is below it where that made a difference.

/** What the stage `guess` depends on beside its key. */
const outside = { guess: 0 }
const Guess = Document.make("Guess", 1, Schema.Struct({ guess: Schema.Number, total: Schema.Number }))
const guess = Stage.make({
  name: "guess",
  inputs: { total: Toys.Total },
  outputs: { guess: Guess, sure: Toys.Total },
  run: ({ total }) => Effect.sync(() => ({ guess: { guess: outside.guess, ...total }, sure: total }))
})
const judge = Stage.make({
  name: "judge",
  inputs: { guess: Guess },
  outputs: { verdict: Toys.Total },
  run: ({ guess }) => Effect.succeed({ verdict: { total: guess.guess } })
})

/** list -> read -> shift (streamed) -> double (stored by chunk) -> sum -> guess -> judge; describe takes what is sure. */
const guessing = Pipeline.make({
  name: "guessing",
  description: "Guesses a sum",
  params: {},
  build: () => {
    const { shifted } = Toys.shift({ numbers: Toys.read({ file: Toys.list() }).numbers })
    const { total } = Toys.sum({ tables: [Toys.double({ numbers: shifted }).doubled] })
    const guessed = guess({ total })
    return { ...judge({ guess: guessed.guess }), text: Toys.describe({ total: guessed.sure }).text }
  }
})

beforeEach(() => {
  outside.guess = 0
  Toys.resetCounts()
  Toys.lists.set(
    "a",
    Array.from({ length: 5000 }, (_, at) => at)
  )
})

const world = () => {
  const { layer, events, traces } = Toys.memory()
  const code = Layer.succeed(Code, {
    of: ({ name }) => Effect.succeed(codeOf(name, { [`stages/${name}.ts`]: name }))
  })
  const live = Layer.provideMerge(Executor.layerInProcess(guessing), Layer.merge(layer, code))
  return {
    run: (...again: ReadonlyArray<string>) =>
      Run.run(guessing, {}, { cores: 1 }, new Set(again)).pipe(
        Effect.provide(live),
        Effect.zipLeft(TestClock.adjust("1 second"))
      ),
    plan: (...again: ReadonlyArray<string>) =>
      Plan.make(Pipeline.graph(guessing, {}), new Set(again)).pipe(
        Effect.provide(live),
        Effect.map(({ nodes }) =>
          Object.fromEntries(nodes.map(({ node, status, reasons, chunks }) => [node, { status, reasons, chunks }]))
        )
      ),
    warnings: () => events.flatMap((event) => (event._tag === "Warned" ? [event.message] : [])),
    finished: (stage: string) => [...traces.values()].filter(({ text }) => text.stage === stage).map((t) => t.finished)
  }
}

const reasonOf = (record: Effect.Effect.Success<ReturnType<ReturnType<typeof world>["run"]>>, node: string) =>
  record.nodes.find((one) => one.node === node)?.reason

it.effect("one that is asked for runs, and what takes the same from it is reused", () =>
  Effect.gen(function* () {
    const { run, plan, warnings, finished } = world()
    yield* run()
    const [before] = finished("sum")
    const planned = yield* plan("sum")
    expect(planned.sum).toMatchObject({ status: "run", reasons: [{ _tag: "Again" }] })
    expect([planned.read?.status, planned.guess?.status, planned.judge?.status]).toEqual(["reuse", "maybe", "maybe"])
    const record = yield* run("sum")
    expect(Toys.ran(record)).toEqual(["sum"])
    expect(reasonOf(record, "sum")).toBe("it was to be computed again")
    expect(finished("sum").length).toBe(1)
    expect(finished("sum")[0]).not.toBe(before)
    expect(warnings()).toEqual([])
    expect(Toys.ran(yield* run())).toEqual([])
  })
)

it.effect("every chunk of a row stage is computed, and of those beside it none", () =>
  Effect.gen(function* () {
    const { run, plan, warnings } = world()
    const first = yield* run()
    // below another that is asked for, its key is not known yet
    const { double } = yield* plan("double", "read")
    expect(double).toMatchObject({ status: "maybe", chunks: null })
    const chunks = (yield* plan("double")).double?.chunks
    expect(chunks).toMatchObject({ reused: 0 })
    expect(chunks?.ran).toBeGreaterThan(1)
    Toys.resetCounts()
    const record = yield* run("double")
    expect(Toys.ran(record)).toEqual(["double"])
    expect(record.nodes.find(({ node }) => node === "double")?.chunks).toEqual(chunks)
    expect(Toys.counts.rows.get("double")).toBe(5000)
    expect(Toys.counts.runs.get("read")).toBeUndefined()
    expect(Toys.contents(record)).toEqual(Toys.contents(first))
    expect(warnings()).toEqual([])
  })
)

it.effect("one that comes out otherwise is warned of by name, replaces what was kept, and what is below it runs", () =>
  Effect.gen(function* () {
    const { run, warnings } = world()
    yield* run()
    outside.guess = 7
    expect(Toys.ran(yield* run())).toEqual([])
    const record = yield* run("guess")
    expect(Toys.ran(record)).toEqual(["guess", "judge"])
    expect(reasonOf(record, "judge")).toMatch(/^input guess was guess\.guess [0-9a-f]+, is guess\.guess [0-9a-f]+$/)
    expect(warnings()).toEqual([
      "guess is not reproducible: computed again under the same key, its guess came out other than what was kept, and replaces it. Its stage depends on something that its key does not hold."
    ])
    const after = yield* run()
    expect([Toys.ran(after), Toys.contents(after)]).toEqual([[], Toys.contents(record)])
  })
)

it.effect("what has no result yet is computed once, and warned of by nobody", () =>
  Effect.gen(function* () {
    const { run, warnings } = world()
    const record = yield* run("guess", "double")
    expect([record.status, Toys.counts.rows.get("double"), warnings()]).toEqual(["done", 5000, []])
    expect(reasonOf(record, "guess")).toBe("it was to be computed again")
  })
)
