import { randomBytes } from "node:crypto"
import * as path from "node:path"
import { Cache, Context, Effect, Either, Layer, Option, Ref, type Scope, Stream } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import * as Verified from "../../artifacts/Verified.ts"
import { MOST_OBJECT_BYTES } from "../ObjectStore.ts"
import * as StoreListener from "../StoreListener.ts"
import { Blobs, BlobsFailed, givesNewNamesOnce } from "./Blobs.ts"
import * as Breaker from "./Breaker.ts"
import * as Listing from "./Listing.ts"
import { folderOf, ID, objectName, probeName, traceName } from "./names.ts"
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

/** Where a trace, or another signed text, belongs in any namespace. */
export type Address = Omit<SignedTrace.Place, "namespace">

/** What a shared store says of a trace. */
export type Answer =
  /** Somebody trusted signed the text. */
  | { readonly _tag: "Found"; readonly text: string }
  | { readonly _tag: "Absent" }
  /** It does not answer: a clause that says which store, and why. */
  | { readonly _tag: "Silent"; readonly what: string }

/**
 * What many machines share. Nothing in it is believed: objects are hashed, traces are opened by their signatures, and what fails
 * either is not there. Reading never fails and never waits long.
 */
export class SharedStore extends Context.Tag("headrace/SharedStore")<
  SharedStore,
  {
    readonly terms: Terms
    /**
     * Where words on changes of code lie that count here, of which nobody has seen yet whether they are believed; null where the store
     * does not answer.
     */
    readonly accepted: Effect.Effect<ReadonlyArray<SignedTrace.Place> | null>
    /** Whether it does not answer at the moment, as far as this process knows. */
    readonly isDown: () => boolean
    /** What tells this store from every other: given to it by whoever asked first. */
    readonly id: Effect.Effect<string, BlobsFailed>
    readonly trace: (address: Address) => Effect.Effect<Answer>
    /**
     * The names of a stage's traces, all at once: one request for a thousand of them, which counts for a few seconds. Null where
     * that says nothing: the store does not answer, or there are too many.
     */
    readonly listed: (kind: Address["kind"], stage: string) => Effect.Effect<ReadonlySet<string> | null>
    /** The same where they were listed a few seconds ago: the store is not asked. */
    readonly listedBefore: (kind: Address["kind"], stage: string) => Effect.Effect<ReadonlySet<string> | null>
    /** The bytes of an object; null also while the store does not answer. */
    readonly object: (object: Digest.Digest) => Effect.Effect<Verified.Verified | null>
    /** Whether an object of so many bytes seems to be there; not while the store does not answer. */
    readonly has: (object: Digest.Digest, bytes: number) => Effect.Effect<boolean>
    /** Finds out, once, whether the store is one to write to: it answers, and gives a new name to one of many. */
    readonly mayWrite: Effect.Effect<void, BlobsFailed>
    /** Sends an object; false where it was there. Who asks by `has` first sends none in vain. */
    readonly putObject: (bytes: Verified.Verified, object: Digest.Digest) => Effect.Effect<boolean, BlobsFailed>
    /** Signs a trace and puts it, once all that it names is there; false where another writer was first. */
    readonly putTrace: (address: Address, text: string, writer: Writer) => Effect.Effect<boolean, BlobsFailed>
    /** Removes a trace that the writer itself put there, and leaves another's. */
    readonly dropTrace: (address: Address, writer: Writer) => Effect.Effect<void, BlobsFailed>
    /** Removes an object that no trace names any more; whoever finds one that does makes it again. */
    readonly dropObject: (object: Digest.Digest) => Effect.Effect<void, BlobsFailed>
    /** All objects that lie there, in the order of their names. What is there and is no object is left out. */
    readonly objects: Stream.Stream<Listing.SharedObject, BlobsFailed>
    /** All traces that lie there, of nodes and then of chunks. */
    readonly traces: Stream.Stream<Listing.SharedTrace, BlobsFailed>
    /** The time by the clock of the store, in milliseconds since 1970. */
    readonly now: Effect.Effect<number, BlobsFailed>
    /** A trace as it lies there, whoever signed it; null where it is gone. Nothing in it is believed: it tells what somebody may need. */
    readonly unopened: (place: SignedTrace.Place) => Effect.Effect<Uint8Array | null, BlobsFailed>
    /** How many bytes an object has there; null where it is not. */
    readonly size: (object: Digest.Digest) => Effect.Effect<number | null, BlobsFailed>
    /** The sha256 of what lies in an object's place; null where nothing does. */
    readonly digest: (object: Digest.Digest) => Effect.Effect<Digest.Digest | null, BlobsFailed>
    /** Removes a trace, whoever put it there: its node, or chunk, is computed again, unless a machine has it. */
    readonly removeTrace: (place: SignedTrace.Place) => Effect.Effect<void, BlobsFailed>
    /** As `Blobs` has it. */
    readonly tidy: (typeof Blobs.Service)["tidy"]
  }
