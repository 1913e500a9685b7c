import { Either } from "effect"
import * as Digest from "../../artifacts/Digest.ts"
import * as Verified from "../../artifacts/Verified.ts"

/** Bytes under a digest of their own: what a decoder gets if somebody wrote them on purpose. */
export const verified = (bytes: Uint8Array): Verified.Verified =>
  Either.getOrThrow(Verified.check(Digest.ofBytes(bytes), bytes))
