import { expect, it } from "@effect/vitest"
import { Effect, Either, Layer, TestClock } from "effect"
import * as Key from "../../cache/Key.ts"
import { inProject, inRepository, type Made, Release } from "../../cache/Release.ts"
import { Code } from "../../engine/Code.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import * as Run from "../../engine/Run.ts"
import type { RunRecord } from "../../engine/RunRecord.ts"
import * as Sweep from "../../engine/Sweep.ts"
import { codeOf } from "../rig/code.ts"
import * as Toys from "../rig/toys.ts"

// An upgrade of Headrace that changes keys says so once, before anything is computed again; an edit of the user's never does.

Toys.lists.set("a", [1, 2, 3])
Toys.lists.set("b", [4, 5])

/** What a project is made of: a version of Headrace, with a file that all stages reach, and files of the stages themselves. */
interface Project {
  readonly version: string
  readonly shared: string
  readonly stages: Readonly<Record<string, string>>
  /** Stages that do not reach that file. */
  readonly apart: ReadonlyArray<string>
  readonly ours: Pick<Made, "isOwnFile">
}
const before: Project = { version: "0.2.0", shared: "one", stages: {}, apart: [], ours: inRepository }
const after: Project = { ...before, version: "0.3.0", shared: "two" }

const codes = ({ shared, stages, apart }: Project) =>
  Layer.succeed(Code, {
    of: ({ name }) => {
      const own = { [`stages/${name}.ts`]: stages[name] ?? name }
      const files = apart.includes(name) ? own : { ...own, "models/shared.ts": shared }
      return Effect.succeed(codeOf(JSON.stringify(files), files))
    }
  })

const world = () => {
  const { layer, traces, events } = Toys.memory()
  const cache = Layer.provideMerge(Executor.layerInProcess(), layer)
  const within = <A, E, R>(project: Project, effect: Effect.Effect<A, E, R>) =>
    effect.pipe(
      Effect.provide(codes(project)),
      Effect.provide(cache),
      Effect.provideService(Release, { version: project.version, isOwnFile: project.ours.isOwnFile }),
      // traces tell by the second when they were written which is the newest
      Effect.zipLeft(TestClock.adjust("1 second"))
    )
  return {
    events,
    traces,
    run: (project: Project, given: Readonly<Record<string, unknown>> = {}) =>
      within(
        project,
        Effect.flatMap(Toys.params(given), (values) => Run.run(Toys.toy, values, { cores: 1 }))
      ),
    plan: (project: Project, given: Readonly<Record<string, unknown>> = {}) =>
      within(
        project,
        Effect.flatMap(Toys.params(given), (values) => Plan.make(Pipeline.graph(Toys.toy, values)))
      ),
    sweep: (project: Project, modulos: ReadonlyArray<number>) =>
      within(
        project,
        Effect.flatMap(
          Effect.forEach(modulos, (modulo) => Toys.params({ modulo })),
          (points) => Sweep.run(Toys.toy, points, { cores: 1, jobs: 1, varied: ["modulo"] })
        )
      )
  }
}

const reasons = ({ nodes }: RunRecord) =>
  Object.fromEntries(nodes.flatMap(({ node, reason }) => (reason === null ? [] : [[node, reason]])))

const ALL = ["read", "double", "sum", "describe"]
const sentence = (count: number, than = "0.2.0") =>
  `Headrace 0.3.0 makes other keys than ${than}, which wrote these results: ${count} nodes are computed again, once.`

it.effect("a run after an upgrade tells once what is computed again, before it computes anything", () =>
  Effect.gen(function* () {
    const { run, events } = world()
    expect((yield* run(before)).notices).toEqual([])
    events.length = 0
    const upgraded = yield* run(after)
    expect(Toys.ran(upgraded)).toEqual(ALL)
    expect(upgraded).toMatchObject({ notices: [sentence(4)], by: "0.3.0" })
    const order = events.flatMap((event) =>
      event._tag === "Warned" ? [event.message] : event._tag === "NodeStarted" ? [event.node] : []
    )
    expect(order).toEqual([sentence(4), ...ALL])
    const reason = "Headrace 0.3.0 makes another key of it than 0.2.0 did; code changed in models/shared.ts"
    expect(reasons(upgraded)).toMatchObject({ read: reason, sum: reason, describe: reason })
    const again = yield* run(after)
    expect([Toys.ran(again), again.notices]).toEqual([[], []])
  })
)

it.effect("a plan tells the same before the run, and nothing after it", () =>
  Effect.gen(function* () {
    const { run, plan } = world()
    yield* run(before)
    const planned = yield* plan(after)
    expect(planned.notices).toEqual([sentence(4)])
    expect(planned.nodes[0]?.reasons[0]).toEqual({ _tag: "Upgraded", before: "0.2.0", after: "0.3.0" })
    yield* run(after)
    expect((yield* plan(after)).notices).toEqual([])
  })
)

