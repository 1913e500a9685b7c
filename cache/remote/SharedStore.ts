import { randomBytes } from "node:crypto"
import { Chunk, Context, Effect, Either, Layer, Option, Ref, type Scope, Stream } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import * as Verified from "../../artifacts/Verified.ts"
import { MOST_OBJECT_BYTES } from "../ObjectStore.ts"
import { Blobs, BlobsFailed, givesNewNamesOnce } from "./Blobs.ts"
import * as Breaker from "./Breaker.ts"
import { OBJECTS, objectName, objectOf, placeOf, probeName, TRACES, traceName } from "./names.ts"
import type { Writer } from "./Signature.ts"
import * as SignedTrace from "./SignedTrace.ts"
import type { Namespace, Trust } from "./Trust.ts"

/** What is asked of a shared store: whose traces are believed, and who signs. */
export interface Terms {
  /** As people are told of the store. */
  readonly shown: string
  /** Those that are looked into, one after the other; what is computed goes to the first. */
  readonly namespaces: readonly [Namespace, ...ReadonlyArray<Namespace>]
  readonly trust: Trust
  /** Who signs what goes there; null where nothing does. */
  readonly writer: Writer | null
}

/** Where a trace belongs, in any namespace. */
export type Address = Omit<SignedTrace.Place, "namespace">

/** What lies in a shared store, for whoever counts, checks or tidies it. */
interface Lying {
  readonly bytes: number
  /** Milliseconds since 1970, by the clock of the store: a machine's own may be another. */
  readonly modified: number
}
export interface SharedObject extends Lying {
  readonly object: Digest.Digest
}
/** A trace of any namespace, of which nobody has seen yet whether it is believed. */
export interface SharedTrace extends Lying {
  readonly place: SignedTrace.Place
}

/** Hears what people are to know of a shared store: each once, since one cause shows in many places. */
export class SharedStoreListener extends Context.Reference<SharedStoreListener>()("headrace/SharedStoreListener", {
  defaultValue:
    () =>
    (_message: string): Effect.Effect<void> =>
      Effect.void
}) {}

/**
 * What many machines share. Nothing in it is believed: objects are hashed, traces are opened by their signatures, and what fails
 * either is not there. Reading never fails and never waits long: while the store doesn't answer, nothing is there.
 */
export class SharedStore extends Context.Tag("headrace/SharedStore")<
  SharedStore,
  {
    readonly terms: Terms
    /** Whether it does not answer at the moment, as far as this process knows. */
    readonly isDown: () => boolean
    /** The text of a trace that somebody trusted signed. */
    readonly trace: (address: Address) => Effect.Effect<string | null>
    /** The bytes of an object. */
    readonly object: (object: Digest.Digest) => Effect.Effect<Verified.Verified | null>
    /** Whether an object of so many bytes seems to be there. */
    readonly has: (object: Digest.Digest, bytes: number) => Effect.Effect<boolean>
    /** Finds out, once, whether the store is one to write to: it answers, and gives a new name to one of many. */
    readonly mayWrite: Effect.Effect<void, BlobsFailed>
    /** Sends an object; false where it was there. Who asks by `has` first sends none in vain. */
    readonly putObject: (bytes: Verified.Verified, object: Digest.Digest) => Effect.Effect<boolean, BlobsFailed>
    /** Signs a trace and puts it, once all that it names is there; false where another writer was first. */
    readonly putTrace: (address: Address, text: string, writer: Writer) => Effect.Effect<boolean, BlobsFailed>
    /** All objects that lie there, in the order of their names. What is there and is no object is left out. */
    readonly objects: Stream.Stream<SharedObject, BlobsFailed>
    /** All traces that lie there, of nodes and then of chunks. */
    readonly traces: Stream.Stream<SharedTrace, BlobsFailed>
    /** Removes an object; whoever finds a trace that names it makes it again. */
    readonly removeObject: (object: Digest.Digest) => Effect.Effect<void, BlobsFailed>
    /** Removes a trace: its node, or chunk, is computed again, unless a machine has it. */
    readonly removeTrace: (place: SignedTrace.Place) => Effect.Effect<void, BlobsFailed>
  }
>() {}

/** As many as a store of this machine reads, and what a signature and its JSON add. */
const MOST_TRACE_BYTES = 128 * 1024 * 1024

/** Says each thing once. */
export const saying = (say: (message: string) => Effect.Effect<void>) => {
  const said = new Set<string>()
  return (topic: string, message: string) =>
    Effect.suspend(() => {
      if (said.has(topic)) return Effect.void
      said.add(topic)
      return say(message)
    })
}

