import { randomBytes } from "node:crypto"
import fs from "node:fs"
import os from "node:os"
import path from "node:path"
import { Effect, Option, type Scope } from "effect"
import { Digest } from "headrace"
import { reason } from "headrace/files"

/**
 * The unfinished bytes of a download, beside where they will land, as `NAME.VERSION.OWNER.part`: VERSION says which bytes
 * of the server's these are, OWNER which process writes them. Taking one over is a rename, which only one process wins.
 */
export interface PartFile {
  readonly path: string
  /** "none" while nothing was received. */
  readonly version: string
  readonly bytes: number
}

const host = Digest.ofBytes(os.hostname()).slice(0, 8)
const idle = `${host}-idle`

/** What the server says its bytes are called, shortened so that it fits in a file name. */
export const version = (validator: string | null): string =>
  validator === null ? "none" : Digest.ofBytes(validator).slice(0, 16)

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // a process of another user answers EPERM
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

const isAbandoned = (owner: string): boolean => {
  if (owner === idle) return true
  const [ownerHost, pid] = owner.split("-")
  return ownerHost === host && !isAlive(Number(pid))
}

const named = (destination: string, ofVersion: string, owner: string): string =>
  `${destination}.${ofVersion}.${owner}.part`

/** Renames to the same bytes under another version or owner. */
const rename = (part: PartFile, destination: string, ofVersion: string, owner: string): PartFile => {
  const to = named(destination, ofVersion, owner)
  fs.renameSync(part.path, to)
  return { path: to, version: ofVersion, bytes: fs.statSync(to).size }
}

const ownerOf = (part: PartFile): string => part.path.split(".").at(-2) ?? idle

/** What attempts left that nobody goes on with at the moment. */
const abandoned = (destination: string): ReadonlyArray<PartFile> => {
  const prefix = `${path.basename(destination)}.`
  return fs.readdirSync(path.dirname(destination)).flatMap((name) => {
    if (!name.startsWith(prefix) || !name.endsWith(".part")) return []
    const [ofVersion, owner, ...rest] = name.slice(prefix.length, -".part".length).split(".")
    if (ofVersion === undefined || owner === undefined || rest.length > 0 || !isAbandoned(owner)) return []
    return [{ path: path.join(path.dirname(destination), name), version: ofVersion, bytes: 0 }]
  })
}

const takeOver = (destination: string, owner: string): PartFile | null => {
  for (const found of abandoned(destination)) {
    const taken = Option.liftThrowable(rename)(found, destination, found.version, owner)
    if (Option.isSome(taken)) return taken.value
  }
  return null
}

/** The whole file lies there: parts of it are for nobody any more. What can't be removed stays. */
export const discardOthers = (destination: string): Effect.Effect<void> =>
  Effect.ignore(
    Effect.try(() => {
      for (const part of abandoned(destination)) fs.rmSync(part.path, { force: true })
    })
  )

/** Takes over what an earlier attempt left, else begins empty. */
const open = (destination: string): PartFile => {
  fs.mkdirSync(path.dirname(destination), { recursive: true })
  const owner = `${host}-${process.pid}-${randomBytes(4).toString("hex")}`
  const taken = takeOver(destination, owner)
  if (taken !== null) return taken
  const fresh = named(destination, "none", owner)
  fs.writeFileSync(fresh, "")
  return { path: fresh, version: "none", bytes: 0 }
}

/** Empties the file, for bytes of another version. */
export const restart = (part: PartFile, destination: string, ofVersion: string): PartFile => {
  fs.truncateSync(part.path, 0)
  return rename(part, destination, ofVersion, ownerOf(part))
}

/**
 * The part file of `destination` as this fiber's own, in a cell since restarting renames it. When the scope ends, what is
 * there is left for the next attempt.
 */
export const claim = <E>(
  destination: string,
  fail: (what: string) => E
): Effect.Effect<{ current: PartFile }, E, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({ try: () => ({ current: open(destination) }), catch: (error) => fail(reason(error)) }),
    (part) =>
      Effect.try(() => {
        if (!fs.existsSync(part.current.path)) return
        if (fs.statSync(part.current.path).size === 0) fs.rmSync(part.current.path)
        else rename(part.current, destination, part.current.version, idle)
      }).pipe(Effect.ignore)
  )
