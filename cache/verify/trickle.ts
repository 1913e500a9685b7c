import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect, Random, Schema } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import * as Disk from "../disk.ts"
import { ObjectStore } from "../ObjectStore.ts"
import * as StoreListener from "../StoreListener.ts"

/** How much of a store a run looks at beside its own work. */
export interface Pace {
  /** Nothing in the first seconds: most runs are over by then. */
  readonly afterMillis: number
  /** The least time between two objects. */
  readonly everyMillis: number
  /** At most so many bytes a second are read, of which a core hashes a hundred times as many. */
  readonly bytesPerSecond: number
}

export const PACE: Pace = { afterMillis: 2000, everyMillis: 250, bytesPerSecond: 8e6 }

/** An object by chance; null where the draw found none. */
const draw = (root: string): Effect.Effect<Digest.Digest | null> =>
  Effect.gen(function* () {
    const folders = yield* Disk.listIfThere(root)
    const folder = folders[yield* Random.nextIntBetween(0, Math.max(1, folders.length))]
    const names = folder === undefined ? [] : yield* Disk.listIfThere(path.join(root, folder))
    const name = names[yield* Random.nextIntBetween(0, Math.max(1, names.length))]
    return Schema.is(Digest.Digest)(name) ? name : null
  })

/**
 * Looks at objects of the store at `home` by chance, for as long as it is let: bytes that nobody reads may be damaged for years, until
 * somebody needs them. What is damaged is told, and stays for `verify` to mend, unless the store mends it itself.
 */
export const trickle = (home: string, pace: Pace = PACE): Effect.Effect<never, never, ObjectStore> =>
  Effect.gen(function* () {
    const store = yield* ObjectStore
    const root = path.join(home, "objects")
    const say = StoreListener.once(StoreListener.tell)
    const one = Effect.gen(function* () {
      const object = yield* draw(root)
      if (object === null) return 0
      const { size } = yield* Effect.tryPromise(() => fs.stat(store.locate(object) ?? ""))
      yield* Effect.catchTag(store.check(object), "ObjectCorrupt", ({ found }) =>
        say(
          `Object ${Digest.short(object)} is damaged: ${found}. Nothing wrong is used: whoever needs it computes it again. pipeline verify tells of all such, and with --repair mends them.`
        )
      )
      return size
      // it went away, or may not be read: others tell of that
    }).pipe(Effect.orElseSucceed(() => 0))
    const turn = Effect.flatMap(one, (bytes) =>
      Effect.sleep(Math.max(pace.everyMillis, (1000 * bytes) / pace.bytesPerSecond))
    )
    return yield* Effect.zipRight(Effect.sleep(pace.afterMillis), Effect.forever(turn))
  })
