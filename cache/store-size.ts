import { readdirSync, statSync } from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import * as Disk from "./disk.ts"
import * as Unfinished from "./unfinished.ts"

/** How much a store holds. */
export interface StoreSize {
  readonly objects: number
  /** Of the objects. */
  readonly bytes: number
}

/** What a folder of objects holds; what goes away meanwhile doesn't count. */
const sizeOfFolder = (folder: string): StoreSize => {
  let [objects, bytes] = [0, 0]
  try {
    for (const name of readdirSync(folder)) {
      if (Unfinished.is(name)) continue
      const stat = statSync(path.join(folder, name), { throwIfNoEntry: false })
      if (stat?.isFile() !== true) continue
      objects += 1
      bytes += stat.size
    }
  } catch {
    // it is no folder, or none that may be read: there is nothing in it for anybody
  }
  return { objects, bytes }
}

/**
 * The objects of the store under `home`, by the sizes of their files: 100,000 take about a second. `onProgress` hears how
 * many there are so far.
 */
export const storeSize = <R>(
  home: string,
  onProgress: (soFar: StoreSize) => Effect.Effect<void, never, R>
): Effect.Effect<StoreSize, never, R> =>
  Effect.gen(function* () {
    const root = path.join(home, "objects")
    let [objects, bytes] = [0, 0]
    for (const name of yield* Disk.listIfThere(root)) {
      // at once, for a promise a file would cost several times as much; somebody who interrupts waits for a folder at most
      const folder = sizeOfFolder(path.join(root, name))
      objects += folder.objects
      bytes += folder.bytes
      yield* onProgress({ objects, bytes })
      yield* Effect.yieldNow()
    }
    return { objects, bytes }
  })
