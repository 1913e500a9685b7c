import { lstatSync } from "node:fs"
import { Effect } from "effect"
import * as BoundedFile from "../../artifacts/BoundedFile.ts"
import * as Digest from "../../artifacts/Digest.ts"
import * as Disk from "../disk.ts"
import { MOST_OBJECT_BYTES } from "../ObjectStore.ts"

/** What is in the place of a file of the store. The texts are clauses: "its file is a folder". */
export type Looked =
  | { readonly _tag: "Absent" }
  | { readonly _tag: "Whole"; readonly digest: Digest.Digest }
  /** No file, or one that is larger than any of the store's. */
  | { readonly _tag: "Other"; readonly what: string }
  /** The system doesn't let it be read. */
  | { readonly _tag: "Refused"; readonly what: string; readonly isForbidden: boolean }

/** Files up to this size are read at once: promises would cost more than what they wait for. */
const SMALL_BYTES = 256 * 1024

const FORBIDDEN = ["EACCES", "EPERM"]

const notRead = (file: string, cause: unknown): Exclude<Looked, { readonly _tag: "Whole" }> => {
  if (cause instanceof BoundedFile.Unbounded) return { _tag: "Other", what: `its file ${cause.message}` }
  if (Disk.isAbsent(cause))
    return lstatSync(file, { throwIfNoEntry: false }) === undefined
      ? { _tag: "Absent" }
      : { _tag: "Other", what: "its file is a link that leads nowhere" }
  const code = Disk.causeText(cause)
  return { _tag: "Refused", what: `its file can't be read (${code})`, isForbidden: FORBIDDEN.includes(code) }
}

/** The bytes of a file, or what is there instead. */
export const read = (
  file: string,
  most: number
): Effect.Effect<Uint8Array | Exclude<Looked, { readonly _tag: "Whole" }>> =>
  Effect.promise(async () => {
    try {
      return BoundedFile.readSmall(file, SMALL_BYTES) ?? (await BoundedFile.readLarge(file, most))
    } catch (cause) {
      return notRead(file, cause)
    }
  })

/** The digest of a file, whose bytes are not kept, or what is there instead. It ends between two pieces when it is interrupted. */
export const hash = (file: string, most: number): Effect.Effect<Looked> =>
  Effect.promise(async (signal) => {
    try {
      const small = BoundedFile.readSmall(file, SMALL_BYTES)
      if (small !== null) return { _tag: "Whole" as const, digest: Digest.ofBytes(small) }
      return { _tag: "Whole" as const, digest: (await BoundedFile.hash(file, { most, signal })) as Digest.Digest }
    } catch (cause) {
      return notRead(file, cause)
    }
  })

/** Whether a file is as it was found: what is written or removed meanwhile is no fault. */
export const isStill = (file: string, seen: string | null): Effect.Effect<boolean> =>
  Effect.map(hash(file, MOST_OBJECT_BYTES), (found) =>
    found._tag === "Whole" ? found.digest === seen : found._tag !== "Absent" && seen === null
  )
