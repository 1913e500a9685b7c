import { type Blob, BlobsFailed, type Cause } from "./Blobs.ts"

// What an S3-compatible store answers, read: which cause a refusal is of, with what to do about it, and a page of a listing.

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

export const failed = (cause: Cause, message: string) => new BlobsFailed({ cause, message })

const textOf = ({ body }: Answer): string => Buffer.from(body).toString("utf8")
/** The code that an S3 error has beside its status. */
export const codeOf = (answer: Answer): string =>
  /<Code>(\w{1,64})<\/Code>/.exec(textOf(answer).slice(0, 4096))?.[1] ?? ""

/** A span of time as people say it: "3 days". */
const spoken = (millis: number): string => {
  const minutes = Math.round(Math.abs(millis) / 60_000)
  if (minutes < 120) return `${minutes} minutes`
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} hours` : `${Math.round(minutes / 60 / 24)} days`
}

/** So far may two clocks be apart: S3 believes no request that is older, or of a later time. */
const MOST_APART_MILLIS = 15 * 60_000

/** What is wrong with this machine's clock, by the store's; null where they are close enough, or the store doesn't say. */
const clockOff = (headers: Headers): string | null => {
  const off = Date.now() - Date.parse(headers.get("date") ?? "")
  if (!(Math.abs(off) > MOST_APART_MILLIS)) return null
  return `this machine's clock is ${spoken(off)} ${off > 0 ? "ahead of" : "behind"} the store's: set it`
}

const FULL = /^(QuotaExceeded|XMinioStorageFull|EntityTooLarge|InsufficientStorage\w*)$/

/** What to do about what the codes of S3 say. */
const FIXES: Readonly<Record<string, string>> = {
  AccessDenied:
    "the key of AWS_ACCESS_KEY_ID may not do this there: have its owner allow it to read, list, write and delete",
  AuthorizationHeaderMalformed: "the bucket's region is another: add &region=… to PIPELINE_REMOTE",
  ExpiredToken: "AWS_SESSION_TOKEN is no longer valid: get another",
  InvalidAccessKeyId: "it knows no such AWS_ACCESS_KEY_ID: correct it",
  InvalidBucketName: "no bucket is called so: correct PIPELINE_REMOTE",
  NoSuchBucket: "there is no such bucket: make it, or correct PIPELINE_REMOTE",
  SignatureDoesNotMatch: "AWS_SECRET_ACCESS_KEY is not the secret of this AWS_ACCESS_KEY_ID: correct it"
}

const elsewhere = (headers: Headers): string => {
  const region = headers.get("x-amz-bucket-region")
  if (region !== null) return `the bucket's region is ${region}: add &region=${region} to PIPELINE_REMOTE`
  const location = headers.get("location") ?? ""
  // the rest of an address may be somebody's secret
  const to = URL.canParse(location) ? new URL(location).origin : "another address"
  return `it sends to ${to}: if that is the store, PIPELINE_REMOTE should name it as its endpoint`
}

/** Why an answer is none of those that were expected: a clause, with what to do about it where that is known. */
export const refusal = (answer: Answer): BlobsFailed => {
  const { status, headers } = answer
  const code = codeOf(answer)
  const said = (fix: string | undefined) =>
    `answers ${status}${code === "" ? "" : ` ${code}`}${fix === undefined ? "" : ` (${fix})`}`
  if (status >= 300 && status < 400) return failed("absent", said(elsewhere(headers)))
  if (code === "NoSuchBucket" || code === "InvalidBucketName") return failed("absent", said(FIXES[code]))
  if (status === 507 || FULL.test(code)) return failed("full", said(undefined))
  if (status === 429 || status >= 500) return failed("busy", said(undefined))
  const fix = clockOff(headers) ?? FIXES[code]
  return failed(status === 401 || status === 403 || fix !== undefined ? "forbidden" : "wrong", said(fix))
}

/** Whether it is a page for people that comes. All that is put into a store is put as bytes, and comes back so. */
export const isPage = (headers: Headers): boolean => (headers.get("content-type") ?? "").startsWith("text/html")

/** Why an answer that is a page for people, and not an error's, is none. */
export const noStore = (): BlobsFailed =>
  failed("absent", "answers with a web page (no S3-compatible store is there: correct the endpoint of PIPELINE_REMOTE)")

/** What a fetch that throws has in its causes. */
const causeOf = (thrown: unknown): string => {
  const { code, message, cause } = thrown as { code?: string; message?: string; cause?: unknown }
  return cause === undefined ? (code ?? message ?? String(thrown)) : causeOf(cause)
}

const CERTIFICATES =
  "nobody known vouches for its certificate: let NODE_EXTRA_CA_CERTS name the file of whoever does, if it is yours"
/** What to do about what a connection fails with. */
const CONNECTING: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: CERTIFICATES,
  ECONNREFUSED: "nothing listens there: correct the endpoint of PIPELINE_REMOTE, or start it",
  ENOTFOUND: "no host is called so: correct the endpoint of PIPELINE_REMOTE",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it speaks no TLS: is it http://?",
  ERR_SSL_WRONG_VERSION_NUMBER: "it speaks no TLS: is it http://?",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is another host's",
  HPE_INVALID_CONSTANT: "it speaks no HTTP: is it https://, or another port?",
  SELF_SIGNED_CERT_IN_CHAIN: CERTIFICATES,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CERTIFICATES,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CERTIFICATES,
  UND_ERR_SOCKET: "it hung up"
}

/** Why nobody answered, with what to do about it where that is known. */
export const unreached = (thrown: unknown): BlobsFailed => {
  const cause = causeOf(thrown)
  const fix = CONNECTING[cause]
  return failed("unreachable", `cannot be reached (${cause}${fix === undefined ? "" : `: ${fix}`})`)
}

const unescaped = (text: string): string =>
  text.replace(
    /&(lt|gt|amp|quot|apos);/g,
    (_, name: string) => ({ lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" })[name] ?? ""
  )

const element = (xml: string, name: string): string | null => {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
  return found === undefined ? null : unescaped(found)
}

/** A page of `ListObjectsV2`. Names of ours need no XML parser: those that have more than words and slashes are nobody's. */
export const pageOf = (
  answer: Answer,
  above: string
): { readonly blobs: ReadonlyArray<Blob>; readonly next: string | null } => {
  const xml = textOf(answer)
  const blobs = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].flatMap(([, one = ""]): ReadonlyArray<Blob> => {
    const [key, size, modified] = ["Key", "Size", "LastModified"].map((name) => element(one, name))
    if (typeof key !== "string" || !key.startsWith(above)) return []
    return [{ name: key.slice(above.length), bytes: Number(size ?? 0), modified: Date.parse(modified ?? "") || 0 }]
  })
  return { blobs, next: element(xml, "IsTruncated") === "true" ? element(xml, "NextContinuationToken") : null }
}
