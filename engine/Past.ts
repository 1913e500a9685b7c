import { Effect, Option, Schema } from "effect"
import { Key } from "../cache/Key.ts"
import { TraceStore } from "../cache/Trace.ts"
import { type NodeRecord, type RunRecord, RunRecords } from "./RunRecord.ts"

/** Where the result came from that a node of a run had. */
export interface Origin {
  /** The run or sweep that computed it; null where none says so that left a record here: another machine did, or it was forgotten. */
  readonly run: string | null
  /** What its trace tells; null where that is gone, or tells of a result that was computed since. */
  readonly trace: {
    /** ISO 8601, UTC. */
    readonly finished: string
    readonly seconds: number
    readonly host: string
    /** The version of Headrace that computed it; null where it does not say. */
    readonly by: string | null
  } | null
}

/** A node of a run that is over, and where its result came from; null for one that had none. */
export interface Past {
  readonly record: NodeRecord
  readonly origin: Origin | null
}

const hadResult = ({ status }: NodeRecord): boolean => status === "ran" || status === "reused"

/** When a run was over, in milliseconds since 1970. */
const endOf = ({ started, seconds }: RunRecord): number => Date.parse(started) + 1000 * seconds

/** What was computed, by the keys of results. */
interface Computed {
  /** The newest run that did, of those that began before a run was over. */
  readonly before: ReadonlyMap<string, string>
  /** By those that began later. */
  readonly since: ReadonlySet<string>
}

const computed = (run: RunRecord): Effect.Effect<Computed, never, RunRecords> =>
  Effect.gen(function* () {
    const keys = new Set(run.nodes.filter(hadResult).flatMap(({ key }) => key ?? []))
    const before = new Map<string, string>()
    const since = new Set<string>()
    const end = endOf(run)
    const { find } = yield* RunRecords
    // the newest come first, and no more are read than are needed
    yield* find(1, (record) => {
      const isLater = Date.parse(record.started) > end
      for (const { key, status } of record.nodes) {
        if (status !== "ran" || key === null || !keys.has(key)) continue
        if (isLater) since.add(key)
        else if (!before.has(key)) before.set(key, record.run)
      }
      return before.size === keys.size
    })
    return { before, since }
  })

/** What became of the nodes of a run, hits included, by what records and traces tell: the pipeline may be another by now. */
export const of = (run: RunRecord): Effect.Effect<ReadonlyArray<Past>, never, RunRecords | TraceStore> =>
  Effect.gen(function* () {
    const traces = yield* TraceStore
    const { before, since } = yield* computed(run)
    const origin = ({ stage, key: text, status }: NodeRecord): Effect.Effect<Origin | null> =>
      Effect.gen(function* () {
        if (text === null) return null
        const maker = status === "ran" ? run.run : (before.get(text) ?? null)
        const key = Schema.decodeUnknownOption(Key)(text)
        if (Option.isNone(key) || since.has(text)) return { run: maker, trace: null }
        const found = yield* traces.get(stage, key.value)
        if (found._tag !== "Hit") return { run: maker, trace: null }
        const { finished, seconds, host, by } = found.trace
        return { run: maker, trace: { finished, seconds, host, by: by ?? null } }
      })
    return yield* Effect.forEach(run.nodes, (record) =>
      Effect.map(hadResult(record) ? origin(record) : Effect.succeed(null), (found) => ({ record, origin: found }))
    )
  })
