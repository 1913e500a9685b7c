import { Context, Effect, Either, Stream } from "effect"
import type { StoredPart } from "../../artifacts/Artifact.ts"
import * as Digest from "../../artifacts/Digest.ts"
import { phrase } from "../../artifacts/SchemaRefusal.ts"
import { isOf } from "../Trace.ts"
import { ofChunk, whole } from "../TraceFormat.ts"
import type { Fault } from "../verify/Finding.ts"
import type { BlobsFailed } from "./Blobs.ts"
import { SharedStore } from "./SharedStore.ts"
import * as SignedTrace from "./SignedTrace.ts"
import { standing } from "./Trust.ts"

// What is wrong with a shared store. Nobody is served wrong by any of it: objects are hashed and traces opened by whoever takes them.
// But what is damaged there serves nobody, and stands in the way of what is right.

/** Something that lies there and is not what its name says, or that a trace names and is not there. */
export interface Finding {
  readonly fault: Fault
  readonly what: "object" | "trace" | "trace of a chunk"
  /** An object's digest; the namespace, stage and key of a trace. */
  readonly name: string
  /** A clause that follows the name. */
  readonly found: string
  /** Whether it was removed, so that the right one may take its place. */
  readonly isRemoved: boolean
}

export interface Asked {
  /** The objects whose bytes are fetched and hashed; none by default: then their lengths alone are compared. */
  readonly hashed: (object: Digest.Digest) => boolean
  /** Whether what is damaged is removed. The store must be one that is written to. */
  readonly isRepairing: boolean
}

export interface Report {
  readonly objects: number
  readonly bytes: number
  readonly traces: number
  /** Bytes that were fetched and hashed. */
  readonly hashed: number
  /** Traces that are as they were signed, by somebody whom nobody trusts here: they serve nobody here. */
  readonly untrusted: number
  readonly findings: ReadonlyArray<Finding>
}

/** How far it is: traces first, then bytes of objects. */
export interface Progress {
  readonly what: "traces" | "bytes"
  readonly done: number
  readonly total: number
}

export class Listener extends Context.Reference<Listener>()("headrace/VerifySharedListener", {
  defaultValue: () => ({
    found: (_finding: Finding): Effect.Effect<void> => Effect.void,
    progress: (_progress: Progress): Effect.Effect<void> => Effect.void
  })
}) {}

/** So much is asked for side by side. */
const AT_ONCE = 16

const all = <A, E>(stream: Stream.Stream<A, E>) => Effect.map(Stream.runCollect(stream), (found) => [...found])

/** The parts that a trace names, as its text says; why it says nothing otherwise. */
const partsIn = (text: string, { kind, key }: SignedTrace.Place): Either.Either<ReadonlyArray<StoredPart>, string> => {
  if (kind === "chunk") {
    const chunk = ofChunk.decode(text)
    if (Either.isLeft(chunk)) return Either.left(phrase(chunk.left))
    return isOf(chunk.right, key) ? Either.right([chunk.right.part]) : Either.left("it is of another key")
  }
  const trace = whole.decode(text)
  if (Either.isLeft(trace)) return Either.left(phrase(trace.left))
  return isOf(trace.right, key)
    ? Either.right(Object.values(trace.right.outputs).flatMap(({ parts }) => parts))
    : Either.left("it is of another key")
}

const nameOf = ({ namespace, stage, key }: SignedTrace.Place): string => `${namespace}/${stage}/${key}`

/** Verifies a shared store: all traces, that what they name is there in its length, and the bytes of what is to be hashed. */
export const verify = ({ hashed, isRepairing }: Asked): Effect.Effect<Report, BlobsFailed, SharedStore> =>
  Effect.gen(function* () {
    const store = yield* SharedStore
    const { trust } = store.terms
    const listener = yield* Listener
    const findings: Array<Finding> = []
    const find = (finding: Omit<Finding, "isRemoved">, remove: Effect.Effect<void, BlobsFailed> | null = null) =>
      Effect.gen(function* () {
        if (isRepairing && remove !== null) yield* remove
        const told = { ...finding, isRemoved: isRepairing && remove !== null }
        findings.push(told)
        yield* listener.found(told)
      })
    // traces first: what is put meanwhile has its objects before its trace
    const traces = yield* all(store.traces)
    const objects = yield* all(store.objects)
    const lengths = new Map(objects.map(({ object, bytes }) => [object, bytes]))
    const lacking = new Map<Digest.Digest, string>()
    let [untrusted, done] = [0, 0]
    yield* Effect.forEach(
      traces,
      ({ place }) =>
        Effect.gen(function* () {
          const what = place.kind === "chunk" ? ("trace of a chunk" as const) : ("trace" as const)
          const sealed = yield* store.unopened(place)
          done += 1
          yield* listener.progress({ what: "traces", done, total: traces.length })
          // it was removed since it was listed
          if (sealed === null) return
          const damaged = (found: string) =>
            find({ fault: "corrupt", what, name: nameOf(place), found }, store.removeTrace(place))
          const opened = SignedTrace.signedText(sealed, place)
          if (Either.isLeft(opened)) return yield* damaged(opened.left)
          const { text, by } = opened.right
          if (standing(trust, by, place.namespace)._tag !== "Trusted") untrusted += 1
          const parts = partsIn(text, place)
          if (Either.isLeft(parts))
            return yield* find({ fault: "unreadable", what, name: nameOf(place), found: parts.left })
          for (const { object, bytes } of parts.right) {
            const there = lengths.get(object)
            if (there === undefined) lacking.set(object, `${nameOf(place)} names it`)
            else if (there !== bytes && !lacking.has(object)) {
              lacking.set(object, "")
              const found = `it has ${there} bytes, where ${bytes} were written`
              yield* find({ fault: "corrupt", what: "object", name: object, found }, store.dropObject(object))
            }
          }
        }),
      { concurrency: AT_ONCE, discard: true }
    )
    // it may have been put since, or removed together with its trace
    for (const [object, why] of lacking)
      if (why !== "" && (yield* store.size(object)) === null)
        yield* find({ fault: "missing", what: "object", name: object, found: `it is not there, and ${why}` })

    const chosen = objects.filter(({ object }) => hashed(object) && !lacking.has(object))
    const total = chosen.reduce((sum, { bytes }) => sum + bytes, 0)
    let bytesHashed = 0
    yield* Effect.forEach(
      chosen,
      ({ object, bytes }) =>
        Effect.gen(function* () {
          const found = yield* store.digest(object)
          bytesHashed += bytes
          yield* listener.progress({ what: "bytes", done: bytesHashed, total })
          if (found === null || found === object) return
          const text = `its bytes have sha256 ${Digest.short(found)}`
          yield* find({ fault: "corrupt", what: "object", name: object, found: text }, store.dropObject(object))
        }),
      { concurrency: AT_ONCE, discard: true }
    )
    return {
      objects: objects.length,
      bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0),
      traces: traces.length,
      hashed: bytesHashed,
      untrusted,
      findings
    }
  })
