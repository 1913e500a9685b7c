import { Deferred, Effect, FiberId } from "effect"

/**
 * The cores of a machine, which nodes hold while they are computed. They are handed to those that wait, in the order in which these asked,
 * but for who needs more than are free. Effect's semaphore wakes all that wait each time, and each keeps a few hundred bytes of that: with
 * thousands of nodes beside each other, gigabytes.
 */
export interface Cores {
  /** Computes something once so many cores are free; they are again when it is over, or interrupted. */
  readonly holding: (count: number) => <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

interface Asking {
  readonly count: number
  readonly given: Deferred.Deferred<void>
}

export const make = (all: number): Cores => {
  let free = all
  const waiting = new Set<Asking>()
  const giveTo = ({ count, given }: Asking) => {
    free -= count
    Deferred.unsafeDone(given, Effect.void)
  }
  const handOn = () => {
    for (const asking of waiting) {
      if (free === 0) return
      if (asking.count > free) continue
      waiting.delete(asking)
      giveTo(asking)
    }
  }
  const ask = (count: number): Asking => {
    const asking = { count, given: Deferred.unsafeMake<void>(FiberId.none) }
    if (count <= free) giveTo(asking)
    else waiting.add(asking)
    return asking
  }
  /** Takes back what was given, also where whoever asked was interrupted before it heard of that. */
  const end = (asking: Asking) => {
    if (waiting.delete(asking)) return
    free += asking.count
    handOn()
  }
  return {
    holding: (count) => (work) =>
      Effect.acquireUseRelease(
        Effect.sync(() => ask(count)),
        ({ given }) => Effect.zipRight(Deferred.await(given), work),
        (asking) => Effect.sync(() => end(asking))
      )
  }
}
