import { Effect, Either } from "effect"
import { id, type Stored } from "../artifacts/Artifact.ts"
import * as CanonicalJson from "../artifacts/CanonicalJson.ts"
import * as Checkpoint from "../artifacts/Checkpoint.ts"
import * as Key from "../cache/Key.ts"
import { ObjectStore, readPart } from "../cache/ObjectStore.ts"
import { objectsOf, stateStage, type Trace, TraceStore } from "../cache/Trace.ts"
import type { Iterates } from "./Node.ts"

const withSteps = (text: Key.KeyText, { steps }: Iterates, at: number): Key.KeyText => ({
  ...text,
  params: { ...text.params, [steps]: at }
})

/** What a node's state after some steps depends on: all that the node does, with that number for its own. */
const textOf = (text: Key.KeyText, iterates: Iterates, at: number): Key.KeyText => ({
  ...withSteps(text, iterates, at),
  stage: stateStage(text.stage),
  outputs: { state: id(iterates.state) }
})

/** Where a node stands, or a state of it: all that both depend on, with the number of steps. */
export const standing = ({ stage: _, format: __, outputs: ___, ...depends }: Key.KeyText): string =>
  Either.getOrElse(CanonicalJson.encode(depends), () => "inexact")

/** Whether a state's text says that it stands where the node of another text does. */
export const isOf = (state: Key.KeyText, node: Key.KeyText): boolean =>
  state.stage === stateStage(node.stage) && standing(state) === standing(node)

/** A kept state, after `at` steps. */
export interface Kept {
  readonly at: number
  readonly trace: Trace
}

/** The states of at most so many steps, the newest first. */
export const kept = (text: Key.KeyText, iterates: Iterates, most: number) =>
  Effect.gen(function* () {
    const traces = yield* TraceStore
    const stage = stateStage(text.stage)
    const steps = new Map<Key.Key, number>()
    for (let at = most; at > 0; at--) steps.set(yield* Key.ofText(textOf(text, iterates, at)), at)
    const states: Array<Kept> = []
    for (const key of yield* traces.keysAmong(stage, [...steps.keys()])) {
      const found = yield* traces.get(stage, key)
      if (found._tag === "Hit") states.push({ at: steps.get(key) ?? 0, trace: found.trace })
    }
    return states
  })

/** The key that all numbers of steps share: one holder of its lease goes on where another has got to. */
export const leaseKey = (text: Key.KeyText, iterates: Iterates) => Key.ofText(textOf(text, iterates, 0))

/** The state's name for itself: with it no two keys have one object, so that a dropped one was nobody else's. */
const OWN = "key"

export const read = ({ trace }: Kept, { state }: Iterates) =>
  Effect.flatMap(ObjectStore, (store) => state.decode(trace.outputs.state as Stored, readPart(store)))

/** A state as bytes of its own: the next step may write into the arrays that it was saved in. */
export interface Encoded {
  readonly at: number
  readonly key: Key.Key
  readonly text: Key.KeyText
  readonly bytes: Uint8Array
}

export const encode = (node: Key.KeyText, iterates: Iterates, at: number, { arrays, texts }: Checkpoint.State) =>
  Effect.gen(function* () {
    const text = textOf(node, iterates, at)
    const key = yield* Key.ofText(text)
    return { at, key, text, bytes: Checkpoint.encode({ arrays, texts: { ...texts, [OWN]: key } }) } satisfies Encoded
  })

/** Publishes a state: its object first, its trace last. */
export const write = (
  node: Pick<Trace, "pipeline" | "node" | "labels" | "host" | "by" | "finished" | "seconds">,
  iterates: Iterates,
  { at, key, text, bytes }: Encoded
) =>
  Effect.gen(function* () {
    const store = yield* ObjectStore
    const traces = yield* TraceStore
    const replaced = yield* traces.getHere(text.stage, key)
    const state = yield* iterates.state.keep(bytes, store.put)
    const trace: Trace = { ...node, key, text, outputs: { state }, chunks: null }
    const kept = new Set(objectsOf(trace))
    const others = replaced._tag === "Hit" ? objectsOf(replaced.trace).filter((object) => !kept.has(object)) : []
    // of a stage that is not reproducible, and was computed again
    if (others.length > 0) {
      yield* traces.remove(text.stage, key)
      yield* Effect.forEach(others, store.remove, { discard: true })
    }
    yield* traces.put(trace)
    return { at, trace } satisfies Kept
  })

/** Drops a state of a node that another has replaced, unless it is where a node stands that was finished here. */
export const drop = (text: Key.KeyText, iterates: Iterates, { at, trace }: Kept) =>
  Effect.gen(function* () {
    const traces = yield* TraceStore
    const finished = yield* traces.getHere(text.stage, yield* Key.ofText(withSteps(text, iterates, at)))
    if (finished._tag === "Hit") return
    yield* traces.remove(trace.text.stage, trace.key)
    const store = yield* ObjectStore
    yield* Effect.forEach(objectsOf(trace), store.remove, { discard: true })
  })
