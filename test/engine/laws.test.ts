import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import * as fc from "fast-check"
import type { Stored } from "../../artifacts/Artifact.ts"
import * as Digest from "../../artifacts/Digest.ts"
import { ObjectStore } from "../../cache/ObjectStore.ts"
import * as Reason from "../../cache/Reason.ts"
import { TraceStore } from "../../cache/Trace.ts"
import * as Graph from "../../engine/Graph.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import type { Plan, PlannedNode } from "../../engine/Plan.ts"
import * as Broken from "../rig/broken.ts"
import * as Oracle from "../rig/oracle.ts"
import * as Graphs from "../rig/random-graphs.ts"
import * as Session from "../rig/session.ts"

// The engine's laws as properties over random graphs, edits and damage, each beside twins that must break it.

// what is all in memory is all microtasks: vitest would hear nothing of this process, and take it for lost
fc.configureGlobal({ asyncBeforeEach: () => new Promise((resolve) => setImmediate(resolve)) })

type Twin = (session: Session.Session) => Session.Change
const sound: Twin = () => () => ({})
type Given<A> = A extends fc.Arbitrary<infer T> ? T : never
type Law<A> = (twin: Twin) => (given: A) => Promise<void>

const holds = <A>(arbitrary: fc.Arbitrary<A>, law: Law<A>, numRuns = 25) =>
  fc.assert(fc.asyncProperty(arbitrary, law(sound)), { numRuns })

/** The same property finds the twin out by what it asserts, always in the same way. */
const breaks = async <A>(arbitrary: fc.Arbitrary<A>, law: Law<A>, twin: Twin) => {
  const options = { numRuns: 200, seed: 42, endOnFailure: true }
  const { errorInstance } = await fc.check(fc.asyncProperty(arbitrary, law(twin)), options)
  expect(errorInstance).toMatchObject({ name: "AssertionError" })
}

const run = (session: Session.Session, change?: Session.Change) => Effect.runPromise(Session.run(session, change))

/** Which nodes a run is until, by their numbers; null where it is of the whole pipeline. */
const untils = fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 2 })

/** A pipeline that is run, changed and run again. */
const stories = (edits: fc.Arbitrary<Graphs.Edit>) =>
  fc.record({
    start: Graphs.starts,
    rounds: fc.array(fc.array(edits, { maxLength: 3 }), { minLength: 1, maxLength: 3 })
  })
const everything = stories(fc.oneof({ weight: 2, arbitrary: Graphs.edits }, Graphs.damages))

const hidden: Twin = (session) => {
  Graphs.world.hidden = session.by
  return () => ({})
}

describe("law 1: incremental equals from scratch", () => {
  const law: Law<Given<typeof everything>> =
    (twin) =>
    async ({ start, rounds }) => {
      const session = Session.open(start)
      await run(session, twin(session))
      for (const edits of rounds) {
        for (const edit of edits) Session.apply(session, edit)
        const incremental = await run(session, twin(session))
        const fresh = Session.fromScratch(session)
        const scratch = await run(fresh)
        expect(incremental.status).toBe("done")
        expect(Session.contents(incremental)).toEqual(Session.contents(scratch))
        expect(session.handed).toEqual(fresh.handed)
      }
    }
  it("holds", () => holds(everything, law))
  it("is broken by keys without code", () => breaks(everything, law, () => Broken.codeUnseen))
  it("is broken by a parameter that is not in the key", () => breaks(everything, law, hidden))
  const flips = Graphs.damages.filter(({ _tag }) => _tag === "FlipObject")
  it("is broken by a store that hands out bytes unhashed", () =>
    breaks(stories(fc.oneof(Graphs.edits, { weight: 3, arbitrary: flips })), law, Broken.unverified))
})

