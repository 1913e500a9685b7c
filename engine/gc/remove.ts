import { linkSync, lstatSync, renameSync, rmSync } from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import type * as Using from "../../cache/Using.ts"
import * as Unfinished from "../../cache/unfinished.ts"
import type { Going, Unit } from "./Policy.ts"

/*
 * How something is removed beside commands that run. Those say what they use before they rely on it (`cache/Using.ts`): which results
 * they have found, by key; and a time stamp of what they put, though it was there. So each thing is given another name first, and only
 * then it is looked whether somebody has said so by now: who did gets it back, and who says it later finds nothing, and computes it.
 * Whoever finds nothing in the moment between loses it once: what it makes then is newer than its command, and stays. Where this dies,
 * what has another name is unfinished like any other file, and the next command's to remove.
 */

/** So many things are taken aside before it is looked who uses them: marks are read once for all of them. */
const AT_ONCE = 32

/** One name to remove. */
interface Item {
  readonly at: string
  readonly modified: number
  readonly isFolder: boolean
  readonly keys: ReadonlyArray<string>
  readonly unit: Unit
}

/** What became of what was to go. */
export interface Removed {
  readonly bytes: number
  /** Files that somebody began to use meanwhile. */
  readonly spared: number
}

const itemsOf = ({ unit, files }: Going, keysOf: ReadonlyMap<string, ReadonlyArray<string>>): ReadonlyArray<Item> =>
  unit.folder === null
    ? files.map(({ file, modified }) => ({ at: file, modified, isFolder: false, keys: keysOf.get(file) ?? [], unit }))
    : [{ at: unit.folder.path, modified: unit.folder.modified, isFolder: true, keys: [], unit }]

const isUsed = ({ keys, unit, at }: Item, { since, keys: used, builds }: Using.InUse): boolean =>
  keys.some((key) => used.has(key)) || builds.has(at) || (unit.isRead && since < Number.POSITIVE_INFINITY)

const orFalse = (act: () => void): boolean => {
  try {
    act()
    return true
  } catch {
    return false
  }
}

/** Gives a name back, unless somebody has put the same there in the meantime. */
const restore = (aside: string, { at, isFolder }: Item): void => {
  const isBack = orFalse(() => (isFolder ? renameSync(aside, at) : linkSync(aside, at)))
  // where nothing has the name, the file system knows no links
  if (!isBack && lstatSync(at, { throwIfNoEntry: false }) === undefined) orFalse(() => renameSync(aside, at))
  orFalse(() => rmSync(aside, { recursive: true, force: true }))
}

/** Removes some, but for those that are used; those that went. */
const removeSome = (home: string, items: ReadonlyArray<Item>, inUse: () => Using.InUse): ReadonlyArray<Item> => {
  const before = inUse()
  const taken = items
    .filter((item) => !isUsed(item, before))
    .map((item) => {
      // no folder of builds or sources is to have a strange one in it
      const aside = Unfinished.nameIn(item.isFolder ? home : path.dirname(item.at))
      return { item, aside }
    })
    // another name may be on another disk, or gone: then it stays, or is gone
    .filter(({ item, aside }) => orFalse(() => renameSync(item.at, aside)))
  const after = inUse()
  return taken.flatMap(({ item, aside }) => {
    const isAsItWas = lstatSync(aside, { throwIfNoEntry: false })?.mtimeMs === item.modified
    if (isUsed(item, after) || !isAsItWas) {
      restore(aside, item)
      return []
    }
    return orFalse(() => rmSync(aside, { recursive: true, force: true })) ? [item] : []
  })
}

/** Removes what goes, in its order; `onRemoved` hears how many bytes are free since it last heard. `inUse` reads what is used, each time anew. */
export const remove = <R>(
  home: string,
  inUse: () => Using.InUse,
  goes: ReadonlyArray<Going>,
  keysOf: ReadonlyMap<string, ReadonlyArray<string>>,
  onRemoved: (bytes: number) => Effect.Effect<void, never, R>
): Effect.Effect<Removed, never, R> =>
  Effect.gen(function* () {
    let [bytes, spared] = [0, 0]
    for (let at = 0; at < goes.length; at += AT_ONCE) {
      const some = goes.slice(at, at + AT_ONCE)
      const items = some.flatMap((going) => itemsOf(going, keysOf))
      const went = new Set((yield* Effect.sync(() => removeSome(home, items, inUse))).map((item) => item.at))
      const isGone = (going: Going) => itemsOf(going, keysOf).every((item) => went.has(item.at))
      const freed = some.filter(isGone).reduce((sum, { frees }) => sum + frees, 0)
      bytes += freed
      spared += items.length - went.size
      yield* onRemoved(freed)
      yield* Effect.yieldNow()
    }
    return { bytes, spared }
  })

/** Removes what processes that are gone said that they used. */
export const tidyUsing = ({ left }: Using.InUse): Effect.Effect<void> =>
  Effect.sync(() => {
    for (const folder of left) orFalse(() => rmSync(folder, { recursive: true, force: true }))
  })
