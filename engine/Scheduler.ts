import { Effect } from "effect"
import { explain } from "../artifacts/Explained.ts"
import { ObjectStore, type StoreFailed } from "../cache/ObjectStore.ts"
import * as Reason from "../cache/Reason.ts"
import type { Trace, TraceStore } from "../cache/Trace.ts"
import * as Again from "./Again.ts"
import type { Code } from "./Code.ts"
import * as Decide from "./Decide.ts"
import { explainDefect, InputLost } from "./Failure.ts"
import * as Given from "./Given.ts"
import type * as Graph from "./Graph.ts"
import * as NodeKey from "./NodeKey.ts"
import { type Asked, fail, type Needs, reasonsOf, reuse, singleFlight, skip } from "./NodeWork.ts"
import { publish, RunEvent, type RunEvents } from "./RunEvent.ts"
import { type Outcome, outputsOf, type RunState } from "./RunState.ts"

/*
 * How a node comes to its outcome: each state, the function that leads out of it, and where to.
 *
 *   asked      obtain          to the outcome that it has; where it has none, one fiber at a time: to waiting
 *   waiting    attempt         once its parents are obtained: to decided; to Skipped where one failed, to Failed where a source cannot be had
 *   decided    Decide.decide   its key is known: to Done where a result is kept under it and nothing forces another; else to wanted
 *   wanted     singleFlight    to what becomes of another node of the same key, where one is being made; else to unleased
 *   unleased   underLease      to leased; where another process has the lease, once that lets go: to Done, or to unleased again
 *   leased     compute         to Done where the last holder left a result or the executor makes one; else to Failed, or to lost
 *   lost       attempt         an object of a parent is gone: repair settles the parent anew; then to waiting; after three times to Failed
 *   settled    settle          its parents still yield what it was made of: this is its outcome; else to waiting
 *   outcome    repair          an object of its own is gone: settled anew; what was made of it is forgotten where it comes out otherwise
 */

/** An object that is lost again after it was computed again is given up at this many losses. */
const MOST_LOSSES = 3

/** The objects that were found lost so far, each as often as it was. */
type Losses = ReadonlyArray<string>

/** A disk may fail twice; a program that has written anew what cannot be decoded writes the same the next time. */
const isHopeless = (losses: Losses, { object, what }: InputLost): boolean =>
  losses.filter((lost) => lost === object).length >= (what === "undecodable" ? 1 : MOST_LOSSES)

/** One fiber at a time settles a node, whoever else asks for it. */
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
      return settle({ state, entry, forced: state.again.has(entry.name) ? Reason.Again.make() : null })
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

/** The key of a node whose parents are settled; null where one is not, or it is asked for again, or cannot be had. */
const keyOf = (state: RunState, entry: Graph.StageEntry): Effect.Effect<Decide.Keyed | null, never, Code> =>
  Effect.suspend(() => {
    const parents = NodeKey.storedParents(state.graph, entry)
    const isSettled = ({ name }: Graph.Entry) => state.outcomes.has(name) || name in state.sources
    if (state.again.has(entry.name) || !parents.every(isSettled)) return Effect.succeed(null)
    return Decide.keyed(state.graph, entry, outputsOf(state, parents))
    // whoever obtains the node fails with it
  }).pipe(
    Effect.catchAll(() => Effect.succeed(null)),
    Effect.catchAllDefect(() => Effect.succeed(null))
  )

/**
 * Settles all nodes whose results are kept: what costs nothing, before anything that does. Those that need none of each other are
 * looked up together, and made into outcomes one after the other: a fiber each would cost more than that.
 */
export const recallAll = (state: RunState): Effect.Effect<void, never, Code | TraceStore | RunEvents> =>
  Effect.forEach(
    NodeKey.levels(state.graph),
    (level) =>
      Effect.gen(function* () {
        const keys = yield* Effect.forEach(level, (entry) => keyOf(state, entry))
        const known = level.flatMap((entry, at) => {
          const key = keys[at] ?? null
          return key === null ? [] : [{ entry, key }]
        })
        const kept = yield* Decide.recallAll(known.map(({ key }) => key))
        for (const [at, { entry }] of known.entries()) {
          const trace = kept[at] ?? null
          if (trace !== null) state.outcomes.set(entry.name, yield* reuse(entry, trace))
        }
      }),
    { discard: true }
  )

/** Outcomes by their nodes' names, as somebody saw them: another fiber may have settled one anew since. */
type Seen = ReadonlyMap<string, Outcome>

const seenOf = ({ outcomes }: RunState, entries: ReadonlyArray<Graph.StageEntry>): Seen =>
  new Map(
    entries.flatMap(({ name }) => {
      const outcome = outcomes.get(name)
      return outcome === undefined ? [] : [[name, outcome] as const]
    })
  )

/** An outcome, and those of the parents that it was made of. */
interface Attempted {
  readonly outcome: Outcome
  readonly of: Seen
}
const ofNone = (outcome: Outcome): Attempted => ({ outcome, of: new Map() })

/** Whether the parents still yield what they did. */
const isCurrent = (state: RunState, { of }: Attempted): boolean =>
  [...of].every(([name, used]) => {
    const now = state.outcomes.get(name)
    if (now === used) return true
    return now?._tag === "Done" && used._tag === "Done" && Again.differing(used.trace, now.trace).length === 0
  })

const settle = (asked: Asked): Effect.Effect<Outcome, never, Needs> =>
  Effect.flatMap(attempt(asked, []), (attempted) => {
    const { state, entry } = asked
    if (!isCurrent(state, attempted)) return settle(asked)
    state.outcomes.set(entry.name, attempted.outcome)
    return Effect.succeed(attempted.outcome)
  })

