import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto"
import { Schema } from "effect"

// Ed25519 (RFC 8032): keys of 32 bytes, signatures of 64, and the same bytes have one signature.

const KEY_BYTES = 32
const SIGNATURE_BYTES = 64

/** A writer's public key: whoever has it can tell what the writer signed, and sign nothing. */
export const PublicKey = Schema.String.pipe(
  Schema.pattern(/^ed25519:[A-Za-z0-9_-]{43}$/),
  Schema.brand("PublicKey")
).annotations({ description: "a public key, such as ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
export type PublicKey = typeof PublicKey.Type

const SECRET = "ed25519-secret:"

/** Whoever signs what it computes. */
export interface Writer {
  readonly publicKey: PublicKey
  /** The signature of bytes, in base64url. */
  readonly sign: (bytes: Uint8Array) => string
}

/** The bytes of base64url as Node writes it; null for any other text, of which several would stand for the same bytes. */
const bytesOf = (text: string, length: number): Buffer | null => {
  const bytes = Buffer.from(text, "base64url")
  return bytes.length === length && bytes.toString("base64url") === text ? bytes : null
}

const publicObject = (key: PublicKey): KeyObject =>
  createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x: key.slice("ed25519:".length) } })

const writerOf = (secret: KeyObject): Writer => {
  const { x } = createPublicKey(secret).export({ format: "jwk" })
  return {
    publicKey: `ed25519:${x}` as PublicKey,
    sign: (bytes) => sign(null, bytes, secret).toString("base64url")
  }
}

/** What stands before the 32 bytes of a secret key in PKCS #8 (RFC 8410, section 7). */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex")

/** A new writer, and its secret as a line of text, which only it may have. */
export const generate = (): { readonly writer: Writer; readonly secret: string } => {
  const { privateKey } = generateKeyPairSync("ed25519")
  const { d = "" } = privateKey.export({ format: "jwk" })
  return { writer: writerOf(privateKey), secret: `${SECRET}${d}` }
}

/** The writer of a secret; null where the text is none. */
export const writerFrom = (secret: string): Writer | null => {
  const text = secret.trim()
  const seed = text.startsWith(SECRET) ? bytesOf(text.slice(SECRET.length), KEY_BYTES) : null
  if (seed === null) return null
  return writerOf(createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" }))
}

/** Whether the holder of the key's secret signed these bytes. */
export const isSignedBy = (key: PublicKey, bytes: Uint8Array, signature: string): boolean => {
  const signed = bytesOf(signature, SIGNATURE_BYTES)
  if (signed === null || bytesOf(key.slice("ed25519:".length), KEY_BYTES) === null) return false
  try {
    return verify(null, bytes, publicObject(key), signed)
  } catch {
    // 32 bytes that are no point of the curve
    return false
  }
}
