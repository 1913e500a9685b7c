import * as path from "node:path"
import { Effect, Layer, Ref } from "effect"
import type { ObjectStore } from "../../cache/ObjectStore.ts"
import { SharedStore } from "../../cache/remote/SharedStore.ts"
import type { Writer } from "../../cache/remote/Signature.ts"
import * as Uploader from "../../cache/remote/Uploader.ts"
import type { TraceStore } from "../../cache/Trace.ts"
import { FileDigests } from "../../files/FileDigests.ts"
import * as SourceFilesDisk from "../../files/source-files-disk.ts"
import { formatBytes, formatCount, formatCounted } from "../../kinds/format.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { CurrentUploading } from "./CurrentUploading.ts"

const results = (count: number): string => formatCounted(count, "result")

/**
 * Carries out a command, uploads beside it what is computed, and waits for the end of that. What can't be uploaded is no failure of
 * the command: it is told, and the next one goes on with it.
 */
export const uploading = <A, E, R>(
  command: Effect.Effect<A, E, R>,
  {
    home,
    writer,
    own
  }: { readonly home: string; readonly writer: Writer; readonly own: Layer.Layer<ObjectStore | TraceStore> }
): Effect.Effect<A, E, R | SharedStore | Reporter> =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const { terms } = yield* SharedStore
    const progress = yield* Ref.make<Uploader.Uploaded>({ done: 0, total: 0, bytes: 0, waitsFor: null })
    const isOver = yield* Ref.make(false)
    const isTold = yield* Ref.make(false)
    const hear = (uploaded: Uploader.Uploaded) =>
      Effect.gen(function* () {
        const { waitsFor } = uploaded
        if (waitsFor !== null && !(yield* Ref.getAndSet(isTold, true)))
          yield* reporter.note(
            `warning: The shared store ${terms.shown} ${waitsFor.message}: uploading waits until it answers again.`
          )
        yield* Ref.set(progress, uploaded)
        // until the command is over, the line that is replaced is its own
        if (!reporter.terminal || !(yield* Ref.get(isOver))) return
        yield* reporter.status(
          `uploading: ${formatCount(uploaded.done)} of ${results(uploaded.total)}, ${formatBytes(uploaded.bytes)} sent`
        )
      })
    const digests = FileDigests.layer({ directory: path.join(home, "sources") })
    const stores = Layer.provideMerge(SourceFilesDisk.layerDisk(home), Layer.mergeAll(own, digests))
    const uploader = yield* Uploader.make(home, writer).pipe(
      Effect.provide(stores),
      Effect.provideService(Uploader.UploadListener, hear)
    )
    const finish = Effect.gen(function* () {
      yield* Ref.set(isOver, true)
      const { left, why } = yield* uploader.drain
      yield* reporter.status("")
      const { done, bytes } = yield* Ref.get(progress)
      if (done > 0) yield* reporter.note(`${results(done)} put into ${terms.shown} (${formatBytes(bytes)} sent)`)
      if (left > 0)
        yield* reporter.note(
          `warning: ${results(left)} ${left === 1 ? "is" : "are"} not in the shared store ${terms.shown} yet${why === null ? "" : `, which ${why.message}`}: the next run that writes there goes on with them.`
        )
      return left
    })
    const once = yield* Effect.cached(finish)
    const value = yield* Effect.provideService(command, CurrentUploading, { finish: once })
    yield* once
    return value
  }).pipe(Effect.scoped)
