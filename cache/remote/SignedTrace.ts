import { Either, Schema } from "effect"
import * as BoundedJson from "../../artifacts/BoundedJson.ts"
import * as Digest from "../../artifacts/Digest.ts"
import type { Key } from "../Key.ts"
import { isSignedBy, PublicKey, type Writer } from "./Signature.ts"
import { type Namespace, standing, type Trust } from "./Trust.ts"

/** The format of what lies in a shared store, which its names begin with. */
export const FORMAT = 1

/** What a signed text is of: a signature of one serves nothing else. */
export interface Place {
  /** A node's trace, that of a chunk, or somebody's word on a change of code, whose key is its own digest. */
  readonly kind: "trace" | "chunk" | "acceptance"
  readonly namespace: Namespace
  readonly stage: string
  readonly key: Key
}

/** A trace as it lies in a shared store: its text, and who says so. Where it belongs stands in its name, and is signed. */
const SignedTrace = Schema.Struct({ by: PublicKey, signature: Schema.String, trace: Schema.String })

const json = BoundedJson.schema(SignedTrace)
const decode = Schema.decodeEither(json)

type SignedTrace = typeof SignedTrace.Type

/** What lies there, of which nobody has seen yet whether it is as it was signed. */
const read = (sealed: Uint8Array): Either.Either<SignedTrace, string> =>
  Either.mapLeft(decode(Buffer.from(sealed).toString("utf8")), () => "it is damaged")

/** What is signed: a line each, none of which can hold the end of one, so that no two traces have the same bytes. */
const signedBytes = ({ kind, namespace, stage, key }: Place, trace: string): Uint8Array =>
  new TextEncoder().encode(
    ["headrace", String(FORMAT), kind, namespace, JSON.stringify(stage), key, Digest.ofBytes(trace)].join("\n")
  )

const isAsSigned = ({ by, signature, trace }: SignedTrace, place: Place): boolean =>
  isSignedBy(by, signedBytes(place, trace), signature)

/** A trace's text, signed for its place. */
export const seal = (writer: Writer, place: Place, trace: string): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({ by: writer.publicKey, signature: writer.sign(signedBytes(place, trace)), trace })
  )

/** Whether it says to be signed by a key: enough for whoever has that key and is to remove what it put there. */
export const isBy = (sealed: Uint8Array, key: PublicKey): boolean => {
  const found = read(sealed)
  return Either.isRight(found) && found.right.by === key
}

/** The text of a trace that is as its signer left it in this place, whoever that is; else what is wrong with it. */
export const signedText = (
  sealed: Uint8Array,
  place: Place
): Either.Either<{ readonly text: string; readonly by: PublicKey }, string> => {
  const found = read(sealed)
  if (Either.isLeft(found)) return Either.left(found.left)
  const { by, trace } = found.right
  return isAsSigned(found.right, place) ? Either.right({ text: trace, by }) : Either.left("it is not as it was signed")
}

/** The text of a trace that somebody trusted signed for this place, else why it serves nobody: the end of a sentence. */
export const open = (sealed: Uint8Array, place: Place, trust: Trust): Either.Either<string, string> => {
  const found = read(sealed)
  if (Either.isLeft(found)) return Either.left(found.left)
  const { by, trace } = found.right
  const who = standing(trust, by, place.namespace)
  switch (who._tag) {
    case "Unknown":
      return Either.left(`it is signed by ${by}, which nobody trusts here`)
    case "Revoked":
      return Either.left(`it is signed by ${who.name}, whose key is revoked`)
    case "Elsewhere":
      return Either.left(`it is signed by ${who.name}, who is not trusted for ${place.namespace}`)
    case "Trusted":
      return isAsSigned(found.right, place)
        ? Either.right(trace)
        : Either.left(`it is said to be signed by ${who.name}, who signed something else`)
  }
}
