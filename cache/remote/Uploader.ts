import { Context, Deferred, Effect, Ref, Schedule, type Scope } from "effect"
import type { StoredPart } from "../../artifacts/Artifact.ts"
import type { Digest } from "../../artifacts/Digest.ts"
import { ObjectStore } from "../ObjectStore.ts"
import { type ChunkTrace, type Trace, TraceStore } from "../Trace.ts"
import { ofChunk, whole } from "../TraceFormat.ts"
import type { BlobsFailed } from "./Blobs.ts"
import { SharedStore } from "./SharedStore.ts"
import type { Writer } from "./Signature.ts"
import * as SourceUploads from "./SourceUploads.ts"
import { sharePart } from "./share.ts"
import * as Uploads from "./Uploads.ts"

/** How far the uploading of a command is. */
export interface Uploaded {
  /** Results that are there by now, and chunks of tables. */
  readonly done: number
  /** Those that were noted so far. */
  readonly total: number
  /** Bytes of objects that were sent. */
  readonly bytes: number
  /** Why it waits at the moment; null while it goes on. */
  readonly waitsFor: BlobsFailed | null
}

/** Hears how far the uploading is. */
export class UploadListener extends Context.Reference<UploadListener>()("headrace/UploadListener", {
  defaultValue:
    () =>
    (_uploaded: Uploaded): Effect.Effect<void> =>
      Effect.void
}) {}

/** Uploads beside a command. */
export interface Uploader {
  /** Uploads what is noted, to its end; gives what is left for another command, and why. */
  readonly drain: Effect.Effect<{ readonly left: number; readonly why: BlobsFailed | null }>
}

/** So many results are uploaded side by side. */
const AT_ONCE = 4
/** How often it is looked for new notes: a worker process leaves them in the store. */
const LOOKING = "250 millis"

/** How long nothing is uploaded once it failed again and again. */
const RESTING = "5 seconds"

/** Whether it may work when it is tried again. */
export const isPassing = ({ cause }: BlobsFailed): boolean => cause === "unreachable" || cause === "busy"
/** For a store that has too much to do: about seven seconds. */
const busied = Schedule.intersect(Schedule.exponential("200 millis"), Schedule.recurs(5))
/** For one that took something and is gone since: time enough for it to be restarted, or for a network to come back. */
const restarted: Schedule.Schedule<unknown> = Schedule.union(
  Schedule.exponential("200 millis"),
  Schedule.spaced(RESTING)
).pipe(Schedule.upTo("90 seconds"))

const partsOf = (trace: Trace | ChunkTrace): ReadonlyArray<StoredPart> =>
  "part" in trace ? [trace.part] : Object.values(trace.outputs).flatMap(({ parts }) => parts)

/** The trace as this store has it, and as text; null where it has none any more. */
const read = ({ kind, stage, key }: Uploads.Upload) =>
  Effect.gen(function* () {
    const traces = yield* TraceStore
    const found = kind === "trace" ? yield* traces.get(stage, key) : yield* traces.getChunk(stage, key)
    if (found._tag !== "Hit") return null
    const { trace } = found
    const text = yield* Effect.orDie<string, unknown, never>(
      "part" in trace ? ofChunk.encode(trace) : whole.encode(trace)
    )
    return { parts: partsOf(trace), text, made: "text" in trace ? trace.text : null }
  })

const lost = () => Effect.succeed(null)

/** Objects first, then the trace that names them: nobody finds a trace whose objects are not there. */
export const upload = (
  address: Uploads.Upload,
  writer: Writer,
  sources: Effect.Effect.Success<typeof SourceUploads.make>,
  sent: (bytes: number) => Effect.Effect<void> = () => Effect.void
): Effect.Effect<void, BlobsFailed, SharedStore | ObjectStore | TraceStore> =>
  Effect.gen(function* () {
    const shared = yield* SharedStore
    const found = yield* read(address)
    // it was dropped since, as the states of a training are
    if (found === null) return
    for (const part of found.parts) {
      const bytes = yield* sharePart(part).pipe(
        // what is lost here, nobody can be promised
        Effect.catchTags({ ObjectMissing: lost, ObjectCorrupt: lost, StoreFailed: lost })
      )
      if (bytes === null) return
      if (bytes > 0) yield* sent(bytes)
    }
    const ofSources = found.made === null ? 0 : yield* sources(found.made)
    if (ofSources > 0) yield* sent(ofSources)
    yield* shared.putTrace(address, found.text, writer)
    // dropped while it was sent: whoever dropped it found that it was still to be, and left it to whoever sends it
    if ((yield* read(address)) !== null) return
    yield* shared.dropTrace(address, writer)
    yield* Effect.forEach(found.parts, ({ object }) => dropObject(object), { discard: true })
  })

