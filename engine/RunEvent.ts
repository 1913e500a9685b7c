import { Context, Data, type Effect, Effect as Fx, Layer } from "effect"
import type { Explained } from "../artifacts/Explained.ts"
import type * as Text from "../artifacts/Text.ts"
import type { Reason } from "../cache/Reason.ts"
import type { ChunkCounts } from "../cache/Trace.ts"
import type { Progress } from "./Progress.ts"
import type { RunRecord } from "./RunRecord.ts"

/** Everything a person may want to see of a run, as it happens. */
export type RunEvent = Data.TaggedEnum<{
  RunStarted: { readonly run: string; readonly pipeline: string; readonly nodes: ReadonlyArray<string> }
  /** `shared`: the nodes that more points than one need. */
  SweepStarted: {
    readonly run: string
    readonly pipeline: string
    readonly points: number
    readonly shared: ReadonlySet<string>
  }
  /** A sweep's point is over: its documents by result, and whether anything had to be computed for it. */
  PointSettled: {
    readonly point: number
    readonly ran: boolean
    readonly documents: Readonly<Record<string, unknown>>
    readonly error: Explained | null
  }
  /** `rungs`: the steps after which trials are compared, or null where nothing iterates. */
  TuneStarted: { readonly run: string; readonly pipeline: string; readonly rungs: ReadonlyArray<number | null> }
  /** Trials begin to be carried out to a rung, counted from 0: the points of those that have not been there. */
  RungStarted: {
    readonly rung: number
    readonly steps: number | null
    /** How many trials are compared at it. */
    readonly of: number
    readonly points: ReadonlyArray<{
      readonly trial: number
      readonly point: number
      /** Its parameters, decoded. */
      readonly values: Readonly<Record<string, unknown>>
    }>
    readonly shared: ReadonlySet<string>
  }
  /** The best trial is known, and carried out with all of its results. */
  TrialChosen: { readonly trial: number; readonly point: number }
  SourceResolved: { readonly source: string; readonly label: string; readonly notice: Text.Text | null }
  /** `told`: what its stage says of the result. */
  NodeReused: {
    readonly node: string
    readonly key: string
    readonly told: ReadonlyArray<Text.Text>
    /** Why a result of earlier code serves; none for one of the node's own key. */
    readonly reasons: ReadonlyArray<Reason>
  }
  NodeWaiting: { readonly node: string }
  NodeStarted: { readonly node: string; readonly reasons: ReadonlyArray<Reason> }
  /** A machine elsewhere began to compute it. */
  NodePlaced: { readonly node: string; readonly by: string }
  NodeProgress: { readonly node: string; readonly progress: Progress }
  NodeRan: {
    readonly node: string
    readonly seconds: number
    readonly rows: number | null
    readonly bytes: number
    readonly chunks: ChunkCounts | null
    readonly told: ReadonlyArray<Text.Text>
  }
  NodeFailed: { readonly node: string; readonly error: Explained; readonly printed: string }
  NodeSkipped: { readonly node: string; readonly because: ReadonlyArray<string> }
  Warned: { readonly node: string | null; readonly message: Text.Text }
  Fetching: { readonly what: string; readonly done: number; readonly total: number | null }
  RunFinished: { readonly record: RunRecord }
}>
export const RunEvent = Data.taggedEnum<RunEvent>()

export class RunEvents extends Context.Tag("headrace/RunEvents")<
  RunEvents,
  { readonly publish: (event: RunEvent) => Effect.Effect<void> }
>() {}

export const publish = (event: RunEvent): Effect.Effect<void, never, RunEvents> =>
  Fx.flatMap(RunEvents, (events) => events.publish(event))

/** Keeps every event, for whoever asks what ran. */
export const layerCollect = (events: Array<RunEvent>): Layer.Layer<RunEvents> =>
  Layer.succeed(RunEvents, { publish: (event) => Fx.sync(() => void events.push(event)) })

export const layerSilent: Layer.Layer<RunEvents> = Layer.succeed(RunEvents, { publish: () => Fx.void })
