import { randomBytes } from "node:crypto"
import * as path from "node:path"
import * as Digest from "../artifacts/Digest.ts"
import { here, type System } from "./lease-holder.ts"

// Names under which files and folders are written before they get their own. Each names its writer, as a lease's file does: what a
// killed one left is known for that at once, on the machine that it was killed on.

const BEGIN = ".tmp-"

/** A writer: its host and boot by their digest, its pid and its start, and what tells its names apart. */
const MARK = /^([0-9a-f]{12})-(\d+)-(\d*)-[0-9a-f]{12}$/

const hostOf = ({ host }: System): string => Digest.short(Digest.ofBytes(host))

/** What this process marks a name by. No two marks are alike. */
export const mark = (system: System = here): string => {
  const { pid, start } = system.self()
  return `${hostOf(system)}-${pid}-${start}-${randomBytes(6).toString("hex")}`
}

export const isMark = (text: string): boolean => MARK.test(text)

/** Whether a mark is that of a process of this machine that is certainly no more. */
export const isOfGone = (mark: string, system: System = here): boolean => {
  const [, host, pid, start] = MARK.exec(mark) ?? []
  if (pid === undefined || start === undefined || host !== hostOf(system)) return false
  return system.isGone({ host: system.host, pid: Number(pid), start })
}

/** A name in the directory under which something is written before it gets its own. */
export const nameIn = (directory: string): string => path.join(directory, `${BEGIN}${mark()}`)

/** Whether a name is one that something is written under. */
export const is = (name: string): boolean => name.startsWith(BEGIN)

/** Whether what lies under such a name is nobody's any more. */
export const isAbandoned = (name: string, system: System = here): boolean =>
  is(name) && isOfGone(name.slice(BEGIN.length), system)
