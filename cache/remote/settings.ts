import { homedir } from "node:os"
import * as path from "node:path"
import { Effect, Either, Schema } from "effect"
import * as Disk from "../disk.ts"
import { type Environment, parse, type RemoteAddress, RemoteInvalid } from "./RemoteAddress.ts"
import type { Terms } from "./SharedStore.ts"
import { type Writer, writerFrom } from "./Signature.ts"
import { Namespace, standing } from "./Trust.ts"
import * as TrustFile from "./TrustFile.ts"

/** What a command does with the shared store. */
export type Mode = "read" | "write" | "off"

/** The environment's variables that say where a shared store is, and who uses it. */
export interface Variables extends Environment {
  readonly PIPELINE_REMOTE?: string | undefined
  readonly PIPELINE_NAMESPACE?: string | undefined
  readonly PIPELINE_KEY?: string | undefined
  readonly PIPELINE_KEY_FILE?: string | undefined
  readonly XDG_CONFIG_HOME?: string | undefined
}

export interface Settings {
  readonly address: RemoteAddress
  readonly terms: Terms
}

/** Where the key lies that signs what this person computes, unless the environment has it. */
export const keyFile = (env: Variables): string =>
  env.PIPELINE_KEY_FILE || path.join(env.XDG_CONFIG_HOME || path.join(homedir(), ".config"), "headrace", "key")

const MOST_KEY_BYTES = 4096

const noKey = (what: string, from: string) =>
  new RemoteInvalid({
    what: `${from} ${what}`,
    expected: "the secret that pipeline key new wrote, ed25519-secret:…",
    fix: "Correct it, or make a key of your own: pipeline key new."
  })

/** Who signs, if anybody does. */
export const writerOf = (env: Variables): Effect.Effect<Writer | null, RemoteInvalid> =>
  Effect.gen(function* () {
    const file = keyFile(env)
    const from = env.PIPELINE_KEY ? "PIPELINE_KEY" : file
    const text =
      env.PIPELINE_KEY ||
      (yield* Disk.readTextIfThere(file, MOST_KEY_BYTES).pipe(
        Effect.mapError(({ message }) => noKey(`cannot be read: ${message}`, from))
      ))
    if (text === null) return null
    return writerFrom(text) ?? (yield* noKey("is no key", from))
  })

const namespacesOf = (text: string): Effect.Effect<Terms["namespaces"], RemoteInvalid> =>
  Effect.gen(function* () {
    const [first, ...rest] = yield* Effect.forEach(text.split(","), (name) => {
      const found = Schema.decodeEither(Namespace)(name.trim())
      return Either.isRight(found)
        ? Effect.succeed(found.right)
        : new RemoteInvalid({
            what: `PIPELINE_NAMESPACE has ${JSON.stringify(name)}`,
            expected: "a name of small letters, digits, dots and hyphens, or several with commas: pr-7,main",
            fix: "Correct it. What is computed goes to the first, and all are looked into."
          })
    })
    return first === undefined ? yield* Effect.dieMessage("a split text has a part") : [first, ...rest]
  })

/**
 * What the environment and the command say of a shared store; null where there is none, or none is asked for. Without a word, it is
 * written to by whoever has a key. Refuses where nobody could be believed, or nobody would believe what is written.
 */
export const settings = (
  env: Variables,
  mode: Mode | null,
  { root, workingDirectory }: { readonly root: string; readonly workingDirectory: string }
): Effect.Effect<Settings | null, RemoteInvalid> =>
  Effect.gen(function* () {
    if (mode === "off") return null
    if (!env.PIPELINE_REMOTE) {
      if (mode === null) return null
      return yield* new RemoteInvalid({
        what: "A shared store is asked for, and PIPELINE_REMOTE names none",
        expected: "s3://bucket/prefix?endpoint=https://storage.example.org, or a folder that all machines share",
        fix: "Set PIPELINE_REMOTE, or go without: --remote off."
      })
    }
    const address = yield* parse(env.PIPELINE_REMOTE, env, workingDirectory)
    const namespaces = yield* namespacesOf(env.PIPELINE_NAMESPACE || "main")
    const trust = yield* TrustFile.read(root)
    const writer = mode === "read" ? null : yield* writerOf(env)
    const [own] = namespaces
    if (mode === "write" && writer === null)
      return yield* new RemoteInvalid({
        what: `What is written to a shared store is signed, and there is no key: neither PIPELINE_KEY nor ${keyFile(env)}`,
        expected: "a key of your own",
        fix: "Make one with pipeline key new, or say --remote read."
      })
    if (writer !== null && standing(trust, writer.publicKey, own)._tag !== "Trusted")
      return yield* new RemoteInvalid({
        what: `Nobody would believe what you put into ${address.shown}: ${TrustFile.NAME} does not trust your key for ${own}`,
        expected: `${writer.publicKey} among those that it trusts`,
        fix: `Have it added: pipeline key trust NAME ${writer.publicKey} --namespace ${own}. Until then say --remote read.`
      })
    if (trust.trusted.length === 0)
      return yield* new RemoteInvalid({
        what: `Nothing in ${address.shown} would be believed: ${TrustFile.NAME} trusts nobody`,
        expected: "the keys of those who may put results there",
        fix: "Add one with pipeline key trust NAME KEY, or go without: --remote off."
      })
    return { address, terms: { shown: address.shown, namespaces, trust, writer } }
  })
