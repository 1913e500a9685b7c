import { Effect } from "effect"
import type { Key } from "../cache/Key.ts"
import { TraceStore } from "../cache/Trace.ts"
import type { Task } from "../engine/Executor.ts"
import type { Range } from "../engine/Job.ts"
import * as RowStream from "../engine/RowStream.ts"

/** A table of which fewer chunks are to be computed is one machine's: what others need to begin takes about as long as a chunk. */
const LEAST_CHUNKS = 8
/** A range has at least so many chunks, as each begins by opening what the stage needs, such as a network. */
const LEAST_IN_RANGE = 2
/** So many ranges for each machine: the last ones end about together, however much slower one of the machines is. */
const A_MACHINE = 3

/** Some chunks of a task's table, and how many rows they have. */
export interface Part extends Range {
  readonly rows: number
}

/** Divides what is to be computed of a table, whose chunks have these many rows; those that are kept have none to compute. */
export const divide = (
  chunks: ReadonlyArray<{ readonly rows: number; readonly isKept: boolean }>,
  machines: number
): ReadonlyArray<Part> => {
  const missing = chunks.filter(({ isKept }) => !isKept).length
  if (machines < 2 || missing < LEAST_CHUNKS) return []
  const each = Math.max(LEAST_IN_RANGE, Math.ceil(missing / (machines * A_MACHINE)))
  const parts: Array<Part> = []
  let from = 0
  let taken = 0
  let rows = 0
  for (const [at, chunk] of chunks.entries()) {
    if (!chunk.isKept) taken += 1
    rows += chunk.rows
    if (taken < each && at < chunks.length - 1) continue
    if (taken > 0) parts.push({ from, to: at + 1, rows })
    from = at + 1
    taken = 0
    rows = 0
  }
  return parts
}

/** A chunk of a row stage's table: what it is kept under, and how many rows it has. */
interface TableChunk {
  readonly key: Key
  readonly rows: number
}

/** The chunks that a task's table consists of, made or not. */
export const chunksOf = ({ entry: { node }, inputs, text }: Task): Effect.Effect<ReadonlyArray<TableChunk>> => {
  const { parts } = RowStream.baseOf(node, inputs).stored
  return Effect.map(
    // a task has a key, and so have its chunks
    Effect.orDie(RowStream.chunkKeys(node, text, parts)),
    (keys) => keys.map((key, at) => ({ key, rows: parts[at]?.rows ?? 0 }))
  )
}

/**
 * The parts in which the chunks of a row stage's table are computed by several machines, before one of them makes the table; none where that
 * would not pay. What is computed again is computed by one, which compares it with what is kept.
 */
export const of = (
  task: Task,
  machines: Effect.Effect<number>
): Effect.Effect<ReadonlyArray<Part>, never, TraceStore> =>
  Effect.gen(function* () {
    const { name, keep } = task.entry.node.definition
    if (keep !== "stored" || task.isAgain) return []
    const chunks = yield* chunksOf(task)
    if (chunks.length < LEAST_CHUNKS) return []
    const keys = chunks.map(({ key }) => key)
    const found = yield* Effect.flatMap(TraceStore, (traces) => traces.getChunks(name, keys))
    const looked = chunks.map(({ rows }, at) => ({ rows, isKept: found[at]?._tag === "Hit" }))
    return divide(looked, yield* machines)
  })
