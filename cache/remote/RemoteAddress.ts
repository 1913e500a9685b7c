import * as path from "node:path"
import { Effect } from "effect"
import * as Explained from "../../artifacts/Explained.ts"
import * as Masked from "../../artifacts/Masked.ts"

/** A shared store whose address, or what the environment says of it, is not one that can be used. */
export class RemoteInvalid extends Explained.TaggedError<RemoteInvalid>()(
  "RemoteInvalid",
  Explained.fields,
  ({ what, expected, fix }) => ({ what, expected, fix })
) {}

/** Who asks an S3-compatible store. The secrets stay here: no record, log or message has them. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string | null
}

/** Where a shared store lies. */
export type RemoteAddress =
  | {
      readonly _tag: "S3"
      /** The address without what is secret, as people are told of it. */
      readonly shown: string
      /** `https://host:port`. The bucket is the first segment of its paths: every S3-compatible store understands that. */
      readonly endpoint: URL
      readonly bucket: string
      /** What stands before every name, without slashes around it; empty for none. */
      readonly prefix: string
      readonly region: string
      readonly credentials: Credentials
    }
  | { readonly _tag: "Folder"; readonly shown: string; readonly folder: string }

/** The environment's variables that say who asks, as every tool for S3 reads them. */
export interface Environment {
  readonly AWS_ACCESS_KEY_ID?: string | undefined
  readonly AWS_SECRET_ACCESS_KEY?: string | undefined
  readonly AWS_SESSION_TOKEN?: string | undefined
  readonly AWS_REGION?: string | undefined
  readonly AWS_ENDPOINT_URL_S3?: string | undefined
  readonly AWS_ENDPOINT_URL?: string | undefined
}

const EXAMPLE = "s3://bucket/prefix?endpoint=https://storage.example.org, or a folder that all machines share"
const OPTIONS = ["endpoint", "region"]
/** What servers allow: those of S3 itself are narrower, and say so. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/

const invalid = (what: string, fix: string, expected = EXAMPLE) => new RemoteInvalid({ what, expected, fix })

/** A text as people are told of it: what stands before an @ may be a password. */
const quoted = (text: string): string => JSON.stringify(Masked.address(text))

/** The text that percent signs stand for; null where they stand for none. */
const decoded = (text: string): string | null => {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

const undecodable = invalid("PIPELINE_REMOTE has a % that stands for no character", "Write %25 for the sign itself.")

/** A variable that is empty counts as not set. */
const given = (value: string | undefined): string | null => (value === undefined || value === "" ? null : value)

/** Whether a host is this machine: what is sent to it crosses no wire. */
const isLoopback = ({ hostname }: URL): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname)

/** What a header of HTTP carries as it is. */
const isPrintable = (text: string): boolean => /^[\x21-\x7e]*$/.test(text)

const credentialsOf = (env: Environment): Effect.Effect<Credentials, RemoteInvalid> => {
  const variables = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] as const
  const garbled = variables.find((name) => !isPrintable(env[name] ?? ""))
  if (garbled !== undefined)
    return invalid(
      `${garbled} has a space, a line break or a letter in it that no key has`,
      "Set it again: a line break at its end may have been copied along.",
      "the key as the bucket's owner gave it to you"
    )
  const [accessKeyId, secretAccessKey] = [given(env.AWS_ACCESS_KEY_ID), given(env.AWS_SECRET_ACCESS_KEY)]
  if (accessKeyId !== null && secretAccessKey !== null)
    return Effect.succeed({ accessKeyId, secretAccessKey, sessionToken: given(env.AWS_SESSION_TOKEN) })
  const missing = [
    ...(accessKeyId === null ? ["AWS_ACCESS_KEY_ID"] : []),
    ...(secretAccessKey === null ? ["AWS_SECRET_ACCESS_KEY"] : [])
  ]
  return invalid(
    `PIPELINE_REMOTE names an S3 bucket, and ${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not set`,
    "Set them, or go without the shared store: --remote off.",
    "the key that the bucket's owner gave you, in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
  )
}

const endpointOf = (text: string): Effect.Effect<URL, RemoteInvalid> => {
  const expected = "an address such as https://storage.example.org:9000"
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !["http:", "https:"].includes(url.protocol))
    return invalid(`The endpoint ${quoted(text)} of PIPELINE_REMOTE is no web address`, "Correct it.", expected)
  if (url.username !== "" || url.password !== "")
    return invalid(
      "The endpoint of PIPELINE_REMOTE has a name or a password in it",
      "Remove them, and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
      expected
    )
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "")
    return invalid(
      `The endpoint ${url.origin}${url.pathname} of PIPELINE_REMOTE has a path`,
      "Put what stands before the names into the address: s3://bucket/prefix.",
      expected
    )
  if (url.protocol === "http:" && !isLoopback(url))
    return invalid(
      `The endpoint ${url.origin} of PIPELINE_REMOTE is not encrypted: everybody on the way could read and change what is sent`,
      "Write https://, if the server has it, or go through a tunnel that ends on this machine.",
      "https, but on this machine"
    )
  return Effect.succeed(url)
}