it.effect("an upgrade that changes no key is not told of, nor is the first run of all", () =>
  Effect.gen(function* () {
    const { run, plan } = world()
    expect((yield* plan(after)).notices).toEqual([])
    yield* run(before)
    const upgraded = yield* run({ ...before, version: "0.3.0" })
    expect([Toys.ran(upgraded), upgraded.notices]).toEqual([[], []])
  })
)

it.effect("a node that may be found again is not counted, and what depends on it is", () =>
  Effect.gen(function* () {
    const { run, plan } = world()
    const apart = ["sum"]
    yield* run({ ...before, apart })
    expect((yield* plan({ ...after, apart })).notices).toEqual([sentence(3)])
    const upgraded = yield* run({ ...after, apart })
    expect([Toys.ran(upgraded), upgraded.notices]).toEqual([["read", "double", "describe"], [sentence(3)]])
  })
)

it.effect("a user's edit is not told as an upgrade, and beside one it is not counted", () =>
  Effect.gen(function* () {
    const stages = { sum: "edited" }
    const one = world()
    yield* one.run(before)
    const edited = yield* one.run({ ...before, stages })
    expect([reasons(edited).sum, edited.notices]).toEqual(["code changed in stages/sum.ts", []])
    const other = world()
    yield* other.run(before)
    const both = yield* other.run({ ...after, stages })
    expect(both.notices).toEqual([sentence(2)])
    expect(reasons(both).sum).toBe("code changed in models/shared.ts, stages/sum.ts")
  })
)

it.effect("in a project that only uses Headrace, a file of that name is the user's", () =>
  Effect.gen(function* () {
    const { run } = world()
    yield* run({ ...before, ours: inProject })
    const edited = yield* run({ ...after, ours: inProject })
    expect([Toys.ran(edited), edited.notices]).toEqual([ALL, []])
    expect(reasons(edited).read).toBe("code changed in models/shared.ts")
  })
)

it.effect("other parameters than ever before are told as that, and an upgrade only of what they leave alone", () =>
  Effect.gen(function* () {
    const { run } = world()
    yield* run(before)
    const upgraded = yield* run(after, { modulo: 7 })
    expect(reasons(upgraded).sum).toContain("modulo was 1000003, is 7")
    expect(upgraded.notices).toEqual([sentence(2)])
  })
)

it.effect("the earlier result of the same parameters tells it, also where newer ones have others", () =>
  Effect.gen(function* () {
    const { run } = world()
    yield* run(before, { modulo: 5 })
    yield* run(before, { modulo: 8 })
    yield* run(after, { modulo: 8 })
    const five = yield* run(after, { modulo: 5 })
    expect(reasons(five).sum).toContain("Headrace 0.3.0 makes another key of it than 0.2.0 did")
    // the totals differ, and so do what they are described from
    expect(five.notices).toEqual([sentence(2)])
  })
)

it.effect("each dataset's results are told of when they are computed again", () =>
  Effect.gen(function* () {
    const { run } = world()
    for (const list of ["a", "b"]) yield* run(before, { list })
    for (const list of ["a", "b"]) expect((yield* run(after, { list })).notices).toEqual([sentence(4)])
    for (const list of ["a", "b"]) expect((yield* run(after, { list })).notices).toEqual([])
  })
)

it.effect("results of another format and without a version are an earlier version's", () =>
  Effect.gen(function* () {
    const { run, traces } = world()
    yield* run(before)
    for (const trace of [...traces.values()]) {
      const text = { ...trace.text, format: Key.FORMAT - 1 }
      const { by: _, ...unsigned } = { ...trace, text, key: Either.getOrThrow(Key.ofText(text)) }
      traces.delete(trace.key)
      traces.set(unsigned.key, unsigned)
    }
    const upgraded = yield* run(after)
    expect(upgraded.notices).toEqual([sentence(4, "an earlier version")])
    expect(reasons(upgraded).read).toBe(
      `Headrace 0.3.0 makes another key of it than an earlier version did; the cache format was ${Key.FORMAT - 1}, is ${Key.FORMAT}`
    )
  })
)

it.effect("a sweep tells it once for all of its points", () =>
  Effect.gen(function* () {
    const { sweep } = world()
    yield* sweep(before, [5, 8])
    const upgraded = yield* sweep(after, [5, 8])
    expect(upgraded.notices).toEqual([sentence(6)])
    expect((yield* sweep(after, [5, 8])).notices).toEqual([])
  })
)
