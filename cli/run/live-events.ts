import { Clock, Effect, Scope } from "effect"
import type { Explained } from "../../artifacts/Explained.ts"
import * as Reason from "../../cache/Reason.ts"
import type { LiveEvent } from "../../engine/Live.ts"
import * as LiveDisk from "../../engine/live-disk.ts"
import type { Progress } from "../../engine/Progress.ts"
import type { RunEvent } from "../../engine/RunEvent.ts"
import { metricsOf } from "../report/metrics.ts"

// Tells what a run does to whoever watches it from another process.

const finite = (values: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value)))

/** Parameters are decoded here, and may be what JSON has no form of. */
const plain = (values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === "bigint" ? String(value) : value])
  )

const progressed = (node: string, { metrics, ...progress }: Progress, at: number): LiveEvent => ({
  _tag: "Progressed",
  node,
  at,
  ...progress,
  metrics: metrics ?? {}
})

const settled = (
  node: string,
  status: "reused" | "ran" | "failed" | "skipped",
  more: {
    readonly seconds?: number
    readonly rows?: number | null
    readonly bytes?: number
    readonly error?: Explained
  } = {}
): LiveEvent => ({ _tag: "Settled", node, status, seconds: null, rows: null, bytes: null, error: null, ...more })

/** What a page shows of an event at a time in milliseconds; null where that is nothing. */
const liveOf = (event: RunEvent, at: number): LiveEvent | null => {
  switch (event._tag) {
    case "RunStarted":
      return { _tag: "Planned", nodes: event.nodes, points: null }
    case "SweepStarted":
      return { _tag: "Planned", nodes: [], points: event.points }
    case "TuneStarted":
      return { _tag: "Planned", nodes: [], points: null }
    case "RungStarted": {
      const { rung, steps, of } = event
      const points = event.points.map(({ values, ...point }) => ({ ...point, values: plain(values) }))
      return { _tag: "RungStarted", rung, steps, of, points }
    }
    case "TrialChosen":
      return event
    case "PointSettled": {
      const metrics = Object.fromEntries(metricsOf(event.documents).map(({ name, value }) => [name, value]))
      return { _tag: "PointSettled", point: event.point, ran: event.ran, metrics: finite(metrics), error: event.error }
    }
    case "NodeWaiting":
      return { _tag: "Waiting", node: event.node }
    case "NodeStarted":
      return { _tag: "Started", node: event.node, at, reasons: event.reasons.map(Reason.render) }
    case "NodePlaced":
      return { _tag: "Placed", node: event.node, by: event.by }
    case "NodeProgress":
      return progressed(event.node, event.progress, at)
    case "Fetching": {
      const { what, done, total } = event
      return progressed(what, { done, total, unit: "bytes", reused: 0, note: null }, at)
    }
    case "NodeReused":
      return settled(event.node, "reused")
    case "NodeRan":
      return settled(event.node, "ran", { seconds: event.seconds, rows: event.rows, bytes: event.bytes })
    case "NodeFailed": {
      // what it failed with may have a whole history in it, which is in the record
      const { details: _, ...error } = event.error
      return settled(event.node, "failed", { error })
    }
    case "NodeSkipped":
      return settled(event.node, "skipped")
    case "Warned":
      return { _tag: "Warned", message: event.message }
    case "SourceResolved":
      return null
    case "RunFinished":
      return { _tag: "Finished", status: event.record.status }
  }
}

/** Tells of a run, from its first event on, until the scope closes. */
export const liveEvents = (home: string): Effect.Effect<(event: RunEvent) => Effect.Effect<void>, never, Scope.Scope> =>
  Effect.map(Effect.scope, (scope) => {
    let tell: ((event: LiveEvent) => void) | null = null
    return (event) =>
      Effect.gen(function* () {
        if (event._tag === "RunStarted" || event._tag === "SweepStarted" || event._tag === "TuneStarted")
          tell = yield* Effect.provideService(LiveDisk.telling(home, event.run), Scope.Scope, scope)
        const live = liveOf(event, yield* Clock.currentTimeMillis)
        if (live !== null) tell?.(live)
      })
  })
