import { Effect } from "effect"
import { formatBytes, formatCounted, formatSeconds } from "../../kinds/format.ts"
import { Place } from "../../project/Place.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { sharedFailed } from "./SharedFailed.ts"

const ASKED = {
  expected: "to list and remove what is old there",
  fix: "See to the store and try again: what is gone by now is gone, and nobody is served wrong by it."
}

/** Removes from the shared store what is older, or says what that would be. */
export const gcShared = (age: number, isDry: boolean) =>
  Effect.gen(function* () {
    const { print, document, status } = yield* Reporter
    const place = yield* Place
    const { settings } = yield* Effect.promise(() => import("../../cache/remote/settings.ts"))
    const { shared } = yield* Effect.promise(() => import("../../cache/remote/stores.ts"))
    const Expiry = yield* Effect.promise(() => import("../../cache/remote/Expiry.ts"))
    const found = yield* settings(process.env, "write", place)
    // who is asked to write is refused by name where there is nothing to write to
    if (found === null) return 1
    const { shown, namespaces } = found.terms
    yield* status(`looking at the shared store ${shown}`)
    const expired = yield* (isDry ? Expiry.expired(age) : Expiry.remove(age)).pipe(
      Effect.mapError(sharedFailed(shown, ASKED)),
      Effect.provide(shared(found))
    )
    yield* status("")
    const bytes = Expiry.bytesOf(expired)
    const { traces, objects, unfinished } = expired
    const what = `${formatCounted(traces.length, "trace")} of ${namespaces[0]} older than ${formatSeconds(age / 1000)}, ${formatCounted(objects.length, "object")} that no other names and ${formatCounted(unfinished.files, "file")} that nobody finished`
    yield* print(`${what}: ${formatBytes(bytes)} ${isDry ? "would go from" : "went from"} ${shown}`)
    yield* document({
      schema: 1,
      status: "done",
      dryRun: isDry,
      shared: shown,
      namespace: namespaces[0],
      traces: traces.length,
      objects: objects.length,
      unfinished: unfinished.files,
      freed: bytes
    })
    return 0
  }).pipe(Effect.scoped)
