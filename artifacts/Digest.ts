/**
 * Digests: the sha256 by which bytes, and the content of artifacts, are known everywhere in Headrace.
 *
 * @module
 */
import { hash } from "node:crypto"
import { Schema } from "effect"

const PATTERN = /^[0-9a-f]{64}$/

/** A lower-case hexadecimal sha256: the name of an object, and of content whatever its encoding. */
export const Digest = Schema.String.pipe(Schema.pattern(PATTERN), Schema.brand("Digest"))
/** A lower-case hexadecimal sha256. */
export type Digest = typeof Digest.Type

/** Whether a value is written as a digest is. */
export const is = (value: unknown): value is Digest => typeof value === "string" && PATTERN.test(value)

/** The sha256 of bytes, or of a text in UTF-8. */
export const ofBytes = (bytes: Uint8Array | string): Digest => hash("sha256", bytes, "hex") as Digest

/** The beginning of a digest as people are shown it: it tells two apart, and is accepted wherever a digest is asked for. */
export const short = (digest: string): string => digest.slice(0, 12)