describe("law 2: exactly the affected stages run", () => {
  const noFlips = Graphs.damages.filter(({ _tag }) => _tag !== "FlipObject")
  const story = stories(fc.oneof({ weight: 2, arbitrary: Graphs.edits }, noFlips, Graphs.failures))
  const law: Law<Given<typeof story>> =
    (twin) =>
    async ({ start, rounds }) => {
      const session = Session.open(start)
      const oracle = Oracle.make()
      for (const edits of [[], ...rounds, []]) {
        for (const edit of edits) Session.apply(session, edit)
        Oracle.forget(oracle, session)
        const expected = Oracle.expected(oracle, session)
        Graphs.runs.clear()
        const record = await run(session, twin(session))
        Oracle.learn(oracle, expected, record)
        const stored = record.nodes.filter(({ stage }) => stage !== "shift")
        const statuses = Object.fromEntries(stored.map(({ node, status }) => [Graphs.numberOf(node), status]))
        expect(statuses).toEqual(expected.statuses)
        for (const { node, stage, status } of stored) {
          const count = Graphs.runs.get(Graphs.numberOf(node)) ?? 0
          // a row stage that finds every chunk is not even opened
          if (stage === "double" && status === "ran") expect(count).toBeLessThanOrEqual(1)
          else expect([node, count]).toEqual([node, status === "ran" ? 1 : 0])
        }
      }
    }
  it("holds", () => holds(story, law))
  it("is broken without early cutoff", () => breaks(story, law, () => Broken.noCutoff))
  it("is broken by a cache that forgets", () => breaks(story, law, () => Broken.forgetful))
})

