import { Either } from "effect"
import * as Digest from "./Digest.ts"

declare const verified: unique symbol

/**
 * Bytes that were hashed as they lie in memory and are what their digest says. Every decoder takes these, and `check` alone
 * makes them, so that nothing is decoded that was not hashed after it was read.
 */
export type Verified = Uint8Array & { readonly [verified]: true }

/** The same bytes as verified ones; the sha256 that they have instead where they are not what `object` names. */
export const check = (object: Digest.Digest, bytes: Uint8Array): Either.Either<Verified, Digest.Digest> => {
  const found = Digest.ofBytes(bytes)
  return found === object ? Either.right(bytes as Verified) : Either.left(found)
}
