import { Effect } from "effect"
import { explain } from "../artifacts/Explained.ts"
import { ObjectStore, type StoreFailed } from "../cache/ObjectStore.ts"
import * as Reason from "../cache/Reason.ts"
import type { TraceStore } from "../cache/Trace.ts"
import * as Again from "./Again.ts"
import type { Code } from "./Code.ts"
import * as Decide from "./Decide.ts"
import { explainDefect, InputLost } from "./Failure.ts"
import type * as Graph from "./Graph.ts"
import * as NodeKey from "./NodeKey.ts"
import { carryOut, type Forced, fail, type Needs, reuse } from "./NodeWork.ts"
import { publish, RunEvent, type RunEvents } from "./RunEvent.ts"
import type { RunRecords } from "./RunRecord.ts"
import { type Outcome, outputsOf, type RunState } from "./RunState.ts"

/** An object that is lost again after it was computed again is given up at this many losses. */
const MOST_LOSSES = 3

/** The objects that were found lost so far, each as often as it was. */
export type Losses = ReadonlyArray<string>
export const isHopeless = (losses: Losses, object: string): boolean =>
  losses.filter((lost) => lost === object).length >= MOST_LOSSES

const locked = <A, E, R>(state: RunState, entry: Graph.StageEntry, effect: Effect.Effect<A, E, R>) =>
  (state.locks.get(entry.name) as Effect.Semaphore).withPermits(1)(effect)

/** The node's outcome; computed by whoever asks first. */
export const obtain = (state: RunState, entry: Graph.StageEntry): Effect.Effect<Outcome, never, Needs> =>
  locked(
    state,
    entry,
    Effect.suspend(() => {
      const known = state.outcomes.get(entry.name)
      if (known !== undefined) return Effect.succeed(known)
      return settle(state, entry, state.again.has(entry.name) ? Reason.Again.make() : null)
    })
  )

/** The nodes' outcomes; obtained anew where one was forgotten meanwhile, since a node above it came out otherwise. */
export const obtainAll = (
  state: RunState,
  entries: ReadonlyArray<Graph.StageEntry>
): Effect.Effect<ReadonlyArray<Outcome>, never, Needs> =>
  Effect.flatMap(
    Effect.forEach(entries, (entry) => obtain(state, entry), { concurrency: "unbounded" }),
    (outcomes) =>
      entries.every(({ name }) => state.outcomes.has(name)) ? Effect.succeed(outcomes) : obtainAll(state, entries)
  )

/** Settles the node where its parents are and its result is kept: what costs nothing, before anything that does. */
export const recall = (
  state: RunState,
  entry: Graph.StageEntry
): Effect.Effect<void, never, Code | TraceStore | RunRecords | RunEvents> =>
  Effect.suspend(() => {
    const parents = NodeKey.storedParents(state.graph, entry)
    const isSettled = ({ name }: Graph.Entry) => state.outcomes.has(name) || name in state.sources
    // one that is asked for again is computed
    if (state.outcomes.has(entry.name) || state.again.has(entry.name)) return Effect.void
    if (!parents.every(isSettled)) return Effect.void
    return Effect.flatMap(Decide.decide(state.graph, entry, outputsOf(state, parents)), ({ hit }) =>
      hit === null
        ? Effect.void
        : Effect.map(reuse(entry, hit), (outcome) => void state.outcomes.set(entry.name, outcome))
    )
    // whoever obtains the node fails with it
  }).pipe(
    Effect.catchAll(() => Effect.void),
    Effect.catchAllDefect(() => Effect.void)
  )

/**
 * Computes a node again because an object of the outcome that somebody used is lost, unless another fiber has done so
 * since. Where it comes out otherwise, which is told, what was made of it is decided again.
 */
