import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Context, Effect, Either, Layer, Schema } from "effect"
import * as BoundedJson from "../../artifacts/BoundedJson.ts"
import * as Disk from "../disk.ts"
import { Key } from "../Key.ts"
import type { StoreFailed } from "../ObjectStore.ts"
import type { Address } from "./SharedStore.ts"

/**
 * Notes which traces are to be uploaded. Whoever computes them, a worker process among others, notes it; the command uploads, or
 * the next one does.
 */
export class Uploads extends Context.Tag("headrace/Uploads")<
  Uploads,
  { readonly note: (address: Address) => Effect.Effect<void, StoreFailed> }
>() {}

/** Nothing is uploaded. */
export const layerNone: Layer.Layer<Uploads> = Layer.succeed(Uploads, { note: () => Effect.void })

const Note = Schema.Struct({ kind: Schema.Literal("trace", "chunk"), stage: Schema.String, key: Key })
const json = BoundedJson.schema(Note)
const decode = Schema.decodeEither(json)
const MOST_BYTES = 4096

const folderIn = (home: string): string => path.join(home, "uploads")
const fileOf = (home: string, { kind, key }: Pick<Address, "kind" | "key">): string =>
  path.join(folderIn(home), `${key}.${kind}.json`)

/** Notes as files of the store, of which no crash leaves half a one. */
export const layerDisk = (home: string): Layer.Layer<Uploads> =>
  Layer.succeed(Uploads, {
    note: (address) => Disk.publish(fileOf(home, address), new TextEncoder().encode(JSON.stringify(address)))
  })

/** What is noted; a damaged note is nobody's, and goes. */
export const pending = (home: string): Effect.Effect<ReadonlyArray<Address>> =>
  Effect.gen(function* () {
    const found: Array<Address> = []
    for (const name of yield* Disk.listIfThere(folderIn(home))) {
      const file = path.join(folderIn(home), name)
      const text = yield* Effect.orElseSucceed(Disk.readTextIfThere(file, MOST_BYTES), () => "")
      const note = decode(text ?? "")
      if (Either.isRight(note)) found.push(note.right)
      else if (text !== null) yield* Effect.promise(() => Disk.tidyAway(file))
    }
    return found
  })

/** How many notes there are, without reading them. */
export const count = (home: string): Effect.Effect<number> =>
  Effect.map(Disk.listIfThere(folderIn(home)), ({ length }) => length)

/** It is uploaded, or there is nothing to upload. */
export const strike = (home: string, address: Address): Effect.Effect<void> =>
  Effect.promise(() => fs.rm(fileOf(home, address), { force: true }).catch(() => undefined))
