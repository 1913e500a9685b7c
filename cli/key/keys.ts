import * as fs from "node:fs/promises"
import * as path from "node:path"
import { DateTime, Effect, Either, Schema } from "effect"
import * as Disk from "../../cache/disk.ts"
import { RemoteInvalid } from "../../cache/remote/RemoteAddress.ts"
import { generate, PublicKey } from "../../cache/remote/Signature.ts"
import { keyFile, writerOf } from "../../cache/remote/settings.ts"
import { type Trust, TrustedKey } from "../../cache/remote/Trust.ts"
import * as TrustFile from "../../cache/remote/TrustFile.ts"
import { Place } from "../../project/Place.ts"
import { invalid, type UsageInvalid, unknown } from "../command/Usage.ts"
import { Reporter } from "../terminal/Reporter.ts"
import { table } from "../terminal/table-text.ts"

const ACTIONS = ["new", "trust", "revoke", "list"]

/** A file that its owner alone may read, which nothing that is there gives way to. */
const writeSecret = (file: string, secret: string) =>
  Effect.tryPromise({
    try: async () => {
      await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
      await fs.writeFile(file, `${secret}\n`, { mode: 0o600, flag: "wx" })
    },
    catch: (cause) =>
      Disk.codeOf(cause) === "EEXIST"
        ? new RemoteInvalid({
            what: `There is a key already: ${file}`,
            expected: "none yet",
            fix: "Keep it, or move it away if nobody is to sign with it any more; PIPELINE_KEY_FILE names another file."
          })
        : new RemoteInvalid({
            what: `The key cannot be written: ${file} (${Disk.causeText(cause)})`,
            expected: "a folder that you may write to",
            fix: "Correct its permissions, or let PIPELINE_KEY_FILE name another file."
          })
  })

const make = Effect.gen(function* () {
  const reporter = yield* Reporter
  const { writer, secret } = generate()
  const file = keyFile(process.env)
  yield* writeSecret(file, secret)
  const { publicKey } = writer
  const next = `pipeline key trust NAME ${publicKey}`
  yield* reporter.print(
    `${publicKey}\n\nThe secret is in ${file}: who has it signs in your name. Those who are to trust your results give: ${next}`
  )
  yield* reporter.document({ schema: 1, status: "done", key: publicKey, file, next })
})

const keyNamed = (text: string | undefined): Effect.Effect<PublicKey, UsageInvalid> => {
  const found = Schema.decodeUnknownEither(PublicKey)(text)
  return Either.isRight(found)
    ? Effect.succeed(found.right)
    : invalid(
        text === undefined ? "pipeline key trust names no key" : `${JSON.stringify(text)} is no public key`,
        "ed25519: and 43 letters, as pipeline key new tells it",
        "Try pipeline key trust NAME ed25519:…"
      )
}

const told = (what: string, trust: Trust) =>
  Effect.gen(function* () {
    const reporter = yield* Reporter
    yield* reporter.print(what)
    yield* reporter.document({ schema: 1, status: "done", ...trust })
  })

const trust = (name: string | undefined, text: string | undefined, namespaces: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { root } = yield* Place
    const key = yield* keyNamed(text)
    const wanted = { name, key, namespaces: namespaces.length === 0 ? ["main"] : namespaces }
    const decoded = Schema.decodeUnknownEither(TrustedKey)(wanted)
    if (Either.isLeft(decoded))
      return yield* invalid(
        `A key cannot be trusted as ${JSON.stringify(name)} for ${wanted.namespaces.join(", ")}`,
        "a name of at most 64 characters, and namespaces of small letters, digits, dots and hyphens, perhaps with a star at the end",
        "Try pipeline key trust ada ed25519:… --namespace main."
      )
    const before = yield* TrustFile.read(root)
    const revoked = before.revoked.find((one) => one.key === key)
    if (revoked !== undefined)
      return yield* invalid(
        `The key of ${revoked.name} was revoked on ${revoked.since.slice(0, 10)}`,
        "one that nobody else may have",
        "Have a new one made: pipeline key new."
      )
    const others = before.trusted.filter((one) => one.key !== key)
    const after: Trust = { ...before, trusted: [...others, decoded.right] }
    yield* TrustFile.write(root, after)
    yield* told(
      `${decoded.right.name} is trusted for ${decoded.right.namespaces.join(", ")}: check ${TrustFile.NAME} in, so that others trust the same.`,
      after
    )
  })

const revoke = (name: string | undefined) =>
  Effect.gen(function* () {
    const { root } = yield* Place
    const before = yield* TrustFile.read(root)
    const meant = before.trusted.filter((one) => one.name === name || one.key === name)
    if (name === undefined || meant.length === 0)
      return yield* unknown(
        "trusted key",
        name ?? "",
        before.trusted.map((one) => one.name),
        "See pipeline key list.",
        TrustFile.NAME
      )
    const since = DateTime.formatIso(yield* DateTime.now)
    const after: Trust = {
      trusted: before.trusted.filter((one) => !meant.includes(one)),
      revoked: [...before.revoked, ...meant.map((one) => ({ name: one.name, key: one.key, since }))]
    }
    yield* TrustFile.write(root, after)
    yield* told(`${name} is believed no more, whatever it signed: check ${TrustFile.NAME} in.`, after)
  })

const list = Effect.gen(function* () {
  const { root } = yield* Place
  const reporter = yield* Reporter
  const { trusted, revoked } = yield* TrustFile.read(root)
  const writer = yield* writerOf(process.env)
  const own = writer?.publicKey ?? null
  const yours = (key: string) => (key === own ? "yours" : "")
  const rows = [
    ...trusted.map(({ name, key, namespaces }) => [name, key, namespaces.join(", "), yours(key)]),
    ...revoked.map(({ name, key, since }) => [name, key, `revoked ${since.slice(0, 10)}`, yours(key)])
  ]
  const isListed = rows.some(([, key]) => key === own)
  yield* reporter.print(
    [
      rows.length === 0
        ? "This project trusts nobody: pipeline key trust NAME KEY adds a key."
        : table([{ header: "name" }, { header: "key" }, { header: "trusted for" }, { header: "" }], rows),
      ...(own !== null && !isListed ? [`\nYour own key, ${own}, is not among them.`] : [])
    ].join("\n")
  )
  yield* reporter.document({ schema: 1, status: "done", own, trusted, revoked })
})

/** Carries out what `pipeline key` is asked for. */
export const carryOut = (
  [action = "", name, key]: ReadonlyArray<string>,
  namespaces: ReadonlyArray<string>
): Effect.Effect<number, unknown, Place | Reporter> => {
  switch (action) {
    case "new":
      return Effect.as(make, 0)
    case "trust":
      return Effect.as(trust(name, key, namespaces), 0)
    case "revoke":
      return Effect.as(revoke(name), 0)
    case "list":
      return Effect.as(list, 0)
    default:
      return unknown("action", action, ACTIONS, "See pipeline key --help.", "pipeline key")
  }
}