const make = (terms: Terms, isDown: boolean): Effect.Effect<typeof SharedStore.Service, never, Blobs | Scope.Scope> =>
  Effect.gen(function* () {
    const { shown, namespaces, trust } = terms
    const blobs = yield* Blobs
    const say = saying(yield* SharedStoreListener)
    const newProbe = Effect.sync(() => probeName(randomBytes(8).toString("hex")))
    const breaker = yield* Breaker.make({
      ...(isDown ? { failed: Effect.flatMap(newProbe, (name) => blobs.get(name, 0)) } : {}),
      onOpen: ({ message }) =>
        say(
          "open",
          `The shared store ${shown} ${message}: what it has is computed here, or taken once it answers again.`
        ),
      onWrong: ({ message }) => say("wrong", `The shared store ${shown} ${message}: that does not count.`)
    })

    const traceIn = (place: SignedTrace.Place): Effect.Effect<string | null> =>
      Effect.gen(function* () {
        const sealed = yield* breaker.guard(blobs.get(traceName(place), MOST_TRACE_BYTES))
        if (sealed === null) return null
        const opened = SignedTrace.open(sealed, place, trust)
        if (Either.isRight(opened)) return opened.right
        const why = opened.left
        yield* say(`refused ${why}`, `A result of ${place.stage} in the shared store ${shown} does not count: ${why}.`)
        return null
      })

    const trace = (address: Address): Effect.Effect<string | null> =>
      Effect.gen(function* () {
        for (const namespace of namespaces) {
          const found = yield* traceIn({ ...address, namespace })
          if (found !== null) return found
        }
        return null
      })

    /** Objects that somebody asked for here and did not get, whatever the store says of them: they are made again. */
    const lost = new Set<Digest.Digest>()

    const object = (name: Digest.Digest): Effect.Effect<Verified.Verified | null> =>
      Effect.gen(function* () {
        const bytes = yield* breaker.guard(blobs.get(objectName(name), MOST_OBJECT_BYTES))
        const checked = bytes === null ? null : Verified.check(name, bytes)
        if (checked !== null && Either.isRight(checked)) return checked.right
        lost.add(name)
        if (checked === null) return null
        // nobody can use them, and in their place nobody could put the right ones
        if (terms.writer !== null) yield* breaker.guard(blobs.remove(objectName(name)))
        yield* say(
          `wrong ${name}`,
          `The shared store ${shown} gave other bytes for object ${Digest.short(name)}: they are not used.`
        )
        return null
      })

    /** Asked before anything is written: a store that lets two writers have one name is no place to write to. */
    const isProbed = yield* Ref.make(false)
    const probing = yield* Effect.makeSemaphore(1)
    const keepsNames = Effect.unlessEffect(
      newProbe.pipe(
        // who is silent, has no such bucket or refuses whoever asks is found out by reading, which takes no more than its patience
        Effect.tap((name) => blobs.get(name, 0)),
        Effect.flatMap((name) => givesNewNamesOnce(blobs, name)),
        Effect.flatMap((keeps) =>
          keeps
            ? Ref.set(isProbed, true)
            : new BlobsFailed({
                cause: "wrong",
                message: "gives one name to several writers, so that nothing is written there"
              })
        )
      ),
      Ref.get(isProbed)
    ).pipe(probing.withPermits(1))

    const putObject = (bytes: Verified.Verified, name: Digest.Digest) =>
      Effect.zipRight(keepsNames, blobs.putNew(objectName(name), bytes))

    const putTrace = (address: Address, text: string, writer: Writer) =>
      Effect.gen(function* () {
        yield* keepsNames
        const place = { ...address, namespace: namespaces[0] }
        const name = traceName(place)
        const sealed = SignedTrace.seal(writer, place, text)
        if (yield* blobs.putNew(name, sealed)) return true
        const there = yield* blobs.get(name, MOST_TRACE_BYTES).pipe(
          Effect.catchIf(
            ({ cause }) => cause === "wrong",
            () => Effect.succeed(new Uint8Array())
          )
        )
        // what nobody here believes must not stand in the way of what is true
        if (there !== null && Either.isRight(SignedTrace.open(there, place, trust))) return false
        yield* blobs.remove(name)
        return yield* blobs.putNew(name, sealed)
      })

    return {
      terms,
      isDown: breaker.isOpen,
      mayWrite: keepsNames,
      trace,
      object,
      has: (name, bytes) =>
        lost.has(name)
          ? Effect.succeed(false)
          : Effect.map(breaker.guard(blobs.size(objectName(name))), (size) => size === bytes),
      putObject,
      putTrace,
      objects: Stream.filterMap(blobs.list(OBJECTS), ({ name, bytes, modified }) =>
        Option.map(Option.fromNullable(objectOf(name)), (object) => ({ object, bytes, modified }))
      ),
      traces: Stream.filterMap(
        Stream.concatAll(Chunk.fromIterable(TRACES.map(blobs.list))),
        ({ name, bytes, modified }) =>
          Option.map(Option.fromNullable(placeOf(name)), (place) => ({ place, bytes, modified }))
      ),
      removeObject: (object) => blobs.remove(objectName(object)),
      removeTrace: (place) => blobs.remove(traceName(place))
    }
  })

/** `isDown`: whether it was found a moment ago that nobody answers there, so that nobody waits for that again. */
export const layer = (terms: Terms, isDown = false): Layer.Layer<SharedStore, never, Blobs> =>
  Layer.scoped(SharedStore, make(terms, isDown))
