import { Context, Effect, Layer } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import type { Verified } from "../../artifacts/Verified.ts"
import { Leases } from "../../cache/Lease.ts"
import { ObjectMissing, ObjectStore } from "../../cache/ObjectStore.ts"
import { TraceStore } from "../../cache/Trace.ts"
import { Code } from "../../engine/Code.ts"
import { codeOf } from "./code.ts"
import type { Change, Session } from "./session.ts"

// Parts of a cache that are wrong in one way each. A law that one of them passes is no law.

/** A part made of the sound one. */
export const wrap = <I, S>(tag: Context.Tag<I, S>, sound: Layer.Layer<I>, make: (service: S) => S): Layer.Layer<I> =>
  Layer.map(sound, (context) => Context.make(tag, make(Context.get(context, tag))) as Context.Context<I>)

/** The source of the stages does not count. */
export const codeUnseen: Change = () => ({
  code: Layer.succeed(Code, { of: () => Effect.succeed(codeOf("any")) })
})

/** Bytes are handed out unhashed. */
export const unverified =
  ({ objects }: Session): Change =>
  (parts) => ({
    objects: wrap(ObjectStore, parts.objects, (store) => ({
      ...store,
      get: (object) =>
        Effect.suspend(() => {
          const bytes = objects.get(object)
          return bytes === undefined ? new ObjectMissing({ object }) : Effect.succeed(bytes as Verified)
        }),
      check: (object) => Effect.suspend(() => (objects.has(object) ? Effect.void : new ObjectMissing({ object })))
    }))
  })

/** Inputs enter keys by who made them, not by what they are. */
export const noCutoff: Change = () => ({
  executor: (executor) =>
    Effect.map(TraceStore, (traces) => ({
      ...executor,
      execute: (task) =>
        Effect.gen(function* () {
          const trace = yield* executor.execute(task)
          const outputs = Object.fromEntries(
            Object.entries(trace.outputs).map(([name, stored]) => [
              name,
              { ...stored, content: Digest.ofBytes(`${stored.content} ${task.key}`) }
            ])
          )
          const renamed = { ...trace, outputs }
          yield* Effect.orDie(traces.put(renamed))
          return renamed
        })
    }))
})

/** What is to be computed again finds its chunks. */
export const halfAgain: Change = () => ({
  executor: (executor) =>
    Effect.succeed({ ...executor, execute: (task) => executor.execute({ ...task, isAgain: false }) })
})

/** Results are kept and never found. */
export const forgetful: Change = (parts) => ({
  traces: wrap(TraceStore, parts.traces, (traces) => ({
    ...traces,
    get: () => Effect.succeed({ _tag: "Absent" as const })
  }))
})

/** What is computed again leaves the trace of its key as it was. */
export const firstStays: Change = (parts) => ({
  traces: wrap(TraceStore, parts.traces, (traces) => ({
    ...traces,
    put: (trace) =>
      Effect.flatMap(traces.get(trace.text.stage, trace.key), (found) =>
        found._tag === "Hit" ? Effect.void : traces.put(trace)
      )
  }))
})

/** A plan that takes the traces' word for it that the bytes are there. */
export const credulous: Change = (parts) => ({
  objects: wrap(ObjectStore, parts.objects, (store) => ({
    ...store,
    has: () => Effect.succeed(true),
    get: () => Effect.succeed(new Uint8Array() as Verified)
  }))
})

/** Everybody may compute. */
export const noLeases: Change = () => ({
  leases: Layer.succeed(Leases, {
    tryAcquire: () => Effect.succeed({ lost: Effect.never }),
    acquire: () => Effect.void
  })
})

/** A power cut leaves half of what was being written, under its name; what has a name is trusted. */
export const torn =
  ({ objects }: Session): Change =>
  (parts) => ({
    objects: wrap(ObjectStore, parts.objects, (store) => ({
      ...store,
      has: (object) => Effect.sync(() => objects.has(object)),
      get: (object) =>
        Effect.suspend(() => {
          const bytes = objects.get(object)
          return bytes === undefined ? new ObjectMissing({ object }) : Effect.succeed(bytes as Verified)
        }),
      put: (bytes) =>
        Effect.gen(function* () {
          const object = Digest.ofBytes(bytes)
          if (objects.has(object)) return object
          objects.set(object, bytes.slice(0, bytes.length >> 1))
          yield* Effect.repeatN(Effect.yieldNow(), 20)
          objects.set(object, bytes)
          return object
        })
    }))
  })

/** Bytes are named at once and written later, after the trace that speaks of them. */
export const writeBehind =
  ({ objects }: Session): Change =>
  (parts) => ({
    objects: wrap(ObjectStore, parts.objects, (store) => ({
      ...store,
      put: (bytes) =>
        Effect.sync(() => {
          const object = Digest.ofBytes(bytes)
          setImmediate(() => objects.set(object, bytes))
          return object
        })
    }))
  })