>() {}

/** As many as a store of this machine reads, and what a signature and its JSON add. */
const MOST_TRACE_BYTES = 128 * 1024 * 1024

const MOST_ID_BYTES = 64
/** So many requests are under way at a time. */
const MOST_AT_ONCE = 32

/** So many names are listed: twenty requests. Where there are more, those that are wanted are asked for one by one. */
const MOST_LISTED = 20_000
/** What was put there since is found after that, and where it was not, it is made once more: that harms nobody. */
const LISTED_FOR = "5 seconds"

/** Every command that lacks a result reads them all: whoever has more is to write them into the project. */
const MOST_ACCEPTED = 1000

/** Why the store does not answer, where no more is known than that another process found so. */
const silentBefore = new BlobsFailed({ cause: "unreachable", message: "did not answer a moment ago" })

const orNull = <A>(asked: Effect.Effect<A, BlobsFailed>): Effect.Effect<A | null> =>
  Effect.orElseSucceed(asked, () => null)

const make = (terms: Terms, isDown: boolean): Effect.Effect<typeof SharedStore.Service, never, Blobs | Scope.Scope> =>
  Effect.gen(function* () {
    const { shown, namespaces, trust } = terms
    const blobs = yield* Blobs
    const listing = Listing.of(blobs)
    const say = StoreListener.once(StoreListener.tell)
    const newProbe = Effect.sync(() => probeName(randomBytes(8).toString("hex")))
    const breaker = yield* Breaker.make({
      ...(isDown
        ? { failed: { work: Effect.flatMap(newProbe, (name) => blobs.get(name, 0)), failure: silentBefore } }
        : {}),
      onOpen: ({ message }) =>
        say(
          "open",
          `The shared store ${shown} ${message}: what it has is computed here, or taken once it answers again.`
        ),
      onWrong: ({ message }) => say("wrong", `The shared store ${shown} ${message}: that does not count.`)
    })

    /** Whoever waits for a turn while the store goes down waits no longer. */
    const turns = yield* Effect.makeSemaphore(MOST_AT_ONCE)
    const guard = <A>(work: Effect.Effect<A, BlobsFailed>) => turns.withPermits(1)(breaker.guard(work))

    const traceIn = (place: SignedTrace.Place): Effect.Effect<string | null, BlobsFailed> =>
      Effect.gen(function* () {
        const sealed = yield* guard(blobs.get(traceName(place), MOST_TRACE_BYTES))
        if (sealed === null) return null
        const opened = SignedTrace.open(sealed, place, trust)
        if (Either.isRight(opened)) return opened.right
        const why = opened.left
        yield* say(`refused ${why}`, `A result of ${place.stage} in the shared store ${shown} does not count: ${why}.`)
        return null
      })

    const trace = (address: Address): Effect.Effect<Answer> =>
      Effect.gen(function* () {
        for (const namespace of namespaces) {
          const text = yield* traceIn({ ...address, namespace })
          if (text !== null) return { _tag: "Found" as const, text }
        }
        return { _tag: "Absent" as const }
      }).pipe(
        Effect.catchAll(({ message }) =>
          Effect.succeed({ _tag: "Silent" as const, what: `the shared store ${shown} ${message}` })
        )
      )

    const listings = yield* Cache.make({
      capacity: 64,
      timeToLive: LISTED_FOR,
      lookup: (folder: string) =>
        guard(
          Stream.runCollect(
            Stream.map(Stream.take(blobs.list(folder), MOST_LISTED + 1), ({ name }) => path.basename(name, ".json"))
          )
        ).pipe(
          Effect.map((names) => (names === null || names.length > MOST_LISTED ? null : new Set(names))),
          Effect.orElseSucceed(() => null)
        )
    })
    const inAll =
      (names: (folder: string) => Effect.Effect<ReadonlySet<string> | null>) =>
      (kind: Address["kind"], stage: string) =>
        Effect.map(
          Effect.forEach(namespaces, (namespace) => names(folderOf({ kind, namespace, stage }))),
          (all) => (all.includes(null) ? null : new Set(all.flatMap((found) => [...(found ?? [])])))
        )

    /** Objects that somebody asked for here and did not get, whatever the store says of them: they are made again. */
    const lost = new Set<Digest.Digest>()

    const object = (name: Digest.Digest): Effect.Effect<Verified.Verified | null> =>
      Effect.gen(function* () {
        const bytes = yield* orNull(guard(blobs.get(objectName(name), MOST_OBJECT_BYTES)))
        const checked = bytes === null ? null : Verified.check(name, bytes)
        if (checked !== null && Either.isRight(checked)) return checked.right
        lost.add(name)
        if (checked === null) return null
        // nobody can use them, and in their place nobody could put the right ones
        if (terms.writer !== null) yield* Effect.ignore(guard(blobs.remove(objectName(name))))
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

    const id = Effect.gen(function* () {
      const known = yield* blobs.get(ID, MOST_ID_BYTES)
      if (known !== null) return Buffer.from(known).toString("utf8")
      yield* keepsNames
      const made = randomBytes(16).toString("hex")
      if (yield* blobs.putNew(ID, Buffer.from(made))) return made
      return Buffer.from((yield* blobs.get(ID, MOST_ID_BYTES)) ?? []).toString("utf8")
    })
    const dropTrace = (address: Address, writer: Writer) =>
      Effect.gen(function* () {
        const name = traceName({ ...address, namespace: namespaces[0] })
        const there = yield* blobs.get(name, MOST_TRACE_BYTES)
        if (there !== null && SignedTrace.isBy(there, writer.publicKey)) yield* blobs.remove(name)
      })

    return {
      terms,
      id,
      accepted: orNull(guard(Stream.runCollect(Stream.take(listing.accepted, MOST_ACCEPTED)))).pipe(
        Effect.map(
          (found) =>
            found && [...found].map(({ place }) => place).filter(({ namespace }) => namespaces.includes(namespace))
        )
      ),
      isDown: breaker.isOpen,
      mayWrite: keepsNames,
      trace,
      listed: inAll((folder) => listings.get(folder)),
      listedBefore: inAll((folder) => Effect.map(listings.getOptionComplete(folder), Option.getOrNull)),
      object,
      has: (name, bytes) =>
        lost.has(name)
          ? Effect.succeed(false)
          : Effect.map(orNull(guard(blobs.size(objectName(name)))), (size) => size === bytes),
      putObject,
      putTrace,
      dropTrace,
      dropObject: (name) => blobs.remove(objectName(name)),
      size: (name) => blobs.size(objectName(name)),
      digest: (name) =>
        Effect.map(blobs.get(objectName(name), MOST_OBJECT_BYTES), (bytes) =>
          bytes === null ? null : Digest.ofBytes(bytes)
        ),
      objects: listing.objects,
      traces: listing.traces,
      now: Effect.flatMap(newProbe, listing.now),
      unopened: (place) => turns.withPermits(1)(blobs.get(traceName(place), MOST_TRACE_BYTES)),
      removeTrace: (place) => blobs.remove(traceName(place)),
      tidy: blobs.tidy
    }
  })

/** `isDown`: whether it was found a moment ago that nobody answers there, so that nobody waits for that again. */
export const layer = (terms: Terms, isDown = false): Layer.Layer<SharedStore, never, Blobs> =>
  Layer.scoped(SharedStore, make(terms, isDown))
