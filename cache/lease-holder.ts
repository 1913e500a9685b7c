import { readFileSync, readlinkSync } from "node:fs"
import { hostname } from "node:os"
import * as path from "node:path"
import { Option, Schema } from "effect"
import * as BoundedFile from "../artifacts/BoundedFile.ts"
import * as BoundedJson from "../artifacts/BoundedJson.ts"
import * as Seal from "./Seal.ts"

/** Who holds a lease. Pids are used again, so a process is its pid and its start. */
export const Holder = Schema.Struct({ host: Schema.String, pid: Schema.Int, start: Schema.String })
export type Holder = typeof Holder.Type

const decode = Schema.decodeUnknownOption(BoundedJson.schema(Holder))

/** A holder is some two hundred bytes; nobody reads more of what was put in its place. */
const MOST_BYTES = 4096

/** A holder as files name it, sealed: by another pid, a living one would be taken for gone. */
export const written = (holder: Holder): string => Seal.close(JSON.stringify(holder))

/** Whom a file names; null where nobody can be read out of it. */
export const readFrom = (file: string): Holder | null => {
  try {
    return Option.getOrNull(decode(Seal.open(BoundedFile.read(file, MOST_BYTES).toString())))
  } catch {
    return null
  }
}

/** What a system tells of its processes, as far as leases ask. */
export interface System {
  /** Pids mean something within one boot of one host, and there within one process namespace. */
  readonly host: string
  /** This process. */
  readonly self: () => Holder
  /** Whether the holder was of this host, and is certainly no more. */
  readonly isGone: (holder: Holder) => boolean
  /** Whether the holder is of this host, and is certainly there, however long it has been silent. */
  readonly isHere: (holder: Holder) => boolean
}

/** Whether this host has no such process: one that is another user's, or hidden, is there all the same. */
const isAbsent = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return false
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "ESRCH"
  }
}

const orEmpty = (read: () => string): string => {
  try {
    return read()
  } catch {
    return ""
  }
}

/**
 * The system as it tells of itself below `proc`, as Linux does. Where it does not tell its boots apart, two hosts of one name
 * could not be told apart either: there, nobody is taken for gone by a pid, and a lease is its holder's until it is silent.
 */
export const systemAt = (proc: string): System => {
  const boot = orEmpty(() => readFileSync(path.join(proc, "sys/kernel/random/boot_id"), "latin1").trim())
  const namespace = orEmpty(() => readlinkSync(path.join(proc, "self/ns/pid")))
  const host = `${hostname()} ${boot} ${namespace}`
  /** The fields of `stat` from the third on, after the name, which may hold spaces. */
  const fieldsOf = (pid: number): ReadonlyArray<string> => {
    const stat = orEmpty(() => readFileSync(path.join(proc, String(pid), "stat"), "latin1"))
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  }
  /**
   * `start` is in clock ticks since boot, field 22; empty where that is not told. A dead process is there until its parent asks how it
   * ended: in containers whose first process is no init, nobody ever does.
   */
  const toldOf = (pid: number) => {
    const fields = fieldsOf(pid)
    return { start: fields[19] ?? "", isDead: ["Z", "X"].includes(fields[0] ?? "") }
  }
  // a process is asked for at every file that it begins, and never becomes another
  let own: Holder | undefined
  const isTold = (holder: Holder): boolean => boot !== "" && holder.host === host
  return {
    host,
    isHere: (holder) => {
      if (!isTold(holder) || holder.start === "") return false
      const { start, isDead } = toldOf(holder.pid)
      return start === holder.start && !isDead
    },
    self: () => (own ??= { host, pid: process.pid, start: toldOf(process.pid).start }),
    isGone: (holder) => {
      if (!isTold(holder)) return false
      const { start, isDead } = toldOf(holder.pid)
      return start === "" ? isAbsent(holder.pid) : start !== holder.start || isDead
    }
  }
}

export const here: System = systemAt("/proc")
