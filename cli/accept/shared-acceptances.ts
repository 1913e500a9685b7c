import { Effect } from "effect"
import type { Acceptance } from "../../cache/Acceptance.ts"
import type { Shared } from "../../cache/remote/SharedAcceptances.ts"
import { Place } from "../../project/Place.ts"
import * as Usage from "../command/Usage.ts"
import { CurrentShared } from "../remote/Stores.ts"
import { sharedFailed } from "../store/SharedFailed.ts"

// What `accepted` does in the shared store. Only a command that has one loads what that takes.

const modules = Effect.promise(async () => ({
  ...(await import("../../cache/remote/SharedStore.ts")),
  ...(await import("../../cache/remote/settings.ts")),
  acceptances: await import("../../cache/remote/SharedAcceptances.ts")
}))

/** Those in the shared store that count here; none where nothing is shared, null where the store does not answer. */
export const listed: Effect.Effect<ReadonlyArray<Shared> | null, never, CurrentShared> = Effect.gen(function* () {
  const store = yield* CurrentShared
  if (store === null) return []
  const { SharedStore, acceptances } = yield* modules
  return yield* Effect.provideService(acceptances.all, SharedStore, store)
})

/** The shared store, and who signs; fails by name where there is none, or nobody who may write to it. `asks`: who needs it. */
const written = (asks: string) =>
  Effect.gen(function* () {
    const store = yield* CurrentShared
    const { settings } = yield* modules
    yield* settings(process.env, "write", yield* Place)
    if (store === null || store.terms.writer === null)
      return yield* Usage.invalid(
        `${asks} writes to the shared store, and --remote says not to`,
        "--remote write, which is so without a word",
        "Leave --remote out."
      )
    return { store, writer: store.terms.writer }
  })

const failed = (shown: string, expected: string) =>
  sharedFailed(shown, { expected, fix: "See to the store, and try again." })

/** Lets everybody who trusts the writer reuse results by it; gives the store as people know it. */
export const push = (acceptance: Acceptance) =>
  Effect.gen(function* () {
    const { store, writer } = yield* written("--push")
    const { SharedStore, acceptances } = yield* modules
    const { shown } = store.terms
    yield* Effect.zipRight(store.mayWrite, acceptances.put(acceptance, writer)).pipe(
      Effect.provideService(SharedStore, store),
      Effect.mapError(failed(shown, "to put the acceptance there"))
    )
    return shown
  })

/** Takes it from everybody; gives the store as people know it. */
export const withdraw = ({ place }: Shared) =>
  Effect.gen(function* () {
    const { store } = yield* written("Taking back what is shared")
    const { shown, namespaces } = store.terms
    if (place.namespace !== namespaces[0])
      return yield* Usage.invalid(
        `It is accepted in the namespace ${place.namespace}, and ${namespaces[0]} is what is written to here`,
        "the namespace that it is of",
        `Set PIPELINE_NAMESPACE=${place.namespace}.`
      )
    yield* Effect.mapError(store.removeTrace(place), failed(shown, "to remove the acceptance there"))
    return shown
  })
