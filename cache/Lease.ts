import { Context, Deferred, Effect, FiberId, Layer, type Scope } from "effect"
import type { Key } from "./Key.ts"
import type { StoreFailed } from "./ObjectStore.ts"

/** A lease that is held. */
export interface Held {
  /**
   * Returns when the lease is another's: its holder was silent for so long, stopped or suspended, that it was taken over. What is
   * done under it is then done elsewhere as well.
   */
  readonly lost: Effect.Effect<void>
}

/** The right to compute one key, held by one process and, inside it, by one fiber, until its scope closes. */
export class Leases extends Context.Tag("headrace/Leases")<
  Leases,
  {
    /** The lease, now held; null where another holder is alive. */
    readonly tryAcquire: (key: Key) => Effect.Effect<Held | null, StoreFailed, Scope.Scope>
    /** Waits while another holder is alive. */
    readonly acquire: (key: Key) => Effect.Effect<void, StoreFailed, Scope.Scope>
  }
>() {}

/** Leases among the fibers of one process, which are silent together: nobody takes one over. */
export const layerMemory: Layer.Layer<Leases> = Layer.sync(Leases, () => {
  const held = new Map<Key, Deferred.Deferred<void>>()
  const tryAcquire = (key: Key): Effect.Effect<Held | null, never, Scope.Scope> =>
    Effect.uninterruptible(
      Effect.suspend(() => {
        if (held.has(key)) return Effect.succeed(null)
        const released = Deferred.unsafeMake<void>(FiberId.none)
        held.set(key, released)
        return Effect.as(
          Effect.addFinalizer(() => {
            held.delete(key)
            return Deferred.succeed(released, undefined)
          }),
          { lost: Effect.never }
        )
      })
    )
  const acquire = (key: Key): Effect.Effect<void, never, Scope.Scope> =>
    Effect.flatMap(tryAcquire(key), (mine) => {
      const released = held.get(key)
      if (mine !== null) return Effect.void
      return Effect.zipRight(released === undefined ? Effect.void : Deferred.await(released), acquire(key))
    })
  return { tryAcquire, acquire }
})