describe("law 3: the run does what the plan said", () => {
  const asked = (edits: fc.Arbitrary<Graphs.Edit>) =>
    fc.tuple(stories(edits), fc.option(untils)).map(([story, until]) => ({ ...story, until }))
  const story = asked(fc.oneof({ weight: 1, arbitrary: Graphs.edits }, { weight: 2, arbitrary: Graphs.damages }))
  const failing = asked(fc.oneof(Graphs.edits, Graphs.failures))
  const allowed = {
    reuse: ["reused"],
    run: ["ran", "failed", "skipped"],
    maybe: ["reused", "ran", "failed", "skipped"],
    stream: ["streamed", "skipped"],
    unasked: ["unasked"]
  }
  /** Whether one node, by its number, lies above another. */
  const isAbove = (session: Session.Session, node: number, other: number): boolean =>
    Graphs.wiring(session.shape)[other]?.takes.some((taken) => taken === node || isAbove(session, node, taken)) ?? false
  /** Whether a result is kept of a node with the parameter and the code that it has: its inputs alone may tell it apart. */
  const isKept = (session: Session.Session, number: number, stage: string): boolean =>
    [...session.traces.values()].some(
      ({ text: { params, code } }) =>
        params.node === number && params.by === session.by[number] && code.digest === Graphs.codeOfStage(stage).digest
    )
  const lawOf =
    (told: (plan: Plan) => Plan): Law<Given<typeof story>> =>
    (twin) =>
    async ({ start, rounds, until }) => {
      const session = Session.open(start)
      for (const edits of [[], ...rounds]) {
        for (const edit of edits) Session.apply(session, edit)
        const names = Session.pick(session, until)
        const plan = told(await Effect.runPromise(Session.plan(session, twin(session), names)))
        const kept = new Set(
          plan.nodes.flatMap(({ node, stage }) => (isKept(session, Graphs.numberOf(node), stage) ? [node] : []))
        )
        const record = await Effect.runPromise(Session.run(session, undefined, undefined, names))
        const failed = record.nodes.flatMap(({ node, status }) => (status === "failed" ? [node] : []))
        expect(plan.nodes.map(({ node }) => node)).toEqual(record.nodes.map(({ node }) => node))
        for (const [index, planned] of plan.nodes.entries()) {
          const { node, status, key } = record.nodes[index] ?? {}
          expect(allowed[planned.status], `${node} was planned ${planned.status}`).toContain(status)
          if (status === "skipped" && planned.status !== "stream") expect(failed.length).toBeGreaterThan(0)
          const number = Graphs.numberOf(planned.node)
          const isBelowRun = plan.nodes.some(
            (other) => other.status === "run" && isAbove(session, Graphs.numberOf(other.node), number)
          )
          const isKeyed = planned.status === "reuse" || planned.status === "run"
          if (planned.key === null) expect(isKeyed && !isBelowRun, `${node} was planned without a key`).toBe(false)
          else expect(isKeyed, `${node} was planned ${planned.status} with a key`).toBe(true)
          // a node that was skipped has no key to compare
          if (planned.key !== null && status !== "skipped") expect(planned.key).toBe(key)
          if (planned.status !== "maybe") continue
          const deciding = planned.reasons.flatMap((reason) => (reason._tag === "Undecided" ? reason.ancestors : []))
          expect(deciding.length).toBeGreaterThan(0)
          // bytes that are lost are needed, perhaps, by a node below
          const isLost = planned.reasons.some(({ _tag }) => _tag === "ObjectLost")
          if (!isLost) expect(kept, `${node} was planned maybe`).toContain(node)
          const all = plan.nodes.map(({ node }) => Graphs.numberOf(node))
          const decided = isLost ? all.filter((other) => isAbove(session, number, other)) : [number]
          for (const name of deciding) {
            expect(plan.nodes.find((one) => one.node === name)?.status).toBe("run")
            expect(decided.some((other) => isAbove(session, Graphs.numberOf(name), other))).toBe(true)
          }
        }
      }
    }
  const law = lawOf((plan) => plan)
  /** A plan that says something else of its nodes. */
  const saying = (change: (node: PlannedNode, plan: Plan) => Partial<PlannedNode>) =>
    lawOf((plan) => ({ ...plan, nodes: plan.nodes.map((node) => ({ ...node, ...change(node, plan) })) }))
  const undecided = (...ancestors: ReadonlyArray<string>) => [Reason.Undecided.make({ ancestors })]
  it("holds", () => holds(story, law))
  it("holds where nodes fail", () => holds(failing, law, 20))
  it("is broken by a plan that does not look whether bytes are there", () => breaks(story, law, () => Broken.credulous))
  it("is broken by a plan that makes other keys than the run", () => breaks(story, law, () => Broken.codeUnseen))
  const twins: Readonly<Record<string, Law<Given<typeof story>>>> = {
    "leaves undecided what nothing decides": saying(({ status }) =>
      status === "maybe" ? { reasons: undecided() } : {}
    ),
    "names a node that is not above as the one that decides": saying(({ status }, { nodes }) => {
      const runs = nodes.filter((other) => other.status === "run")
      return status === "maybe" ? { reasons: undecided(...runs.map(({ node }) => node)) } : {}
    }),
    "names a node that is itself undecided as the one that decides": saying(({ node, status }) =>
      status === "maybe" ? { reasons: undecided(node) } : {}
    ),
    "calls what is decided undecided": saying(({ node, status }) =>
      status === "reuse" ? { status: "maybe", key: null, reasons: undecided(node) } : {}
    ),
    "calls a stored node streamed": saying(({ status }) => (status === "run" ? { status: "stream", key: null } : {})),
    "calls a streamed node reused": saying(({ status }) => (status === "stream" ? { status: "reuse" } : {})),
    "carries out what nobody asked for": saying(({ status }) => (status === "unasked" ? { status: "run" } : {})),
    "leaves out what is asked for": saying(({ status }) => (status === "run" ? { status: "unasked", key: null } : {})),
    "leaves undecided whatever lies below a node that runs": saying(({ status, key }, { nodes }) => {
      const runs = nodes.filter((other) => other.status === "run" && other.key !== null)
      return status === "run" && key === null
        ? { status: "maybe", reasons: undecided(...runs.map(({ node }) => node)) }
        : {}
    }),
    "calls what is undecided certain": saying(({ status }) => (status === "maybe" ? { status: "run" } : {})),
    "knows no keys": saying(() => ({ key: null }))
  }
  for (const [does, twin] of Object.entries(twins))
    it(`is broken by a plan that ${does}`, () => breaks(story, twin, sound))
})

/** Objects that a trace names and that are not there, or not whole. */
const partial = (session: Session.Session, outputs: Readonly<Record<string, Pick<Stored, "parts">>>) =>
  Object.values(outputs)
    .flatMap(({ parts }) => parts)
    .filter(({ object, bytes }) => {
      const there = session.objects.get(object)
      return there?.length !== bytes || Digest.ofBytes(there) !== object
    })
