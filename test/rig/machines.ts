import { Effect, Layer, Schedule, Schema } from "effect"
import * as Lease from "../../cache/Lease.ts"
import * as LeaseDisk from "../../cache/lease-disk.ts"
import * as ObjectStoreDisk from "../../cache/object-store-disk.ts"
import type { Blobs } from "../../cache/remote/Blobs.ts"
import * as ObjectsBehind from "../../cache/remote/objects-behind.ts"
import * as SharedStore from "../../cache/remote/SharedStore.ts"
import * as Sharing from "../../cache/remote/Sharing.ts"
import { generate, type Writer } from "../../cache/remote/Signature.ts"
import { Namespace, type Trust } from "../../cache/remote/Trust.ts"
import * as TracesBehind from "../../cache/remote/traces-behind.ts"
import * as Uploader from "../../cache/remote/Uploader.ts"
import * as Uploads from "../../cache/remote/Uploads.ts"
import { StoreListener } from "../../cache/StoreListener.ts"
import * as TraceDisk from "../../cache/trace-disk.ts"
import type { Answer } from "../../cluster/Answer.ts"
import * as ExecutorElsewhere from "../../cluster/executor-elsewhere.ts"
import { type Handed, Tasks } from "../../cluster/Tasks.ts"
import * as Work from "../../cluster/Work.ts"
import * as Executor from "../../engine/Executor.ts"
import * as Pipeline from "../../engine/Pipeline.ts"
import * as Plan from "../../engine/Plan.ts"
import * as RunEvent from "../../engine/RunEvent.ts"
import * as RunRecord from "../../engine/RunRecord.ts"
import * as Sweep from "../../engine/Sweep.ts"
import { folder } from "./folder.ts"
import * as Toys from "./toys.ts"
import { runWalk } from "./walking.ts"

// Machines that share a store: each has a store of its own on its disk, and runs the pipeline of toys.

const namespace = Schema.decodeSync(Namespace)

export const ada = generate().writer
export const trusting = (writer: Writer, ...namespaces: ReadonlyArray<string>): Trust => ({
  trusted: [{ name: "ada", key: writer.publicKey, namespaces: namespaces.length === 0 ? ["main"] : namespaces }],
  revoked: []
})

export interface MachineOptions {
  readonly home?: string
  readonly writer?: Writer | null
  readonly trust?: Trust
  readonly namespaces?: readonly [string, ...ReadonlyArray<string>]
  /** How it waits for a store that went down in the middle of its uploading. */
  readonly waiting?: Schedule.Schedule<unknown>
}

/** A machine whose store has the one of `blobs` behind it. `heard` is what its people are told of that. */
export const machine = (blobs: Layer.Layer<Blobs>, options: MachineOptions = {}) => {
  const { home = folder("headrace-machine"), writer = ada, trust = trusting(ada) } = options
  const [first = "main", ...rest] = options.namespaces ?? []
  const heard: Array<string> = []
  const uploaded: Array<Uploader.Uploaded> = []
  const terms: SharedStore.Terms = {
    shown: "s3://team",
    namespaces: [namespace(first), ...rest.map((name) => namespace(name))],
    trust,
    writer
  }
  const own = Layer.mergeAll(ObjectStoreDisk.layerDisk(home), TraceDisk.layerDisk(home))
  const listener = Layer.succeed(StoreListener, (message: string) => Effect.sync(() => void heard.push(message)))
  const shared = Layer.provide(SharedStore.layer(terms), blobs)
  const behind = Layer.mergeAll(ObjectsBehind.layer, TracesBehind.layer).pipe(
    Layer.provide(writer === null ? Uploads.layerNone : Uploads.layerDisk(home)),
    Layer.provide(own),
    Layer.provideMerge(shared)
  )
  const cache = Layer.mergeAll(behind, LeaseDisk.layerDisk(home), Toys.layerCode, listener)
  const here = Layer.provideMerge(Executor.layerInProcess(Toys.toy), cache)
  const events: Array<RunEvent.RunEvent> = []
  const records = Layer.mergeAll(Toys.layerReadResults, RunEvent.layerCollect(events), RunRecord.layerMemory([]))
  const whole = Layer.provideMerge(records, here)
  const sharing = writer === null ? Layer.empty : Layer.provide(Sharing.layer(writer), [own, shared])
  return {
    home,
    heard,
    /** How far its uploading was, step by step. */
    uploaded,
    run: (given: Readonly<Record<string, unknown>> = {}) => Effect.provide(Toys.runToy(given), whole),
    events,
    /** Has all nodes computed by other machines, which see what this one put into the shared store. */
    runElsewhere: (
      tasks: (task: Handed) => Effect.Effect<Answer>,
      given: Readonly<Record<string, unknown>> = {},
      width = 1
    ) => {
      const elsewhere = Layer.provide(ExecutorElsewhere.layer, [
        Layer.succeed(Tasks, { compute: tasks, width: () => Effect.succeed(width) }),
        sharing as Layer.Layer<Sharing.Sharing>
      ])
      const machine = Layer.mergeAll(records, elsewhere, Lease.layerMemory).pipe(Layer.provideMerge(cache))
      return Effect.provide(Toys.runToy(given, null), machine)
    },
    /** Computes what another machine asks for. */
    perform: ({ request, hear }: Handed) =>
      Effect.provide(
        Work.perform([Toys.toy], request, hear),
        Layer.mergeAll(here, sharing as Layer.Layer<Sharing.Sharing>)
      ),
    sweep: (points: ReadonlyArray<Readonly<Record<string, unknown>>>) =>
      Effect.flatMap(Effect.forEach(points, Toys.params), (all) =>
        Sweep.run(Toys.toy, all, { cores: 2, jobs: 2, varied: Object.keys(points[0] ?? {}) })
      ).pipe(Effect.provide(whole)),
    plan: (given: Readonly<Record<string, unknown>> = {}) =>
      Effect.flatMap(Toys.params(given), (values) => Plan.make(Pipeline.graph(Toys.toy, values))).pipe(
        Effect.provide(whole)
      ),
    /** Runs the walk. */
    walk: (given: Readonly<Record<string, unknown>>) => Effect.provide(runWalk(given), whole),
    /** Uploads all that is noted. */
    upload: Effect.suspend(() =>
      writer === null
        ? Effect.die("nobody signs here")
        : Effect.flatMap(Uploader.make(home, writer, options.waiting ?? Schedule.stop), ({ drain }) => drain)
    ).pipe(
      Effect.scoped,
      Effect.provideService(Uploader.UploadListener, (now) => Effect.sync(() => void uploaded.push(now))),
      Effect.provide([own, shared, listener])
    ),
    /** The stores as the engine sees them. */
    cache,
    /** All that a run needs. */
    whole
  }
}
