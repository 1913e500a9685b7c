import { Context, Effect, Layer, type Scope } from "effect"
import type { Key } from "./Key.ts"
import type { StoreFailed } from "./ObjectStore.ts"

/** The right to compute one key, held by one process and, inside it, by one fiber, until its scope closes. */
export class Leases extends Context.Tag("headrace/Leases")<
  Leases,
  {
    /** Waits while another holder is alive; runs `onWait` once if it has to. */
    readonly acquire: (key: Key, onWait: Effect.Effect<void>) => Effect.Effect<void, StoreFailed, Scope.Scope>
  }
>() {}

/** Leases among the fibers of one process. */
export const layerMemory: Layer.Layer<Leases> = Layer.sync(Leases, () => {
  const semaphores = new Map<Key, Effect.Semaphore>()
  const of = (key: Key) => {
    const existing = semaphores.get(key)
    if (existing !== undefined) return existing
    const created = Effect.unsafeMakeSemaphore(1)
    semaphores.set(key, created)
    return created
  }
  const held = new Set<Key>()
  return {
    acquire: (key, onWait) =>
      Effect.suspend(() => {
        const semaphore = of(key)
        const take = Effect.acquireRelease(
          Effect.tap(Effect.interruptible(semaphore.take(1)), () => Effect.sync(() => held.add(key))),
          () =>
            Effect.zipRight(
              Effect.sync(() => held.delete(key)),
              semaphore.release(1)
            )
        )
        return held.has(key) ? Effect.zipRight(onWait, Effect.asVoid(take)) : Effect.asVoid(take)
      })
  }
})
