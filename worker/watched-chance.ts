import nodeCrypto from "node:crypto"
import type { Chance } from "../engine/ReadWatch.ts"
import { callerOf } from "./program-files.ts"
import { hearChance } from "./read-watch.ts"

type Call = (this: unknown, ...args: ReadonlyArray<never>) => unknown

/** Has a function of an object heard of. */
const hear = <K extends string>(kind: Chance, on: { [P in K]: unknown }, name: K): void => {
  const real = on[name] as Call
  const heard = function (this: unknown, ...args: ReadonlyArray<never>): unknown {
    hearChance(kind, () => callerOf(heard, "variables"))
    return Reflect.apply(real, this, args)
  }
  // what hangs on it stays: process.hrtime has bigint
  on[name] = Object.assign(heard, real)
}

/** `new Date()` and `Date()` tell the time; a date that is given does not. */
const watchDates = (): void => {
  const construct = (real: typeof Date, args: Array<unknown>, made: (...args: Array<never>) => unknown): object => {
    if (args.length === 0) hearChance("clock", () => callerOf(construct, "variables"))
    return Reflect.construct(real, args, made)
  }
  const apply = (real: typeof Date): string => {
    hearChance("clock", () => callerOf(apply, "variables"))
    return real()
  }
  const heard = new Proxy(Date, { construct, apply })
  // by which libraries tell a date from other objects
  Date.prototype.constructor = heard
  globalThis.Date = heard
}

/** Puts functions that hear who asks in place of those that tell the time, and of those that draw without a seed. */
export const watchChance = (): void => {
  hear("clock", Date, "now")
  watchDates()
  hear("clock", performance, "now")
  hear("clock", process, "hrtime")
  hear("clock", process.hrtime, "bigint")
  hear("chance", Math, "random")
  for (const name of ["randomBytes", "randomFill", "randomFillSync", "randomInt", "randomUUID"] as const)
    hear("chance", nodeCrypto, name)
  const web: Pick<typeof crypto, "getRandomValues" | "randomUUID"> = Object.getPrototypeOf(crypto)
  for (const name of ["getRandomValues", "randomUUID"] as const) hear("chance", web, name)
}
