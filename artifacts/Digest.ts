import { hash } from "node:crypto"
import { Schema } from "effect"

const PATTERN = /^[0-9a-f]{64}$/

/** A lower-case hexadecimal sha256: the name of an object, and of content whatever its encoding. */
export const Digest = Schema.String.pipe(Schema.pattern(PATTERN), Schema.brand("Digest"))
export type Digest = typeof Digest.Type

export const is = (value: unknown): value is Digest => typeof value === "string" && PATTERN.test(value)

export const ofBytes = (bytes: Uint8Array | string): Digest => hash("sha256", bytes, "hex") as Digest

/** How a digest is shown to people: enough to tell two apart, and accepted wherever a prefix is. */
export const short = (digest: string): string => digest.slice(0, 12)