const allPartial = (session: Session.Session) => [
  ...[...session.traces.values()].flatMap(({ outputs }) => partial(session, outputs)),
  ...[...session.chunks.values()].flatMap(({ part }) => partial(session, { part: { parts: [part] } }))
]

describe("law 4: a run that is killed at any moment needs no manual step", () => {
  const story = fc.record({
    start: Graphs.starts,
    edits: fc.array(Graphs.edits, { minLength: 1, maxLength: 3 }),
    cuts: fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 3 })
  })
  /** Every use of the cache is a step; at step `at` the world stops, with the step begun or done. */
  const cut =
    (at: number, stop: Deferred.Deferred<void>): Session.Change =>
    (parts) => {
      let step = 0
      const stepped = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
        Effect.suspend((): Effect.Effect<A, E> => {
          step += 1
          if (step < at) return effect
          const end = Effect.zipRight(Deferred.succeed(stop, undefined), Effect.never)
          const last = step > at ? Effect.void : at % 2 === 0 ? effect : Effect.fork(effect)
          return Effect.zipRight(last, Effect.zipRight(Effect.yieldNow(), end))
        })
      return {
        objects: Broken.wrap(ObjectStore, parts.objects, (store) => ({
          ...store,
          put: (bytes) => stepped(store.put(bytes)),
          get: (object) => stepped(store.get(object))
        })),
        traces: Broken.wrap(TraceStore, parts.traces, (traces) => ({
          ...traces,
          put: (trace) => stepped(traces.put(trace)),
          putChunk: (trace) => stepped(traces.putChunk(trace))
        }))
      }
    }
  const law: Law<Given<typeof story>> =
    (twin) =>
    async ({ start, edits, cuts }) => {
      const session = Session.open(start)
      await run(session, twin(session))
      for (const edit of edits) Session.apply(session, edit)
      for (const at of cuts) {
        const stop = Effect.runSync(Deferred.make<void>())
        const change: Session.Change = (parts) => {
          const broken = { ...parts, ...twin(session)(parts) }
          return { ...broken, ...cut(at, stop)(broken) }
        }
        await Effect.runPromise(Effect.raceFirst(Session.run(session, change), Deferred.await(stop)))
        expect(allPartial(session)).toEqual([])
      }
      const again = await run(session, twin(session))
      const scratch = await run(Session.fromScratch(session))
      expect(again.status).toBe("done")
      expect(Session.contents(again)).toEqual(Session.contents(scratch))
    }
  it("holds", () => holds(story, law))
  it("is broken by a store that names what it is still writing, and trusts names", () =>
    breaks(story, law, Broken.torn))
})

describe("law 5: one key is computed once, however many ask", () => {
  const story = fc.record({ start: Graphs.starts, together: fc.integer({ min: 2, max: 4 }) })
  const law: Law<Given<typeof story>> =
    (twin) =>
    async ({ start, together }) => {
      const session = Session.open(start)
      const records = await Effect.runPromise(Session.runTogether(session, together, twin(session)))
      for (const [node, count] of Graphs.runs) expect([node, count]).toEqual([node, 1])
      const [first, ...others] = records.map(Session.contents)
      for (const contents of others) expect(contents).toEqual(first)
    }
  it("holds", () => holds(story, law, 25))
  it("is broken by leases that nobody waits for", () => breaks(story, law, () => Broken.noLeases))
})

describe("law 6: nothing partial is ever visible", () => {
  const watched =
    (session: Session.Session, seen: Array<unknown>): Session.Change =>
    (parts) => ({
      traces: Broken.wrap(TraceStore, parts.traces, (traces) => ({
        ...traces,
        put: (trace) =>
          Effect.zipRight(
            Effect.sync(() => seen.push(...partial(session, trace.outputs))),
            traces.put(trace)
          ),
        putChunk: (trace) =>
          Effect.zipRight(
            Effect.sync(() => seen.push(...partial(session, { part: { parts: [trace.part] } }))),
            traces.putChunk(trace)
          )
      }))
    })
  const law: Law<Graphs.Start> = (twin) => async (start) => {
    const session = Session.open(start)
    const seen: Array<unknown> = []
    await run(session, (parts) => {
      const changed = { ...parts, ...twin(session)(parts) }
      return { ...changed, ...watched(session, seen)(changed) }
    })
    expect(seen).toEqual([])
    expect(allPartial(session)).toEqual([])
  }
  it("holds", () => holds(Graphs.starts, law, 25))
  it("is broken by a trace that is written before its objects", () => breaks(Graphs.starts, law, Broken.writeBehind))
})

