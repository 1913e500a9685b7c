import { Schema } from "effect"
import { Stored } from "../artifacts/Artifact.ts"
import { Key } from "../cache/Key.ts"
import { ChunkCounts, Trace } from "../cache/Trace.ts"
import type { Task } from "./Executor.ts"
import { ExecuteFailure } from "./Failure.ts"
import { Range } from "./Job.ts"

/** How far a node is that another process computes. */
export const Progressed = Schema.TaggedStruct("Progressed", {
  done: Schema.Number,
  total: Schema.NullOr(Schema.Number),
  unit: Schema.String,
  reused: Schema.Number,
  note: Schema.NullOr(Schema.String),
  metrics: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Number }))
})
/** What of the cache that process found damaged. */
export const Damaged = Schema.TaggedStruct("Damaged", { what: Schema.String })

/** What a worker says while it computes: how far it is, and at the end what came of it. */
export const Message = Schema.Union(
  Progressed,
  Damaged,
  /** What people are to know of a store that the worker asked. */
  Schema.TaggedStruct("StoreTold", { what: Schema.String }),
  Schema.TaggedStruct("Computed", { trace: Trace }),
  Schema.TaggedStruct("ChunksComputed", { chunks: ChunkCounts })
)
export type Message = typeof Message.Type

/** Everything a process needs to compute one node, on this machine or another; bytes are exchanged by digest. */
export class ComputeNode extends Schema.TaggedRequest<ComputeNode>()("ComputeNode", {
  payload: {
    pipeline: Schema.String,
    params: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
    node: Schema.String,
    /** The worker refuses if it computes another. */
    key: Key,
    isAgain: Schema.Boolean,
    /** The chunks of a row stage's table that are wanted; null for the whole node. */
    range: Schema.NullOr(Range),
    outputs: Schema.Record({ key: Schema.String, value: Schema.Record({ key: Schema.String, value: Stored }) })
  },
  success: Message,
  failure: ExecuteFailure
}) {}

/** The request for a task, or for some chunks of its table. */
export const requestOf = (
  { pipeline, params, entry, key, isAgain, outputs }: Task,
  range: Range | null = null
): ComputeNode => new ComputeNode({ pipeline, params, node: entry.name, key, isAgain, range, outputs })
