import { Effect, Layer, Stream } from "effect"
import { type Blob, Blobs, BlobsFailed, NOTHING_UNFINISHED } from "./Blobs.ts"

/** A shared store that lives and dies with the process. The map is shared, so that tests can damage it. */
export const layerMemory = (blobs: Map<string, Uint8Array> = new Map()): Layer.Layer<Blobs> => {
  const times = new WeakMap<Uint8Array, number>()
  return Layer.succeed(Blobs, {
    get: (name, most) =>
      Effect.suspend(() => {
        const bytes = blobs.get(name)
        if (bytes === undefined) return Effect.succeed(null)
        return bytes.length > most
          ? new BlobsFailed({
              cause: "wrong",
              message: `has ${bytes.length} bytes as ${name}, where ${most} is the most`
            })
          : Effect.succeed(new Uint8Array(bytes))
      }),
    size: (name) => Effect.sync(() => blobs.get(name)?.length ?? null),
    putNew: (name, bytes) =>
      Effect.sync(() => {
        if (blobs.has(name)) return false
        const kept = new Uint8Array(bytes)
        times.set(kept, Date.now())
        blobs.set(name, kept)
        return true
      }),
    remove: (name) => Effect.sync(() => void blobs.delete(name)),
    tidy: () => Effect.succeed(NOTHING_UNFINISHED),
    list: (prefix) =>
      Stream.suspend(() =>
        Stream.fromIterable(
          [...blobs]
            .filter(([name]) => name.startsWith(prefix))
            .map(([name, bytes]): Blob => ({ name, bytes: bytes.length, modified: times.get(bytes) ?? 0 }))
            .sort((a, b) => (a.name < b.name ? -1 : 1))
        )
      )
  })
}