describe("law 7: a name stands for one definition", () => {
  const story = fc.record({ shape: Graphs.shapes, at: fc.nat({ max: 100 }) })
  const law =
    (redefined: typeof Graphs.redefined) =>
    async ({ shape, at }: Given<typeof story>) => {
      const { stages } = Pipeline.graph(Graphs.pipelineOf(shape), { amounts: [] })
      const victim = stages[at % stages.length]
      fc.pre(victim !== undefined)
      const { name } = victim.node.definition
      const others = stages.filter(({ node }) => node.definition.name === name)
      const number = Graphs.numberOf(victim.name)
      const build = () => Graphs.pipelineOf(shape, (wire, node) => (node === number ? redefined(wire) : wire))
      if (others.length === 1) expect(build).not.toThrow()
      else expect(build).toThrow(`The name "${name}" stands for two definitions in random`)
    }
  it("holds", () => fc.assert(fc.asyncProperty(story, law(Graphs.redefined)), { numRuns: 200 }))
  it("is broken by one that is not another", async () => {
    const { errorInstance } = await fc.check(
      fc.asyncProperty(
        story,
        law((wire) => wire)
      ),
      { numRuns: 200, seed: 42 }
    )
    expect(errorInstance).toMatchObject({ name: "AssertionError" })
  })
})

describe("law 8: a node that is computed again leaves all as from scratch, whatever its key does not hold", () => {
  const story = fc.record({ start: Graphs.starts, at: fc.nat({ max: 100 }), to: fc.integer({ min: 1, max: 12 }) })
  /** The stored nodes whose results depend on a node through no other stored one: itself, or those it is streamed to. */
  const nextStored = (graph: Graph.Graph, entry: Graph.StageEntry): ReadonlyArray<string> =>
    entry.node.definition.keep === "streamed"
      ? graph.stages.filter((other) => Graph.parents(graph, other).includes(entry)).flatMap((o) => nextStored(graph, o))
      : [entry.name]
  const law =
    (asked: (nodes: ReadonlyArray<string>) => ReadonlyArray<string>, change?: Session.Change) =>
    async ({ start, at, to }: Given<typeof story>) => {
      const session = Session.open(start)
      const hidden = [...session.by]
      Graphs.world.hidden = hidden
      await run(session)
      const graph = Pipeline.graph(Graphs.pipelineOf(session.shape), { amounts: session.by })
      const entry = graph.stages[at % graph.stages.length]
      fc.pre(entry !== undefined)
      hidden[Graphs.numberOf(entry.name)] = to
      const again = nextStored(graph, entry)
      const record = await Effect.runPromise(Session.run(session, change, new Set(asked(again))))
      for (const node of again) expect(record.nodes.find((one) => one.node === node)).toMatchObject({ status: "ran" })
      expect(Session.contents(record)).toEqual(Session.contents(await run(Session.fromScratch(session))))
      expect(Session.contents(await run(session))).toEqual(Session.contents(record))
    }
  it("holds", () =>
    fc.assert(
      fc.asyncProperty(
        story,
        law((nodes) => nodes)
      ),
      { numRuns: 50 }
    ))
  const found = async (twin: ReturnType<typeof law>) => {
    const { errorInstance } = await fc.check(fc.asyncProperty(story, twin), { numRuns: 200, seed: 42 })
    expect(errorInstance).toMatchObject({ name: "AssertionError" })
  }
  it("is broken where nobody asks for it", () => found(law(() => [])))
  it("is broken by chunks that are reused all the same", () => found(law((nodes) => nodes, Broken.halfAgain)))
})

