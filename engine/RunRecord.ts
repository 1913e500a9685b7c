import { Clock, Context, Effect, Layer, Schema, type Scope } from "effect"
import { Stored } from "../artifacts/Artifact.ts"
import { Explained, explain, TaggedError } from "../artifacts/Explained.ts"
import * as Text from "../artifacts/Text.ts"
import { Holder, here, type System } from "../cache/lease-holder.ts"
import type { StoreFailed } from "../cache/ObjectStore.ts"
import { Reason } from "../cache/Reason.ts"
import { ChunkCounts } from "../cache/Trace.ts"
import { Revision } from "./Revision.ts"

/** `unasked`: the run was until other nodes, which do not need it. */
export const NodeStatus = Schema.Literal("reused", "ran", "streamed", "failed", "skipped", "unasked")
export type NodeStatus = typeof NodeStatus.Type

/** What became of a node. Fields that do not apply are null. */
export const NodeRecord = Schema.Struct({
  node: Schema.String,
  stage: Schema.String,
  status: NodeStatus,
  key: Schema.NullOr(Schema.String),
  seconds: Schema.NullOr(Schema.Number),
  bytes: Schema.NullOr(Schema.Int),
  rows: Schema.NullOr(Schema.Int),
  chunks: Schema.NullOr(ChunkCounts),
  reason: Schema.NullOr(Schema.String),
  reasons: Schema.Array(Reason),
  /** What its stage says of the result to people, such as which classes it found. */
  told: Schema.optionalWith(Schema.NullOr(Schema.Array(Text.Text)), { default: () => null }),
  error: Schema.NullOr(Explained),
  /** What its stage printed until it failed. What a finished one printed is kept beside its trace. */
  printed: Schema.optionalWith(Schema.NullOr(Schema.String), { default: () => null })
})
export type NodeRecord = typeof NodeRecord.Type

const Results = Schema.Record({
  key: Schema.String,
  value: Schema.Struct({ node: Schema.String, output: Schema.String, stored: Stored })
})

/** One set of parameters of a sweep, and what became of it. */
export const PointRecord = Schema.Struct({
  params: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  status: Schema.Literal("done", "failed", "interrupted"),
  /** The nodes that it needs, by their names in the sweep. */
  nodes: Schema.Array(Schema.String),
  results: Results,
  error: Schema.NullOr(Explained)
})
export type PointRecord = typeof PointRecord.Type

/** How the points of a sweep were asked for, as it was written. */
export const Asked = Schema.Struct({
  /** A parameter and its values or range each: `units=64,128`. */
  over: Schema.Array(Schema.String),
  /** How many points were drawn, where not every combination was taken. */
  random: Schema.NullOr(Schema.Int),
  seeds: Schema.NullOr(Schema.Int)
})
export type Asked = typeof Asked.Type

/** How the best of many trials was looked for, and what came of it. */
export const TuneRecord = Schema.Struct({
  goal: Schema.Struct({ direction: Schema.Literal("max", "min"), metric: Schema.String }),
  /** The parameter that counts the steps of a trial; null where nothing iterates. */
  steps: Schema.NullOr(Schema.String),
  /** The steps after which trials were compared, rising; null where nothing iterates. */
  rungs: Schema.Array(Schema.NullOr(Schema.Int)),
  /** As it was written. */
  asked: Schema.Struct({
    over: Schema.Array(Schema.String),
    strategy: Schema.Literal("halving", "random", "grid"),
    trials: Schema.NullOr(Schema.Int),
    budget: Schema.NullOr(Schema.String),
    /** Of the sequence that trials are drawn from. */
    draw: Schema.Int
  }),
  /** Of the record's points, in their order: a trial at a rung each. */
  trials: Schema.Array(
    Schema.Struct({
      /** Counted from 0. */
      trial: Schema.Int,
      steps: Schema.NullOr(Schema.Int),
      /** Null where it failed, or came to no number. */
      score: Schema.NullOr(Schema.Number),
      /** Of the whole machine, that its own nodes took when they were computed. */
      seconds: Schema.NullOr(Schema.Number)
    })
  ),
  /** The place of the best one among the points, which has all results; null where none was found. */
  best: Schema.NullOr(Schema.Int)
})
export type TuneRecord = typeof TuneRecord.Type

/** What came of computing a result again that was reused. */
export const Audited = Schema.Struct({
  node: Schema.String,
  stage: Schema.String,
  key: Schema.String,
  /** `close`: its numbers differ by no more than its stage's tolerance. `failed`: it could not be computed. */
  verdict: Schema.Literal("same", "close", "differs", "failed"),
  /** That it took to compute it again; null where that failed. */
  seconds: Schema.NullOr(Schema.Number),
  /** The first of each output that is another: the kept value is `before`, the one that was computed now `after`. */
  differences: Schema.Array(
    Schema.Struct({ output: Schema.String, at: Schema.String, before: Schema.String, after: Schema.String })
  ),
  error: Schema.NullOr(Explained)
})
export type Audited = typeof Audited.Type

