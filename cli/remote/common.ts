import { Effect, Layer } from "effect"
import type { ObjectStore } from "../../cache/ObjectStore.ts"
import { SharedStore } from "../../cache/remote/SharedStore.ts"
import * as Sharing from "../../cache/remote/Sharing.ts"
import type { Writer } from "../../cache/remote/Signature.ts"
import * as Uploads from "../../cache/remote/Uploads.ts"
import type { TraceStore } from "../../cache/Trace.ts"
import type { Common } from "./Stores.ts"

/** What a command that signs has in common with other machines. `stores`: this machine's own, and the shared one. */
export const commonOf = (
  writer: Writer,
  home: string,
  stores: Layer.Layer<ObjectStore | TraceStore | SharedStore>
): Common => ({
  id: Effect.provide(
    Effect.flatMap(SharedStore, ({ id }) => id),
    stores
  ),
  layer: Layer.provide(
    Sharing.layer(writer, (address) => Uploads.strike(home, address)),
    stores
  )
})
