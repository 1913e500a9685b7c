import { Schema } from "effect"
import * as BoundedJson from "../artifacts/BoundedJson.ts"
import { ChunkCounts } from "../cache/Trace.ts"
import { ExecuteFailure } from "../engine/Failure.ts"
import { Damaged, Progressed } from "../engine/WorkerProtocol.ts"

/** What came of a task that was computed elsewhere. A failure is an answer as well: the task is not tried again for it. */
export const Answer = Schema.Union(
  Schema.TaggedStruct("Computed", {
    /** The trace, signed for its place (`cache/remote/SignedTrace.ts`): nothing else that answers is believed. */
    sealed: Schema.String,
    /** What the node printed. */
    printed: Schema.String
  }),
  /** The chunks that were asked for are in the shared store, each with a trace of its own. */
  Schema.TaggedStruct("ChunksComputed", { chunks: ChunkCounts, printed: Schema.String }),
  Schema.TaggedStruct("Failed", { failure: ExecuteFailure, printed: Schema.String })
)
export type Answer = typeof Answer.Type

/** What is said of a task while it is computed elsewhere. */
export const Said = Schema.Union(
  /** Somebody began with it. */
  Schema.TaggedStruct("Placed", { by: Schema.String }),
  Progressed,
  Damaged,
  Schema.TaggedStruct("Still", { seconds: Schema.Number })
)
export type Said = typeof Said.Type

const json = BoundedJson.schema(Answer)
/** An answer as text, which comes from a machine that may be another than it says. */
export const decode = Schema.decodeEither(json)
export const encode = Schema.encodeSync(json)