/** A run that is over, one way or another. */
export const RunRecord = Schema.Struct({
  schema: Schema.Literal(1),
  /** Sorts by time: when it began, and a few random digits. */
  run: Schema.String,
  pipeline: Schema.String,
  status: Schema.Literal("done", "failed", "interrupted"),
  started: Schema.String,
  seconds: Schema.Number,
  params: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  /** What the project's files were when it began; keys go by the files themselves. */
  git: Schema.optionalWith(Schema.NullOr(Revision), { default: () => null }),
  nodes: Schema.Array(NodeRecord),
  /** What kept the run as a whole from its end: a source that cannot be had, results that cannot be written. */
  error: Schema.NullOr(Explained),
  /** Each result that was reached, by digest. */
  results: Results,
  /** The nodes that the run was until, where it was not to carry out all of the pipeline. */
  until: Schema.optional(Schema.Array(Schema.String)),
  /** The run whose results it went on from, where it was a use of them. */
  of: Schema.optional(Schema.String),
  /** What was said of the run as a whole, such as that an upgrade has nodes computed again. */
  notices: Schema.optional(Schema.Array(Text.Text)),
  /** What came of the results that were reused and, to audit them, computed again. */
  audit: Schema.optional(Schema.Array(Audited)),
  /** The version of Headrace that ran it; missing in records of 0.1. */
  by: Schema.optional(Schema.String),
  /** A sweep's points, and the parameters in which they differ; its own `params` are those that they share. */
  sweep: Schema.optional(
    Schema.Struct({
      varied: Schema.Array(Schema.String),
      asked: Schema.optional(Asked),
      points: Schema.Array(PointRecord)
    })
  ),
  /** Of a tune, whose points are trials at rungs, as a sweep has them. */
  tune: Schema.optional(TuneRecord)
})
export type RunRecord = typeof RunRecord.Type

/** How many trials a tune carried out, to whatever rung. */
export const trialsOf = ({ trials }: TuneRecord): number => new Set(trials.map(({ trial }) => trial)).size

/** What left a record. */
export const kindOf = ({ sweep, tune }: Pick<RunRecord, "sweep" | "tune">): "run" | "sweep" | "tune" =>
  tune !== undefined ? "tune" : sweep !== undefined ? "sweep" : "run"

/** What kept a run from its end: as a whole, or the first of its nodes that failed; null where nothing did. */
export const firstErrorOf = ({ error, nodes }: Pick<RunRecord, "error" | "nodes">): Explained | null =>
  error ?? nodes.find((node) => node.error !== null)?.error ?? null

/**
 * What is known of a run or sweep when it begins, and who carries it out. It is noted until its record is there, so that a process which is killed, or whose
 * machine stops, leaves more than nothing.
 */
export const Begun = Schema.Struct({
  ...RunRecord.pick("run", "pipeline", "started", "params", "until", "of", "sweep", "tune", "by").fields,
  holder: Holder
})
export type Begun = typeof Begun.Type

/** A note as it is found, and when somebody last said that its run goes on, in milliseconds since 1970. */
export interface Noted {
  readonly begun: Begun
  readonly heard: number
}

/** A process on a host of which it can't be told whether it lives, and which has said nothing for so long, counts as gone. */
const SILENCE_MILLIS = 24 * 3600 * 1000

/** The process that carried out a run is gone, and left no record of it. */
class ProcessGone extends TaggedError<ProcessGone>()(
  "ProcessGone",
  { pid: Schema.Int, host: Schema.String },
  ({ pid, host }) => ({
    what: `The process that carried it out (${pid} on ${host}) ended without a word`,
    expected: "it to finish, or to say why it does not",
    fix: "It was killed, for want of memory or by somebody, or its machine stopped. Run it again: finished nodes, chunks and steps are not computed again."
  })
) {}

/**
 * The record of a run whose process ended without a word; null while it may go on. What became of its nodes nobody knows: their traces tell,
 * to whoever runs it again.
 */
export const recordOfGone = (
  { begun: { holder, ...begun }, heard }: Noted,
  now: number,
  system: System = here
): RunRecord | null => {
  const isSilent = now - heard > SILENCE_MILLIS && !system.isHere(holder)
  if (!system.isGone(holder) && !isSilent) return null
  const [host = ""] = holder.host.split(" ")
  return {
    ...begun,
    schema: 1,
    status: "interrupted",
    seconds: Math.max(0, (heard - Date.parse(begun.started)) / 1000),
    git: null,
    nodes: [],
    results: {},
    error: explain(new ProcessGone({ pid: holder.pid, host }))
  }
}

