import { Duration, Layer } from "effect"
import type { Acceptances } from "../Acceptance.ts"
import type { ObjectStore } from "../ObjectStore.ts"
import type { TraceStore } from "../Trace.ts"
import * as AcceptancesBehind from "./acceptances-behind.ts"
import * as BlobsFolder from "./blobs-folder.ts"
import * as BlobsS3 from "./blobs-s3.ts"
import * as ObjectsBehind from "./objects-behind.ts"
import * as SharedStore from "./SharedStore.ts"
import type { Settings } from "./settings.ts"
import * as TracesBehind from "./traces-behind.ts"
import * as Uploads from "./Uploads.ts"

/** How long a shared store may be silent before a command goes on without it. */
const PATIENCE = Duration.seconds(2)
/** How long it may take to write something. */
const WRITING = Duration.seconds(30)

/** A shared store, as its settings say. `isDown`: whether another process of the command found that nobody answers there. */
export const shared = ({ address, terms }: Settings, isDown = false): Layer.Layer<SharedStore.SharedStore> =>
  Layer.provide(
    SharedStore.layer(terms, isDown),
    address._tag === "Folder"
      ? BlobsFolder.layerFolder(address.folder)
      : BlobsS3.layerS3(address, { patience: PATIENCE, writing: WRITING })
  )

/** The stores of this machine with a shared one behind them. `isNoting`: whether what is computed is to be uploaded. */
export const behind = (
  home: string,
  own: Layer.Layer<ObjectStore | TraceStore>,
  isNoting: boolean
): Layer.Layer<ObjectStore | TraceStore | Acceptances, never, SharedStore.SharedStore> =>
  Layer.mergeAll(ObjectsBehind.layer, TracesBehind.layer, AcceptancesBehind.layer).pipe(
    Layer.provide([own, isNoting ? Uploads.layerDisk(home) : Uploads.layerNone])
  )
