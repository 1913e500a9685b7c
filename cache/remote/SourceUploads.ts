import { Effect } from "effect"
import type { Digest } from "../../artifacts/Digest.ts"
import { contentsIn, type KeyText } from "../Key.ts"
import { SourceFiles, type SourcePart } from "../SourceFiles.ts"
import * as StoreListener from "../StoreListener.ts"
import { SharedStore } from "./SharedStore.ts"
import { shareSource } from "./share.ts"

/** So much of a source goes along with what is made of it. More is a matter of minutes, and for whoever hands out work to decide. */
const MOST_BYTES = 256 * 1024 * 1024
const MOST_FILES = 2_000

const isWorth = (parts: ReadonlyArray<SourcePart>): boolean =>
  parts.length <= MOST_FILES && parts.reduce((sum, { bytes }) => sum + bytes, 0) <= MOST_BYTES

/**
 * Sends the sources that results were made of, each once, so that a machine which lacks them can compute more of them. One that is
 * too large is told of, and one that has changed since is nobody's loss but theirs.
 */
export const make = Effect.map(SharedStore, ({ terms }) => {
  const known = new Set<Digest>()
  const say = StoreListener.once(StoreListener.tell)
  const one = (digest: Digest) =>
    Effect.gen(function* () {
      const files = yield* Effect.flatMap(SourceFiles, ({ find }) => find(digest))
      const gone = () => Effect.succeed(0)
      const sent =
        files === null
          ? 0
          : yield* Effect.catchTags(shareSource(files, isWorth), { SourceGone: gone, StoreFailed: gone })
      if (sent === null)
        yield* say(
          digest,
          `${files?.label} is too large to go along into the shared store ${terms.shown}: a machine that is to read it needs a copy of its own.`
        )
      known.add(digest)
      return sent ?? 0
    })
  /** Gives how many bytes were sent. */
  return ({ inputs }: KeyText) =>
    Effect.map(
      Effect.forEach(
        contentsIn(inputs).filter((digest) => !known.has(digest)),
        one
      ),
      (sent) => sent.reduce((sum, bytes) => sum + bytes, 0)
    )
})
