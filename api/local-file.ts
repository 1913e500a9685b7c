import * as fs from "node:fs/promises"
import * as path from "node:path"
import { Effect } from "effect"
import * as Digest from "../artifacts/Digest.ts"
import type { Files } from "../artifacts/Files.ts"
import { FileDigests } from "../files/FileDigests.ts"
import { SourceChanged, type SourceRefused, type SourceUnreadable, unreadable } from "../files/SourceError.ts"
import { Place } from "../project/Place.ts"

/**
 * A file or folder of this machine, for a source to resolve to. A relative path starts at the project's root, wherever the command is
 * given. Fails where nothing can be read there. Digests are remembered, so that nothing is hashed twice.
 */
export const local = (name: string): Effect.Effect<Files, SourceUnreadable | SourceRefused, FileDigests | Place> =>
  Effect.gen(function* () {
    const { root } = yield* Place
    const file = path.resolve(root, name)
    const { digest } = yield* Effect.flatMap(FileDigests, ({ of }) => of(file))
    return { digest, path: file, label: name, notice: null }
  })

/**
 * Reads the single file that a source resolved to, whole. Fails where its bytes are not those that were digested, since the result would
 * be kept under a key that speaks of others.
 */
export const readLocal = ({
  path: file,
  digest,
  label
}: Files): Effect.Effect<Uint8Array, SourceUnreadable | SourceChanged> =>
  Effect.flatMap(
    Effect.tryPromise({ try: () => fs.readFile(file), catch: unreadable(file) }),
    (bytes): Effect.Effect<Uint8Array, SourceChanged> =>
      Digest.ofBytes(bytes) === digest ? Effect.succeed(bytes) : new SourceChanged({ path: file, label })
  )
