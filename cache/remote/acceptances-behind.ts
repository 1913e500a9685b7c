import { Effect, Layer } from "effect"
import { Acceptances, joined } from "../Acceptance.ts"
import * as SharedAcceptances from "./SharedAcceptances.ts"
import { SharedStore } from "./SharedStore.ts"

/** The acceptances of this machine, and those that somebody put into the shared store, which is asked once. */
export const layer: Layer.Layer<Acceptances, never, SharedStore> = Layer.effect(
  Acceptances,
  Effect.gen(function* () {
    const local = yield* Acceptances
    const shared = yield* SharedStore
    const theirs = Effect.provideService(SharedAcceptances.all, SharedStore, shared)
    const all = Effect.zipWith(local.all, theirs, (own, found) =>
      joined(
        own,
        (found ?? []).map(({ acceptance }) => acceptance)
      )
    )
    return { all: yield* Effect.cached(all) }
  })
)
