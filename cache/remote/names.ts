import { Either, Schema } from "effect"
import { Digest } from "../../artifacts/Digest.ts"
import { Key } from "../Key.ts"
import * as SignedTrace from "./SignedTrace.ts"
import { Namespace } from "./Trust.ts"

// The names of what lies in a shared store, and what they say: docs/store.md describes them to those who look for themselves.

const ROOT = `v${SignedTrace.FORMAT}`

export const OBJECTS = `${ROOT}/objects/`
export const objectName = (object: Digest): string => `${OBJECTS}${object.slice(0, 2)}/${object}`

/** What tells a store from every other lies there. */
export const ID = `${ROOT}/id`

/** A name of its own for each probe. */
export const probeName = (random: string): string => `${ROOT}/probes/${random}`

/**
 * Stages are called by words, but a state's stage has a dot, and nobody forbids others: what is no word is written by its bytes, and so
 * is the sign for that.
 */
const written = (stage: string): string =>
  stage.replace(/[^A-Za-z0-9.-]|^\./gu, (character) => Buffer.from(character).toString("hex").replace(/../g, "_$&"))

const read = (stage: string): string =>
  stage.replace(/(_[0-9a-f]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll("_", ""), "hex").toString())

const KINDS = { trace: "traces", chunk: "chunks", acceptance: "accepted" } as const
const rootOf = (kind: SignedTrace.Place["kind"]): string => `${ROOT}/${KINDS[kind]}/`
/** How the names of traces begin, of both kinds. */
export const TRACES: ReadonlyArray<string> = [rootOf("trace"), rootOf("chunk")]
/** How the names of what was accepted begin, in any namespace. */
export const ACCEPTED = rootOf("acceptance")

/** What the names of a stage's traces begin with. */
export const folderOf = ({ kind, namespace, stage }: Omit<SignedTrace.Place, "key">): string =>
  `${rootOf(kind)}${namespace}/${written(stage)}/`

export const traceName = (place: SignedTrace.Place): string => `${folderOf(place)}${place.key}.json`

/** The object that has this name; null where it is another's. */
export const objectOf = (name: string): Digest | null => {
  const found = Schema.decodeUnknownEither(Digest)(name.slice(name.lastIndexOf("/") + 1))
  return Either.isRight(found) && objectName(found.right) === name ? found.right : null
}

const Place = Schema.Struct({
  kind: Schema.Literal("trace", "chunk", "acceptance"),
  namespace: Namespace,
  stage: Schema.String,
  key: Key
})

/** The place of the signed text that has this name; null where it is another's. */
export const placeOf = (name: string): SignedTrace.Place | null => {
  const [, folder, namespace, stage = "", file = ""] = name.split("/")
  const [kind] = Object.entries(KINDS).find(([, own]) => own === folder) ?? []
  const found = Schema.decodeUnknownEither(Place)({
    kind,
    namespace,
    stage: read(stage),
    key: file.replace(/\.json$/, "")
  })
  return Either.isRight(found) && traceName(found.right) === name ? found.right : null
}
