import { Context, Deferred, Effect, FiberId, Layer, type Scope } from "effect"
import type { Key } from "./Key.ts"
import type { StoreFailed } from "./ObjectStore.ts"

/** The right to compute one key, held by one process and, inside it, by one fiber, until its scope closes. */
export class Leases extends Context.Tag("headrace/Leases")<
  Leases,
  {
    /** Whether the lease is now held: false where another holder is alive. */
    readonly tryAcquire: (key: Key) => Effect.Effect<boolean, StoreFailed, Scope.Scope>
    /** Waits while another holder is alive. */
    readonly acquire: (key: Key) => Effect.Effect<void, StoreFailed, Scope.Scope>
  }
>() {}

/** Leases among the fibers of one process. */
export const layerMemory: Layer.Layer<Leases> = Layer.sync(Leases, () => {
  const held = new Map<Key, Deferred.Deferred<void>>()
  const tryAcquire = (key: Key) =>
    Effect.uninterruptible(
      Effect.suspend(() => {
        if (held.has(key)) return Effect.succeed(false)
        const released = Deferred.unsafeMake<void>(FiberId.none)
        held.set(key, released)
        return Effect.as(
          Effect.addFinalizer(() => {
            held.delete(key)
            return Deferred.succeed(released, undefined)
          }),
          true
        )
      })
    )
  const acquire = (key: Key): Effect.Effect<void, never, Scope.Scope> =>
    Effect.flatMap(tryAcquire(key), (isHeld) => {
      const released = held.get(key)
      if (isHeld) return Effect.void
      return Effect.zipRight(released === undefined ? Effect.void : Deferred.await(released), acquire(key))
    })
  return { tryAcquire, acquire }
})