/** Removes an object that was dropped, unless it has been made again since. */
const dropObject = (object: Digest) =>
  Effect.gen(function* () {
    const shared = yield* SharedStore
    const store = yield* ObjectStore
    const isHere = yield* Effect.isSuccess(store.check(object))
    if (!isHere) yield* shared.dropObject(object)
  })

/**
 * Uploads what the store at `home` has noted, as long as its scope lasts. The stores that it reads are this machine's own: what
 * it uploads was computed here. A store that goes down in the middle is waited for, as `waiting` says; one that did not
 * answer before is left to another command.
 */
export const make = (
  home: string,
  writer: Writer,
  waiting = restarted
): Effect.Effect<Uploader, never, Scope.Scope | SharedStore | ObjectStore | TraceStore> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<SharedStore | ObjectStore | TraceStore>()
    const hear = yield* UploadListener
    const sources = yield* SourceUploads.make
    const progress = yield* Ref.make<Uploaded>({ done: 0, total: 0, bytes: 0, waitsFor: null })
    const tell = (next: (before: Uploaded) => Uploaded) => Effect.flatMap(Ref.updateAndGet(progress, next), hear)
    const add = (more: { readonly done?: number; readonly total?: number; readonly bytes?: number }) =>
      tell(({ done, total, bytes }) => ({
        done: done + (more.done ?? 0),
        total: total + (more.total ?? 0),
        bytes: bytes + (more.bytes ?? 0),
        waitsFor: null
      }))
    /** It waits no longer, if it did: what is dropped is no step of the uploading. */
    const goOn = Effect.flatMap(Ref.get(progress), ({ waitsFor }) => (waitsFor === null ? Effect.void : add({})))
    const hasAnswered = yield* Ref.make(false)
    /** Whether a store that does not do what it is asked is waited for, which is told. */
    const isWaitedFor = (failure: BlobsFailed) =>
      Effect.gen(function* () {
        if (!isPassing(failure) || !(yield* Ref.get(hasAnswered))) return false
        yield* tell((before) => ({ ...before, waitsFor: failure }))
        return true
      })

    const { mayWrite } = yield* SharedStore
    /** Carries out what is noted, once it is known that the store may be written to, and strikes it. */
    const carryOut = <N extends Uploads.Note>(
      notes: ReadonlyArray<N>,
      one: (note: N) => Effect.Effect<void, BlobsFailed, SharedStore | ObjectStore | TraceStore>
    ) =>
      Effect.forEach(
        notes,
        (note) =>
          mayWrite.pipe(
            Effect.zipRight(Ref.set(hasAnswered, true)),
            Effect.zipRight(one(note)),
            Effect.provide(context),
            Effect.retry({ schedule: busied, while: ({ cause }) => cause === "busy" }),
            Effect.retry({ schedule: waiting, while: isWaitedFor }),
            Effect.zipRight(Uploads.strike(home, note)),
            Effect.zipRight("kind" in note ? add({ done: 1 }) : goOn)
          ),
        { concurrency: AT_ONCE, discard: true }
      )

    /**
     * All that is noted now; fails with the first that cannot be carried out, and leaves the others to the next time. Traces go
     * before the objects that they name; what was made again after it was dropped comes after that.
     */
    const round = Effect.gen(function* () {
      const { drops, objectDrops, uploads } = yield* Uploads.pending(home)
      if (uploads.length > 0) yield* add({ total: uploads.length })
      yield* carryOut(drops, ({ drop }) => Effect.flatMap(SharedStore, ({ dropTrace }) => dropTrace(drop, writer)))
      yield* carryOut(objectDrops, (note) => dropObject(note.dropObject))
      yield* carryOut(uploads, (address) => upload(address, writer, sources, (bytes) => add({ bytes })))
      return drops.length + objectDrops.length + uploads.length
    })

    const failed = yield* Deferred.make<never, BlobsFailed>()
    const idle = yield* Effect.makeSemaphore(1)
    const background = idle
      .withPermits(1)(round)
      .pipe(
        // what passes is tried as long as the command goes on
        Effect.catchIf(isPassing, () => Effect.sleep(RESTING)),
        Effect.zipLeft(Effect.sleep(LOOKING)),
        Effect.forever,
        Effect.catchAll((failure) => Deferred.fail(failed, failure))
      )
    yield* Effect.forkScoped(background)

    const rest: Effect.Effect<void, BlobsFailed> = Effect.flatMap(idle.withPermits(1)(round), (count) =>
      count === 0 ? Effect.void : rest
    )
    return {
      drain: Effect.raceFirst(rest, Deferred.await(failed)).pipe(
        Effect.match({ onSuccess: () => null, onFailure: (failure) => failure }),
        Effect.flatMap((why) => Effect.map(Uploads.count(home), (left) => ({ left, why })))
      )
    }
  })