export const repair = (
  state: RunState,
  entry: Graph.StageEntry,
  used: Outcome | undefined,
  { object, what }: Pick<InputLost, "object" | "what">
): Effect.Effect<void, StoreFailed, Needs> =>
  locked(
    state,
    entry,
    Effect.gen(function* () {
      const known = state.outcomes.get(entry.name)
      if (known?._tag !== "Done" || known !== used) return
      const store = yield* ObjectStore
      const found = Object.entries(known.trace.outputs).flatMap(([output, { parts }]) =>
        parts.filter((part) => part.object === object).map((part) => ({ output, part }))
      )[0]
      if (found === undefined) return
      if (what === "missing" && (yield* store.has(found.part.object, found.part.bytes))) return
      yield* publish(
        RunEvent.Warned({ node: entry.name, message: `An object of ${entry.name} was ${what}; it is computed again.` })
      )
      const lost = Reason.ObjectLost.make({ output: found.output, object: found.part.object, what })
      const outcome = yield* settle(state, entry, lost)
      if (outcome._tag !== "Done" || Again.differing(known.trace, outcome.trace).length === 0) return
      Again.forgetBelow(state, entry.name, outcome.trace)
      if (outcome.trace.key === known.trace.key) yield* Again.compare(entry.name, known.trace, outcome.trace)
    })
  )

const reasonsOf = (forced: Forced | null): ReadonlyArray<Reason.Reason> => (forced === null ? [] : [forced])

/** An outcome, and those of the parents that it was made of. */
interface Attempted {
  readonly outcome: Outcome
  readonly of: ReadonlyMap<string, Outcome>
}
const ofNone = (outcome: Outcome): Attempted => ({ outcome, of: new Map() })

/** Whether the parents still yield what they did. */
const isCurrent = (state: RunState, { of }: Attempted): boolean =>
  [...of].every(([name, used]) => {
    const now = state.outcomes.get(name)
    if (now === used) return true
    return now?._tag === "Done" && used._tag === "Done" && Again.differing(used.trace, now.trace).length === 0
  })

const settle = (
  state: RunState,
  entry: Graph.StageEntry,
  forced: Forced | null
): Effect.Effect<Outcome, never, Needs> =>
  Effect.flatMap(attempt(state, entry, forced, []), (attempted) => {
    if (!isCurrent(state, attempted)) return settle(state, entry, forced)
    state.outcomes.set(entry.name, attempted.outcome)
    return Effect.succeed(attempted.outcome)
  })

const attempt = (
  state: RunState,
  entry: Graph.StageEntry,
  forced: Forced | null,
  losses: Losses
): Effect.Effect<Attempted, never, Needs> =>
  Effect.gen(function* () {
    const parents = NodeKey.storedParents(state.graph, entry)
    const [unresolved] = parents.flatMap(({ name }) => state.unresolved.get(name) ?? [])
    if (unresolved !== undefined) return ofNone(yield* fail(entry, explain(unresolved), null, []))
    const settled = yield* Effect.forEach(
      parents.flatMap(({ name }) => state.stages.get(name) ?? []),
      (parent) => Effect.map(obtain(state, parent), (outcome) => ({ parent, outcome })),
      { concurrency: "unbounded" }
    )
    const of = new Map(settled.map(({ parent, outcome }) => [parent.name, outcome]))
    const because = settled.flatMap(({ parent, outcome }) =>
      outcome._tag === "Failed" ? [parent.name] : outcome._tag === "Skipped" ? outcome.because : []
    )
    if (because.length > 0) {
      const names = [...new Set(because)]
      yield* publish(RunEvent.NodeSkipped({ node: entry.name, because: names }))
      return { outcome: { _tag: "Skipped" as const, because: names }, of }
    }
    const outputs = outputsOf(state, parents, of)
    const decision = yield* Decide.decide(state.graph, entry, outputs)
    if (decision.hit !== null && forced === null) return { outcome: yield* reuse(entry, decision.hit), of }
    const lost = yield* carryOut({ state, entry, decision, outputs, forced })
    if (!(lost instanceof InputLost)) return { outcome: lost, of }
    if (isHopeless(losses, lost.object))
      return ofNone(yield* fail(entry, explain(lost), decision.key, reasonsOf(forced)))
    yield* Effect.forEach(settled, ({ parent, outcome }) => repair(state, parent, outcome, lost))
    return yield* attempt(state, entry, forced, [...losses, lost.object])
  }).pipe(
    Effect.catchAll((error) => Effect.map(fail(entry, explain(error), null, reasonsOf(forced)), ofNone)),
    // a bug in what the stage declares, its facts or share, is its node's alone
    Effect.catchAllDefect((defect) => Effect.map(fail(entry, explainDefect(defect), null, reasonsOf(forced)), ofNone))
  )
