import { Clock, Effect } from "effect"
import type { Finding, Progress } from "../../cache/remote/VerifyShared.ts"
import { exitCode } from "../../cache/verify/Finding.ts"
import * as Sample from "../../cache/verify/Sample.ts"
import { formatBytes, formatCounted, formatSeconds } from "../../kinds/format.ts"
import { Place } from "../../project/Place.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { progressing } from "./progressing.ts"
import { sharedFailed } from "./SharedFailed.ts"
import { nameOf } from "./verify-text.ts"

interface Asked {
  /** Whether bytes are fetched and hashed; of a sample alone, where there is one. */
  readonly isHashing: boolean
  readonly sample: Sample.Sample | null
  readonly isRepairing: boolean
}

const textOf = (finding: Finding): string =>
  `${finding.fault}: ${nameOf(finding)}: ${finding.found}${finding.isRemoved ? "; it is removed" : ""}`

const ASKED = {
  expected: "to list and read what lies there",
  fix: "See to the store and verify again."
}

/** Verifies the shared store: what lies there, and whether it is as it was signed and named. */
export const verifyShared = ({ isHashing, sample, isRepairing }: Asked) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    const { print, note, document, status } = reporter
    const place = yield* Place
    const { settings } = yield* Effect.promise(() => import("../../cache/remote/settings.ts"))
    const { shared } = yield* Effect.promise(() => import("../../cache/remote/stores.ts"))
    const VerifyShared = yield* Effect.promise(() => import("../../cache/remote/VerifyShared.ts"))
    const found = yield* settings(process.env, isRepairing ? "write" : "read", place)
    // who asks for a shared store is refused by name where there is none
    if (found === null) return 1
    const { shown } = found.terms
    const began = yield* Clock.currentTimeMillis
    const progressed = progressing(reporter)
    const listener = {
      found: (finding: Finding) => note(textOf(finding)),
      progress: ({ what, done, total }: Progress) => progressed(done, total, what)
    }
    const report = yield* VerifyShared.verify({
      hashed: (object) => isHashing && (sample === null || Sample.has(sample, object)),
      isRepairing
    }).pipe(
      Effect.provideService(VerifyShared.Listener, listener),
      Effect.mapError(sharedFailed(shown, ASKED)),
      Effect.provide(shared(found))
    )
    yield* status("")
    const seconds = ((yield* Clock.currentTimeMillis) - began) / 1000
    const { findings, objects, bytes, traces, hashed, untrusted } = report
    yield* print(
      `${formatCounted(traces, "trace")} and ${formatCounted(objects, "object")} (${formatBytes(bytes)}) of ${shown} verified in ${formatSeconds(seconds)}, ${isHashing ? `${formatBytes(hashed)} hashed` : "by their lengths: --hash reads them"}`
    )
    if (untrusted > 0)
      yield* print(`${formatCounted(untrusted, "trace")} signed by nobody who is trusted here: they serve nobody here`)
    const left = findings.filter(({ isRemoved }) => !isRemoved)
    if (findings.length === 0) yield* print("all is as it was written")
    else {
      yield* print(
        `wrong: ${findings.length}${isRepairing ? `, of which ${findings.length - left.length} are removed` : ""}`
      )
      if (!isRepairing) yield* print("to remove what is damaged: pipeline verify --shared --repair")
    }
    const told = { objects, bytes, traces, hashed, untrusted }
    yield* document({ schema: 1, status: left.length === 0 ? "done" : "failed", shared: shown, ...told, findings })
    return exitCode(left)
  }).pipe(Effect.scoped)
