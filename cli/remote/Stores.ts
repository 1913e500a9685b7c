import { Context, Effect, Layer, type Scope } from "effect"
import type { Acceptances } from "../../cache/Acceptance.ts"
import * as AcceptancesDisk from "../../cache/acceptances-disk.ts"
import type { ObjectStore } from "../../cache/ObjectStore.ts"
import * as ObjectStoreDisk from "../../cache/object-store-disk.ts"
import type { BlobsFailed } from "../../cache/remote/Blobs.ts"
import { forWorker } from "../../cache/remote/for-worker.ts"
import type { RemoteInvalid } from "../../cache/remote/RemoteAddress.ts"
import type { SharedStore } from "../../cache/remote/SharedStore.ts"
import type { Sharing } from "../../cache/remote/Sharing.ts"
import type { Mode, Variables } from "../../cache/remote/settings.ts"
import type { TraceStore } from "../../cache/Trace.ts"
import * as TraceDisk from "../../cache/trace-disk.ts"
import * as Using from "../../cache/Using.ts"
import type { Place } from "../../project/Place.ts"
import type { Reporter } from "../terminal/Reporter.ts"

/** What a command has in common with other machines that compute. */
export interface Common {
  /** What tells the shared store from every other. */
  readonly id: Effect.Effect<string, BlobsFailed>
  readonly layer: Layer.Layer<Sharing>
}

/** The same for a command that may have machines elsewhere compute; null where nothing is shared, or nothing that this one computes. */
export class CurrentCommon extends Context.Tag("headrace/CurrentCommon")<CurrentCommon, Common | null>() {}

/** The shared store of a command; null where nothing is shared. */
export class CurrentShared extends Context.Tag("headrace/CurrentShared")<
  CurrentShared,
  typeof SharedStore.Service | null
>() {}

/** The stores of a command. */
export interface Stores {
  readonly shared: typeof SharedStore.Service | null
  readonly common: Common | null
  readonly layer: Layer.Layer<ObjectStore | TraceStore | Acceptances>
  /** What this process says that it uses: one mark for all that it does. */
  readonly using: Layer.Layer<Using.Using>
  /** What a worker process that starts now has in its environment, to see them as well. */
  readonly forWorker: () => Readonly<Record<string, string | undefined>>
  /** Lets others have what a command computes, where that is asked for. */
  readonly sharing: <A, E, R>(command: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R | Reporter>
}

/** This machine's stores, and no other. */
export const own = ({
  home,
  build
}: Pick<typeof Place.Service, "home" | "build">): Effect.Effect<Stores, never, Scope.Scope> =>
  Effect.map(Layer.build(Using.layer(home, build)), (context) => {
    const using = Layer.succeedContext(context)
    return {
      layer: Layer.mergeAll(
        ObjectStoreDisk.layerDisk(home),
        AcceptancesDisk.layerDisk(home),
        Layer.provide(Using.traces, [TraceDisk.layerDisk(home), using])
      ),
      using,
      shared: null,
      common: null,
      forWorker: () => ({}),
      sharing: (command) => command
    }
  })

/** This machine's stores, with the shared one behind them where there is one. A command that has none loads nothing of it. */
export const make = (
  env: Variables,
  mode: Mode | null,
  place: typeof Place.Service
): Effect.Effect<Stores, RemoteInvalid, Scope.Scope> =>
  Effect.gen(function* () {
    const { home } = place
    const alone = yield* own(place)
    if (mode === "off" || (mode === null && !env.PIPELINE_REMOTE)) return alone
    const { settings } = yield* Effect.promise(() => import("../../cache/remote/settings.ts"))
    const found = yield* settings(env, mode, place)
    if (found === null) return alone
    const { behind, shared } = yield* Effect.promise(() => import("../../cache/remote/stores.ts"))
    const { SharedStore } = yield* Effect.promise(() => import("../../cache/remote/SharedStore.ts"))
    const { uploading } = yield* Effect.promise(() => import("./uploading.ts"))
    const { commonOf } = yield* Effect.promise(() => import("./common.ts"))
    const store = yield* Layer.build(shared(found))
    const service = Context.get(store, SharedStore)
    const { writer } = found.terms
    return {
      shared: service,
      common: writer === null ? null : commonOf(writer, home, Layer.merge(alone.layer, Layer.succeedContext(store))),
      layer: Layer.provide(behind(home, alone.layer, writer !== null), Layer.succeedContext(store)),
      using: alone.using,
      forWorker: () => forWorker(env, found, service.isDown()),
      sharing: (command) =>
        writer === null ? command : Effect.provide(uploading(command, { home, writer, own: alone.layer }), store)
    }
  })
