import { isOwn } from "../engine/Environment.ts"
import { isCommon } from "./environment.ts"
import { callerOf, isLibrary } from "./program-files.ts"
import { allowed, hear } from "./read-watch.ts"

/** Puts a view of the environment in place of `process.env` that hears of what is read there. */
export const watchEnvironment = (): void => {
  const real = process.env
  const hearOf = (name: string | symbol, trap: (...args: ReadonlyArray<never>) => unknown): void => {
    if (typeof name !== "string" || isOwn(name) || allowed()?.declared.variables.has(name) === true) return
    const by = callerOf(trap, "variables")
    // a bundled library may hand them on to a child process
    if (by === null || (isLibrary(by) && isCommon(name))) return
    const failure = hear({ kind: "variable", name, by })
    if (failure !== null) throw failure
  }
  /** A library that lists them looks for its own, and is heard of where it reads one. */
  const hearOfAll = (trap: (...args: ReadonlyArray<never>) => unknown): void => {
    const by = callerOf(trap, "variables")
    if (by === null || isLibrary(by)) return
    const failure = hear({ kind: "environment", name: "process.env", by })
    if (failure !== null) throw failure
  }
  const get = (_: object, name: string | symbol): unknown => {
    hearOf(name, get)
    return Reflect.get(real, name)
  }
  const has = (_: object, name: string | symbol): boolean => {
    hearOf(name, has)
    return Reflect.has(real, name)
  }
  const ownKeys = (): ReturnType<typeof Reflect.ownKeys> => {
    hearOfAll(ownKeys)
    return Reflect.ownKeys(real)
  }
  process.env = new Proxy<NodeJS.ProcessEnv>(real, { get, has, ownKeys })
}
