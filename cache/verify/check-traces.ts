import { Effect, Either } from "effect"
import * as EventLoop from "../../artifacts/EventLoop.ts"
import type { Find } from "./Finding.ts"
import * as Reading from "./Reading.ts"
import * as Recorded from "./Recorded.ts"
import type { There } from "./There.ts"
import * as Told from "./Told.ts"

const MOST_BYTES = 64 * 1024 * 1024
/** After so many of them others have their turn. */
const TURN = 256

/** Reads all traces, or those of the run that is asked for, and gives what those tell that can be believed. */
export const checkTraces = (
  alone: Recorded.Recorded | null,
  { traces }: There,
  records: ReadonlyArray<Recorded.Recorded>,
  find: Find
): Effect.Effect<ReadonlyArray<Told.Told>> =>
  Effect.gen(function* () {
    const keys = alone === null ? null : new Set(alone.nodes.map(({ key }) => key))
    const stages = alone === null ? null : new Set(alone.nodes.map(({ stage }) => stage))
    const read: Array<Told.Told> = []
    for (const [at, { content, file, bytes }] of traces.entries()) {
      if (at % TURN === 0) yield* EventLoop.turn
      const { _tag, stage, key } = content
      const isAsked = _tag === "Trace" ? keys?.has(key) : stages?.has(stage)
      if (isAsked === false) continue
      const what = _tag === "Trace" ? "trace" : "trace of a chunk"
      const found = yield* Reading.small(file, MOST_BYTES, (text) => Told.read(text, content))
      if (found === null) continue
      if (Either.isRight(found)) {
        const { value, seen } = found.right
        read.push({ ...value, what, file, bytes, seen, stage, key })
        continue
      }
      const makers = content._tag === "Trace" ? Recorded.makersOf(records, content) : []
      yield* find({ ...found.left, what, name: `${stage}/${key}`, file, bytes, makers })
    }
    if (alone === null) return read
    // a stage has chunks of other runs as well
    const own = new Set(
      read.filter(({ node }) => node !== null).flatMap(({ named }) => named.map(({ part }) => part.object))
    )
    return read.filter(({ node, named }) => node !== null || named.some(({ part }) => own.has(part.object)))
  })
