import { createHash } from "node:crypto"
import { Schema } from "effect"

/** A lower-case hexadecimal sha256: the name of an object, and of content whatever its encoding. */
export const Digest = Schema.String.pipe(Schema.pattern(/^[0-9a-f]{64}$/), Schema.brand("Digest"))
export type Digest = typeof Digest.Type

export const ofBytes = (bytes: Uint8Array | string): Digest =>
  createHash("sha256").update(bytes).digest("hex") as Digest

/** How a digest is shown to people: enough to tell two apart, and accepted wherever a prefix is. */
export const short = (digest: string): string => digest.slice(0, 12)