const obtainParents = (state: RunState, parents: ReadonlyArray<Graph.Entry>): Effect.Effect<Seen, never, Needs> =>
  Effect.map(
    Effect.forEach(
      parents.flatMap(({ name }) => state.stages.get(name) ?? []),
      (parent) => Effect.map(obtain(state, parent), (outcome) => [parent.name, outcome] as const),
      { concurrency: "unbounded" }
    ),
    (seen) => new Map(seen)
  )

/** The nodes that failed, so that one with these parents cannot be made. */
const failedAbove = (seen: Seen): ReadonlyArray<string> => [
  ...new Set(
    [...seen].flatMap(([name, outcome]) =>
      outcome._tag === "Failed" ? [name] : outcome._tag === "Skipped" ? outcome.because : []
    )
  )
]

const attempt = (asked: Asked, losses: Losses): Effect.Effect<Attempted, never, Needs> =>
  Effect.gen(function* () {
    const { state, entry, forced } = asked
    const parents = NodeKey.storedParents(state.graph, entry)
    const [unresolved] = parents.flatMap(({ name }) => state.unresolved.get(name) ?? [])
    if (unresolved !== undefined) return ofNone(yield* fail(entry, explain(unresolved)))
    const of = yield* obtainParents(state, parents)
    const because = failedAbove(of)
    if (because.length > 0) return { outcome: yield* skip(entry, because), of }
    const outputs = outputsOf(state, parents, of)
    const decision = yield* Decide.decide(state.graph, entry, outputs)
    if (decision.hit !== null && forced === null)
      return { outcome: yield* reuse(entry, decision.hit, Decide.acceptedBecause(decision)), of }
    const made = yield* singleFlight({ ...asked, decision, outputs })
    if (!(made instanceof InputLost)) return { outcome: made, of }
    const gone = Given.lossOf(state.given, made)
    if (gone !== null)
      return ofNone(yield* fail(entry, explain(gone), { key: decision.key, reasons: reasonsOf(asked) }))
    if (isHopeless(losses, made))
      return ofNone(yield* fail(entry, explain(made), { key: decision.key, reasons: reasonsOf(asked) }))
    yield* repairAll(state, of, made)
    return yield* attempt(asked, [...losses, made.object])
  }).pipe(
    Effect.catchAll((error) => Effect.map(fail(asked.entry, explain(error), { reasons: reasonsOf(asked) }), ofNone)),
    // a bug in what the stage declares, its facts or share, is its node's alone
    Effect.catchAllDefect((defect) =>
      Effect.map(fail(asked.entry, explainDefect(defect), { reasons: reasonsOf(asked) }), ofNone)
    )
  )

/** The reason to compute a node again: the output of it that has the object; null where none has, or it is there after all. */
const lossOf = (trace: Trace, { object, what }: InputLost) =>
  Effect.gen(function* () {
    for (const [output, { parts, content }] of Object.entries(trace.outputs)) {
      if (what === "undecodable" && content === object) return Reason.ObjectLost.make({ output, object: content, what })
      const part = parts.find((each) => each.object === object)
      if (part === undefined) continue
      const store = yield* ObjectStore
      // read, not asked for: a store that others share may say that it has what it does not give
      const isThere = what === "missing" && (yield* Effect.isSuccess(store.check(part.object)))
      return isThere ? null : Reason.ObjectLost.make({ output, object: part.object, what })
    }
    return null
  })

/**
 * Computes a node again because an object of the outcome that somebody used is lost, unless another fiber has done so
 * since. Where it comes out otherwise, which is told, what was made of it is decided again.
 */
const repair = (
  state: RunState,
  entry: Graph.StageEntry,
  used: Outcome,
  lost: InputLost
): Effect.Effect<void, StoreFailed, Needs> =>
  locked(
    state,
    entry,
    Effect.gen(function* () {
      const known = state.outcomes.get(entry.name)
      if (known?._tag !== "Done" || known !== used) return
      const forced = yield* lossOf(known.trace, lost)
      if (forced === null) return
      const message = `An object of ${entry.name} was ${lost.what}; it is computed again.`
      yield* publish(RunEvent.Warned({ node: entry.name, message }))
      const outcome = yield* settle({ state, entry, forced })
      if (outcome._tag !== "Done" || Again.differing(known.trace, outcome.trace).length === 0) return
      Again.forgetBelow(state, entry.name, outcome.trace)
      // of what could not be decoded nobody expects that it comes out as it was
      if (outcome.trace.key === known.trace.key && lost.what !== "undecodable")
        yield* Again.compare(entry.name, known.trace, outcome.trace)
    })
  )

const repairAll = (state: RunState, seen: Seen, lost: InputLost) =>
  Effect.forEach(
    seen,
    ([name, used]) => {
      const entry = state.stages.get(name)
      return entry === undefined ? Effect.void : repair(state, entry, used, lost)
    },
    { discard: true }
  )

/**
 * Uses what the nodes made. Where bytes of it turn out to be lost, their node is computed again and all of it used anew; it
 * fails where the same bytes are lost over and over.
 */
export const repairing = <A, E, R>(
  state: RunState,
  entries: ReadonlyArray<Graph.StageEntry>,
  use: Effect.Effect<A, E | InputLost, R>,
  losses: Losses = []
): Effect.Effect<A, E | InputLost | StoreFailed, R | Needs> =>
  Effect.catchIf(
    use,
    (error): error is InputLost => error instanceof InputLost,
    (lost) =>
      Effect.gen(function* () {
        if (isHopeless(losses, lost)) return yield* lost
        yield* repairAll(state, seenOf(state, entries), lost)
        yield* obtainAll(state, entries)
        return yield* repairing(state, entries, use, [...losses, lost.object])
      })
  )
