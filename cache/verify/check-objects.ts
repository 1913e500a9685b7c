import { Effect } from "effect"
import type { Digest } from "../../artifacts/Digest.ts"
import * as EventLoop from "../../artifacts/EventLoop.ts"
import { makersOf } from "./Cost.ts"
import { checkObject } from "./check-object.ts"
import type { Find } from "./Finding.ts"
import * as Look from "./Look.ts"
import type { Wrong } from "./Reading.ts"
import type { Naming, Told } from "./Told.ts"

/** An object that is looked at: where it lies, and as long as its file says. */
export interface Looked {
  readonly object: Digest
  readonly file: string
  readonly bytes: number
}

/** Objects that are read side by side: while one is hashed, the next are on their way. */
const AT_ONCE = 4
/** So many megabytes of them are held in memory at most; one that has more is read alone. */
const MEMORY = 256
const MEGABYTE = 2 ** 20
/** After so many of them others have their turn. */
const TURN = 32

const megabytesOf = (bytes: number): number => Math.min(MEMORY, Math.ceil(bytes / MEGABYTE))

/** Checks the objects one by one, and hears of the bytes of each that is done. */
export const checkObjects = (
  objects: ReadonlyArray<Looked>,
  names: ReadonlyMap<Digest, ReadonlyArray<Naming>>,
  find: Find,
  done: (bytes: number) => Effect.Effect<void>
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const memory = yield* Effect.makeSemaphore(MEMORY)
    /** Traces of which something was told: one fault each is enough. */
    const told = new Set<Told>()
    const tellTrace = (trace: Told, wrong: Wrong, namings: ReadonlyArray<Naming>) =>
      Effect.gen(function* () {
        const { what, file, bytes, seen, stage, key } = trace
        if (told.has(trace)) return
        told.add(trace)
        if (!(yield* Look.isStill(file, seen))) return
        const makers = makersOf(namings.filter((naming) => naming.told === trace))
        yield* find({ ...wrong, what, name: `${stage}/${key}`, file, bytes, seen, makers })
      })
    const one = ({ object, file, bytes }: Looked) =>
      Effect.gen(function* () {
        const namings = names.get(object) ?? []
        const { wrong, told } = yield* checkObject(object, file, bytes, namings)
        if (wrong !== null && (yield* Look.isStill(file, wrong.seen)))
          yield* find({ ...wrong, what: "object", name: object, file, bytes, makers: makersOf(namings) })
        for (const [trace, what] of told) yield* tellTrace(trace, what, namings)
        yield* done(bytes)
      })
    yield* Effect.forEach(
      objects,
      (looked, at) =>
        Effect.zipRight(
          at % TURN === 0 ? EventLoop.turn : Effect.void,
          memory.withPermits(megabytesOf(looked.bytes))(one(looked))
        ),
      { concurrency: AT_ONCE, discard: true }
    )
  })