/** A record that lies there, and whose word nobody may take. */
export class RecordUnreadable extends TaggedError<RecordUnreadable>()(
  "RecordUnreadable",
  { run: Schema.String, file: Schema.String, what: Schema.String },
  ({ run, file, what }) => ({
    what: `The record of run ${run} cannot be read: ${what}`,
    expected: "one that is as a command of this version or an earlier one wrote it",
    fix: `Take ${file} back from a copy, or have pipeline verify --repair put it aside: the results of the run don't depend on it, and are found by running it again.`
  })
) {}

export class RunRecords extends Context.Tag("headrace/RunRecords")<
  RunRecords,
  {
    /**
     * Notes that this process begins a run, until the scope closes: a process that does not come to that has a record made of its note by
     * whoever reads or writes records next. What cannot be noted is no reason not to run.
     */
    readonly begin: (begun: Omit<Begun, "holder">) => Effect.Effect<void, never, Scope.Scope>
    readonly put: (record: RunRecord) => Effect.Effect<void, StoreFailed>
    /** Runs that have begun and left no record yet. Asked anew, it makes records of those whose processes are gone since. */
    readonly going: Effect.Effect<ReadonlyArray<Begun>>
    /** Takes a record away; what its run computed stays. */
    readonly remove: (run: string) => Effect.Effect<void, StoreFailed>
    /** The newest runs, the newest first, without sweeps; those that cannot be read are left out, and told of. */
    readonly list: Effect.Effect<ReadonlyArray<RunRecord>>
    /** Sweeps, the newest first. They may be large: at most so many are read. */
    readonly sweeps: (most: number) => Effect.Effect<ReadonlyArray<RunRecord>>
    /** As many of the newest runs and sweeps as are wanted, the newest first, however long ago they were. */
    readonly find: (most: number, isWanted: (record: RunRecord) => boolean) => Effect.Effect<ReadonlyArray<RunRecord>>
    /** The ids of all runs and sweeps that left a record, readable or not, the newest first. */
    readonly ids: Effect.Effect<ReadonlyArray<string>>
    /** What a run or sweep left, by its whole id; null where there is nothing. */
    readonly get: (run: string) => Effect.Effect<RunRecord | null, RecordUnreadable>
    /** Of the records that were asked for until now, those that cannot be read, in no order. */
    readonly unreadable: Effect.Effect<ReadonlyArray<RecordUnreadable>>
  }
>() {}

/** The same records, read when first asked for and then remembered: every node of a run or plan asks. */
export const readOnce: Effect.Effect<typeof RunRecords.Service, never, RunRecords> = Effect.flatMap(
  RunRecords,
  (records) => Effect.map(Effect.cached(records.list), (list) => ({ ...records, list }))
)

/** Records and notes that live and die with the process; both are shared, so that tests can lay into them what another left. */
export const layerMemory = (
  records: Array<RunRecord> = [],
  notes: Map<string, Noted> = new Map(),
  system: System = here
): Layer.Layer<RunRecords> =>
  Layer.sync(RunRecords, () => {
    const settled = Effect.map(Clock.currentTimeMillis, (now) => {
      for (const [run, noted] of notes) {
        const known = records.find((record) => record.run === run)
        const gone = known === undefined ? recordOfGone(noted, now, system) : null
        if (gone !== null) records.unshift(gone)
        if (gone !== null || known !== undefined) notes.delete(run)
      }
    })
    const asked = <A>(read: () => A): Effect.Effect<A> => Effect.map(settled, read)
    return {
      begin: (begun) =>
        Effect.zipRight(
          settled,
          Effect.acquireRelease(
            Effect.map(
              Clock.currentTimeMillis,
              (heard) => void notes.set(begun.run, { begun: { ...begun, holder: system.self() }, heard })
            ),
            () => Effect.sync(() => void notes.delete(begun.run))
          )
        ),
      put: (record) => asked(() => void records.unshift(record)),
      going: asked(() => [...notes.values()].map(({ begun }) => begun)),
      remove: (run) =>
        asked(() => {
          const at = records.findIndex((record) => record.run === run)
          if (at >= 0) records.splice(at, 1)
        }),
      list: asked(() => records.filter(({ sweep }) => sweep === undefined)),
      sweeps: (most) => asked(() => records.filter(({ sweep }) => sweep !== undefined).slice(0, most)),
      find: (most, isWanted) => asked(() => records.filter(isWanted).slice(0, most)),
      ids: asked(() => records.map(({ run }) => run)),
      get: (run) => asked(() => records.find((record) => record.run === run) ?? null),
      unreadable: Effect.succeed([])
    }
  })
