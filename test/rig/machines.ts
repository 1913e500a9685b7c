import { Effect, Layer, Schema } from "effect"
import * as LeaseDisk from "../../cache/lease-disk.ts"
import * as ObjectStoreDisk from "../../cache/object-store-disk.ts"
import type { Blobs } from "../../cache/remote/Blobs.ts"
import * as ObjectsBehind from "../../cache/remote/objects-behind.ts"
import * as SharedStore from "../../cache/remote/SharedStore.ts"
import { generate, type Writer } from "../../cache/remote/Signature.ts"
import { Namespace, type Trust } from "../../cache/remote/Trust.ts"
import * as TracesBehind from "../../cache/remote/traces-behind.ts"
import * as Uploader from "../../cache/remote/Uploader.ts"
import * as Uploads from "../../cache/remote/Uploads.ts"
import { StoreListener } from "../../cache/StoreListener.ts"
import * as TraceDisk from "../../cache/trace-disk.ts"
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
}

/** A machine whose store has the one of `blobs` behind it. `heard` is what its people are told of that. */
export const machine = (blobs: Layer.Layer<Blobs>, options: MachineOptions = {}) => {
  const { home = folder("headrace-machine"), writer = ada, trust = trusting(ada) } = options
  const [first = "main", ...rest] = options.namespaces ?? []
  const heard: Array<string> = []
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
  const whole = Layer.mergeAll(
    Executor.layerInProcess(Toys.toy),
    Toys.layerReadResults,
    RunEvent.layerSilent,
    RunRecord.layerMemory([])
  ).pipe(Layer.provideMerge(cache))
  return {
    home,
    heard,
    run: (given: Readonly<Record<string, unknown>> = {}) => Effect.provide(Toys.runToy(given), whole),
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
        : Effect.flatMap(Uploader.make(home, writer), ({ drain }) => drain)
    ).pipe(Effect.scoped, Effect.provide([own, shared, listener])),
    /** The stores as the engine sees them. */
    cache,
    /** All that a run needs. */
    whole
  }
}
