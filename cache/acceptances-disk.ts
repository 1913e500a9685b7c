import * as path from "node:path"
import { Effect, Either, Layer, Schema } from "effect"
import { type Acceptance, Acceptances, json, newestFirst } from "./Acceptance.ts"
import * as Disk from "./disk.ts"
import type { StoreFailed } from "./ObjectStore.ts"
import { isSignedBy, PublicKey, type Writer } from "./remote/Signature.ts"
import * as Seal from "./Seal.ts"
import * as StoreFormat from "./StoreFormat.ts"
import * as StoreListener from "./StoreListener.ts"

const MOST_BYTES = 4 * 1024 * 1024

const decode = Schema.decodeEither(json)

const folderIn = (home: string): string => path.join(home, "accepted")
const fileOf = (home: string, id: string): string => path.join(folderIn(home), `${id}.json`)

/** What is signed of an acceptance: all but the signature itself. */
const signedBytes = (acceptance: Omit<Acceptance, "signed">): Uint8Array => {
  const { schema, id, stage, changes, because, by, accepted } = acceptance
  return new TextEncoder().encode(JSON.stringify([schema, id, stage, changes, because, by, accepted]))
}

/** The acceptance as somebody's who has a key. */
export const sign = (acceptance: Omit<Acceptance, "signed">, writer: Writer | null): Acceptance => ({
  ...acceptance,
  signed: writer === null ? null : { key: writer.publicKey, signature: writer.sign(signedBytes(acceptance)) }
})

const isAsSigned = ({ signed, ...rest }: Acceptance): boolean =>
  signed === null || (Schema.is(PublicKey)(signed.key) && isSignedBy(signed.key, signedBytes(rest), signed.signature))

/** Why a file holds no acceptance, or the one that it holds. */
const acceptanceIn = (text: string, id: string): Either.Either<Acceptance, string> => {
  const opened = Seal.open(text)
  const found = opened === null ? Either.left(null) : decode(opened)
  if (Either.isLeft(found)) return Either.left("is damaged")
  if (found.right.id !== id) return Either.left("is that of another")
  return isAsSigned(found.right) ? Either.right(found.right) : Either.left("is not as it was signed")
}

/** Every acceptance of the store that holds, the newest first. Those that do not are told of, and serve nothing. */
export const all = (home: string): Effect.Effect<ReadonlyArray<Acceptance>> =>
  Effect.gen(function* () {
    const found: Array<Acceptance> = []
    for (const name of yield* Disk.listIfThere(folderIn(home))) {
      const file = path.join(folderIn(home), name)
      const text = yield* Effect.orElseSucceed(Disk.readTextIfThere(file, MOST_BYTES), () => "")
      // somebody has just revoked it
      if (text === null) continue
      const one = acceptanceIn(text, path.basename(name, ".json"))
      if (Either.isRight(one)) found.push(one.right)
      else
        yield* StoreListener.tell(
          `The acceptance ${file} ${one.left}: nothing is reused by it. Accept again; pipeline verify --repair puts this one aside.`
        )
    }
    return newestFirst(found)
  })

/** Keeps an acceptance, which holds from then on. */
export const put = (home: string, acceptance: Acceptance): Effect.Effect<void, StoreFailed> =>
  Effect.gen(function* () {
    yield* StoreFormat.claim(home)
    const text = yield* Effect.orDie(Schema.encode(json)(acceptance))
    yield* Disk.publish(fileOf(home, acceptance.id), Seal.bytesOf(text))
  })

/** Revokes it: nothing is reused by it from then on. */
export const remove = (home: string, id: string): Effect.Effect<void, StoreFailed> =>
  Disk.removeIfThere(fileOf(home, id))

/** The acceptances as files `accepted/<id>.json`, read when first asked for. */
export const layerDisk = (home: string): Layer.Layer<Acceptances> =>
  Layer.effect(
    Acceptances,
    Effect.map(Effect.cached(all(home)), (once) => ({ all: once }))
  )
