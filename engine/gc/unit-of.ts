import type { Lying } from "../../cache/Contents.ts"
import type * as Using from "../../cache/Using.ts"
import type { Needed } from "./Needed.ts"
import type { Held, Spared, Turn, Unit } from "./Policy.ts"

/** What a store is looked at with. */
export interface Looking {
  readonly home: string
  readonly needed: Needed
  readonly inUse: Using.InUse
  /** In milliseconds, by the clock of the file system. */
  readonly now: number
}

const heldOf = ({ file, bytes, inode, names, modified }: Lying): Held => ({ file, bytes, inode, names, modified })

/** Files as a unit that costs nothing to lose and stays for no reason, but for what is said of it. */
export const unitOf = (
  turn: Turn,
  group: string,
  lying: ReadonlyArray<Lying>,
  more: Partial<Omit<Unit, "turn" | "group" | "files">> = {}
): Unit => ({
  turn,
  group,
  files: lying.map(heldOf),
  folder: null,
  isRead: false,
  seconds: 0,
  uses: 1,
  made: lying.reduce((latest, { modified }) => Math.max(latest, modified), 0),
  spared: null,
  key: null,
  makes: [],
  needs: [],
  after: [],
  ...more
})

/** Whether some of it was written since a running command began, which may be its own. */
export const isFresh = ({ inUse: { since } }: Looking, lying: ReadonlyArray<Lying>): boolean =>
  lying.some(({ changed }) => changed >= since)

/** Why what may be about to be named stays: it was written by a running command, or less than so long ago by one of which nothing is known. */
export const sparedYoung = (looking: Looking, lying: ReadonlyArray<Lying>, millis: number): Spared | null => {
  if (isFresh(looking, lying)) return "in use"
  return lying.every(({ changed }) => changed < looking.now - millis) ? null : "just written"
}