describe("law 9: no results of a run are made of different results of one key", () => {
  const story = fc.record({
    start: Graphs.starts,
    hidden: fc.array(fc.record({ at: fc.nat({ max: 8 }), to: fc.integer({ min: 1, max: 12 }) }), { maxLength: 3 }),
    damages: fc.array(Graphs.damages, { minLength: 1, maxLength: 6 })
  })
  const law: Law<Given<typeof story>> =
    (twin) =>
    async ({ start, hidden, damages }) => {
      const session = Session.open(start)
      const now = [...session.by]
      Graphs.world.hidden = now
      await run(session)
      // what is lost of these nodes comes out otherwise
      for (const { at, to } of hidden) now[at] = to
      for (const edit of damages) Session.apply(session, edit)
      const record = await run(session, twin(session))
      expect(record.status).toBe("done")
      const { nodes } = await Effect.runPromise(Session.plan(session))
      for (const [at, { node, key, status }] of nodes.entries())
        if (status !== "stream") expect([node, status, key]).toEqual([node, "reuse", record.nodes[at]?.key])
      expect(Session.contents(await run(session))).toEqual(Session.contents(record))
    }
  it("holds", () => holds(story, law, 60))
  it("is broken by traces of which the first stays", () => breaks(story, law, () => Broken.firstStays))
})

describe("law 10: a run until some nodes makes these as the whole run does, and no others", () => {
  // bytes that are there and not whole are found by whoever reads them, and nobody reads what was asked for
  const noFlips = Graphs.damages.filter(({ _tag }) => _tag !== "FlipObject")
  const story = fc
    .tuple(stories(fc.oneof({ weight: 2, arbitrary: Graphs.edits }, noFlips)), untils)
    .map(([{ start, rounds }, until]) => ({ start, edits: rounds.flat(), until }))
  const law =
    (told: (until: ReadonlyArray<number>) => ReadonlyArray<number> | null): Law<Given<typeof story>> =>
    (twin) =>
    async ({ start, edits, until }) => {
      const session = Session.open(start)
      await run(session)
      for (const edit of edits) Session.apply(session, edit)
      const names = Session.pick(session, until)
      const graph = Pipeline.graph(Graphs.pipelineOf(session.shape), { amounts: session.by })
      const wanted = graph.stages.filter(({ name }) => names?.has(name))
      const needed = new Set([...Graph.closure(graph, wanted)].map(({ name }) => name))
      const options = [undefined, Session.pick(session, told(until))] as const
      const part = await Effect.runPromise(Session.run(session, twin(session), ...options))
      expect(part.status).toBe("done")
      for (const { node, status, key } of part.nodes) {
        expect([node, status === "unasked"]).toEqual([node, !needed.has(node)])
        if (names?.has(node)) expect(unkept(session, key)).toEqual([])
      }
      Graphs.runs.clear()
      const whole = await run(session)
      for (const [at, { node, status, key }] of part.nodes.entries()) {
        if (status !== "ran" && status !== "reused") continue
        expect([node, key]).toEqual([node, whole.nodes[at]?.key])
        if (names?.has(node)) expect([node, Graphs.runs.get(Graphs.numberOf(node)) ?? 0]).toEqual([node, 0])
      }
      expect(Session.contents(whole)).toEqual(Session.contents(await run(Session.fromScratch(session))))
    }
  /** Objects of a node's trace that are not there. */
  const unkept = (session: Session.Session, key: string | null) =>
    [...session.traces.values()]
      .filter((trace) => trace.key === key)
      .flatMap(({ outputs }) => Object.values(outputs).flatMap(({ parts }) => parts))
      .filter(({ object }) => !session.objects.has(object))
  it("holds", () =>
    holds(
      story,
      law((until) => until),
      60
    ))
  it("is broken by a run that goes on to the end", () =>
    breaks(
      story,
      law(() => null),
      sound
    ))
  it("is broken by one that stops before the last of them", () =>
    breaks(
      story,
      law((until) => until.slice(0, 1)),
      sound
    ))
})
