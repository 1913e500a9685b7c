import * as fs from "node:fs"

/** What a process holds of the machine. */
export interface Held {
  readonly pid: number
  readonly residentBytes: number
  /** Open files, pipes and sockets. */
  readonly handles: number
}

/** What a process holds; null where it is no more. */
export const heldBy = (pid: number): Held | null => {
  try {
    const [, resident = ""] = /^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8")) ?? []
    return { pid, residentBytes: Number(resident) * 1024, handles: fs.readdirSync(`/proc/${pid}/fd`).length }
  } catch {
    return null
  }
}

/** Whether a process is stopped, as by SIGSTOP. */
export const isStopped = (pid: number): boolean => /^State:\s+T/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"))

/** The processes of a group, such as a command that leads one and its workers. */
export const groupOf = (leader: number): ReadonlyArray<number> =>
  fs.readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const stat = fs.readFileSync(`/proc/${name}/stat`, "latin1")
      // after the name, which may hold spaces: the state, the parent, the group
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]) === leader ? [Number(name)] : []
    } catch {
      return []
    }
  })

/** The middle one of some numbers. */
const median = (values: ReadonlyArray<number>): number =>
  [...values].sort((one, other) => one - other)[values.length >> 1] ?? 0

/**
 * By how much something grew from the second quarter of its values to the last one: the first is left out, in which a process loads what
 * it needs. Half of all lies between the middles of the two.
 */
export const growth = (values: ReadonlyArray<number>): number => {
  const quarter = values.length >> 2
  return median(values.slice(-quarter)) - median(values.slice(quarter, 2 * quarter))
}