const ofBucket = (text: string, env: Environment): Effect.Effect<RemoteAddress, RemoteInvalid> =>
  Effect.gen(function* () {
    const url = URL.canParse(text) ? new URL(text) : null
    if (url === null || !text.startsWith("s3://") || url.host === "")
      return yield* invalid(`PIPELINE_REMOTE ${quoted(text)} names no bucket`, "Write its name after s3://.")
    if (url.username !== "" || url.password !== "")
      return yield* invalid(
        "PIPELINE_REMOTE has a name or a password in it",
        "Remove them, and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: addresses are shown and recorded."
      )
    if (!BUCKET.test(url.host))
      return yield* invalid(
        `PIPELINE_REMOTE names the bucket ${JSON.stringify(url.host)}`,
        "Correct it; the server's address comes after the question mark.",
        `3 to 63 letters, digits, dots, hyphens and underscores: ${EXAMPLE}`
      )
    if (url.hash !== "") return yield* invalid("PIPELINE_REMOTE has a # in it", "Remove what begins there.")
    for (const name of url.searchParams.keys()) {
      if (url.searchParams.getAll(name).length > 1)
        return yield* invalid(`PIPELINE_REMOTE has ${JSON.stringify(name)} twice`, "Leave out all but one of them.")
      if (OPTIONS.includes(name)) continue
      const meant = Explained.nearest(name, OPTIONS)
      return yield* invalid(
        `PIPELINE_REMOTE has ${JSON.stringify(name)} after the question mark`,
        meant === null ? "Remove it." : `Did you mean ${meant}?`,
        `${OPTIONS.join(" or ")} there`
      )
    }
    const region = url.searchParams.get("region") ?? given(env.AWS_REGION) ?? "us-east-1"
    if (!/^[A-Za-z0-9-]+$/.test(region))
      return yield* invalid(`The region ${JSON.stringify(region)} is none`, "Correct it.", "a name such as eu-west-1")
    const asked =
      url.searchParams.get("endpoint") ?? given(env.AWS_ENDPOINT_URL_S3) ?? given(env.AWS_ENDPOINT_URL) ?? null
    const endpoint = yield* endpointOf(asked ?? `https://s3.${region}.amazonaws.com`)
    const prefix = (decoded(url.pathname) ?? (yield* undecodable)).split("/").filter((segment) => segment !== "")
    if (prefix.some((segment) => segment === "." || segment === ".."))
      return yield* invalid(`The prefix of PIPELINE_REMOTE has "${prefix.join("/")}"`, "Write it without dots.")
    const credentials = yield* credentialsOf(env)
    const shown = `s3://${[url.host, ...prefix].join("/")}?endpoint=${endpoint.origin}`
    return { _tag: "S3", shown, endpoint, bucket: url.host, prefix: prefix.join("/"), region, credentials }
  })

/**
 * What `PIPELINE_REMOTE` names: a bucket of an S3-compatible store, with its credentials from the environment, or a folder. A
 * bucket whose credentials would cross a network in the open is refused.
 */
export const parse = (
  text: string,
  env: Environment,
  workingDirectory: string
): Effect.Effect<RemoteAddress, RemoteInvalid> => {
  const trimmed = text.trim().replace(/^s3:/i, "s3:")
  if (trimmed.startsWith("s3:")) return ofBucket(trimmed, env)
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(trimmed)?.[1]
  if (scheme !== undefined && scheme !== "file")
    return invalid(`PIPELINE_REMOTE begins with ${scheme}://, which is no kind of store`, "Write s3://, or a folder.")
  const url = scheme === undefined ? null : URL.canParse(trimmed) ? new URL(trimmed) : undefined
  if (url === undefined || (url !== null && url.host !== ""))
    return invalid(
      `PIPELINE_REMOTE ${quoted(trimmed)} names a folder of another machine`,
      "Write file:///, or the folder alone: it must be mounted here."
    )
  const folder = url === null ? trimmed : decoded(url.pathname)
  if (folder === null) return undecodable
  const absolute = path.resolve(workingDirectory, folder)
  return Effect.succeed({ _tag: "Folder", shown: absolute, folder: absolute })
}
