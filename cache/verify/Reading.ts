import { Effect, Either } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import type { Finding } from "./Finding.ts"
import * as Look from "./Look.ts"

/** Why what lies there can't be believed. */
export type Wrong = Pick<Finding, "fault" | "found">
/** The same of a file, with the digest that it was found with. */
export type WrongFile = Wrong & Pick<Finding, "seen" | "isForbidden">

export const corrupt = (found: string): Wrong => ({ fault: "corrupt", found })
export const unreadable = (found: string): Wrong => ({ fault: "unreadable", found })

/** What is wrong with a place whose file could not be had. */
export const ofPlace = (place: Extract<Look.Looked, { readonly what: string }>): WrongFile =>
  place._tag === "Other"
    ? { ...corrupt(place.what), seen: null }
    : { ...unreadable(place.what), seen: null, isForbidden: place.isForbidden }

/** What a file tells, and the digest that it was found with. */
export interface Read<A> {
  readonly value: A
  readonly seen: Digest.Digest
}

/** What `read` makes of a small file, or what is wrong with that; null where the file is gone by now. */
export const small = <A>(
  file: string,
  most: number,
  read: (text: string) => Either.Either<A, Wrong>
): Effect.Effect<Either.Either<Read<A>, WrongFile> | null> =>
  Effect.map(Look.read(file, most), (found) => {
    if (found instanceof Uint8Array) {
      const seen = Digest.ofBytes(found)
      return Either.mapBoth(read(new TextDecoder().decode(found)), {
        onLeft: (wrong) => ({ ...wrong, seen }),
        onRight: (value) => ({ value, seen })
      })
    }
    return found._tag === "Absent" ? null : Either.left(ofPlace(found))
  })
