import { createHash } from "node:crypto"
import { AwsClient } from "aws4fetch"
import { Chunk, Duration, Effect, Layer, Option, Stream } from "effect"
import { type Blob, Blobs, BlobsFailed, type Cause } from "./Blobs.ts"
import type { RemoteAddress } from "./RemoteAddress.ts"

/** What an error's body says at most, and a page of a listing: a thousand names. */
const MOST_TEXT_BYTES = 4 * 1024 * 1024
/** So often a new name is asked for that others ask for in the same moment: a store may refuse all of them. */
const MOST_CONFLICTS = 5

export interface Options {
  /** How long a store may be silent, at the beginning of an answer and between its pieces. */
  readonly patience: Duration.Duration
  /** The same for what is written, for which nobody waits: a store may take its time to find room. */
  readonly writing: Duration.Duration
}

interface Request {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE"
  readonly url: URL
  readonly body?: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  /** The most bytes of a good answer's body. */
  readonly most?: number
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

const failed = (cause: Cause, message: string) => new BlobsFailed({ cause, message })

/** What a fetch that throws has in its causes. */
const causeOf = (thrown: unknown): string => {
  const { code, message, cause } = thrown as { code?: string; message?: string; cause?: unknown }
  return cause === undefined ? (code ?? message ?? String(thrown)) : causeOf(cause)
}

/** Rejects where nothing comes for so long. Everything else about waiting is the caller's. */
class Patience {
  readonly controller = new AbortController()
  private timer: NodeJS.Timeout | undefined
  constructor(private readonly millis: number) {
    this.hear()
  }
  hear() {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.controller.abort(), this.millis)
  }
  end() {
    clearTimeout(this.timer)
  }
}

const bodyOf = async (response: Response, most: number, patience: Patience): Promise<Uint8Array | null> => {
  if (Number(response.headers.get("content-length") ?? 0) > most) return null
  const pieces: Array<Uint8Array> = []
  let length = 0
  for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    patience.hear()
    length += piece.length
    if (length > most) return null
    pieces.push(piece)
  }
  return Buffer.concat(pieces, length)
}

const textOf = ({ body }: Answer): string => Buffer.from(body).toString("utf8")
/** The code that an S3 error has beside its status. */
const codeOf = (answer: Answer): string => /<Code>(\w{1,64})<\/Code>/.exec(textOf(answer).slice(0, 4096))?.[1] ?? ""

const FULL = /^(QuotaExceeded|XMinioStorageFull|EntityTooLarge|InsufficientStorage\w*)$/

/** Why an answer is none of those that were expected. */
const refusal = (answer: Answer): BlobsFailed => {
  const { status, headers } = answer
  const code = codeOf(answer)
  const said = `answers ${status}${code === "" ? "" : ` ${code}`}`
  if (status === 301 || status === 307)
    return failed("absent", `${said}: the bucket's region is ${headers.get("x-amz-bucket-region") ?? "another"}`)
  if (status === 401 || status === 403) return failed("forbidden", said)
  if (code === "NoSuchBucket") return failed("absent", `${said}: there is no such bucket`)
  if (status === 507 || FULL.test(code)) return failed("full", said)
  if (status === 429 || status >= 500) return failed("busy", said)
  return failed("wrong", said)
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
const pageOf = (xml: string, above: string): { readonly blobs: ReadonlyArray<Blob>; readonly next: string | null } => {
  const blobs = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].flatMap(([, one = ""]): ReadonlyArray<Blob> => {
    const [key, size, modified] = ["Key", "Size", "LastModified"].map((name) => element(one, name))
    if (typeof key !== "string" || !key.startsWith(above)) return []
    return [{ name: key.slice(above.length), bytes: Number(size ?? 0), modified: Date.parse(modified ?? "") || 0 }]
  })
  return { blobs, next: element(xml, "IsTruncated") === "true" ? element(xml, "NextContinuationToken") : null }
}

/**
 * A bucket of an S3-compatible store. Every request is signed (AWS Signature Version 4), with the sha256 of what it sends, which
 * the store compares with what it got.
 */
export const layerS3 = (
  { endpoint, bucket, prefix, region, credentials }: Extract<RemoteAddress, { readonly _tag: "S3" }>,
  { patience, writing }: Options
): Layer.Layer<Blobs> =>
  Layer.sync(Blobs, () => {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials
    const client = new AwsClient({
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === null ? {} : { sessionToken }),
      service: "s3",
      region,
      retries: 0
    })
    const above = prefix === "" ? "" : `${prefix}/`
    const urlOf = (name: string) =>
      new URL([bucket, ...`${above}${name}`.split("/")].map(encodeURIComponent).join("/"), endpoint)

    const send = ({ method, url, body, headers = {}, most = MOST_TEXT_BYTES }: Request) =>
      Effect.tryPromise({
        try: async (signal): Promise<Answer> => {
          const silence = method === "PUT" ? writing : patience
          const waiting = new Patience(Duration.toMillis(silence))
          try {
            const sha256 = createHash("sha256").update(body ?? "")
            const signed = await client.sign(url.href, {
              method,
              headers: { ...headers, "x-amz-content-sha256": sha256.digest("hex") },
              ...(body === undefined ? {} : { body })
            })
            const response = await fetch(signed, {
              redirect: "manual",
              signal: AbortSignal.any([signal, waiting.controller.signal])
            })
            waiting.hear()
            const isGood = response.status < 300
            const bytes = await bodyOf(response, isGood ? most : MOST_TEXT_BYTES, waiting)
            if (bytes === null) throw failed("wrong", `has more bytes as ${url.pathname} than ${most}, the most`)
            return { status: response.status, headers: response.headers, body: bytes }
          } catch (thrown) {
            if (thrown instanceof BlobsFailed) throw thrown
            throw waiting.controller.signal.aborted
              ? failed("unreachable", `was silent for ${Duration.format(silence)}`)
              : failed("unreachable", `cannot be reached (${causeOf(thrown)})`)
          } finally {
            waiting.end()
          }
        },
        catch: (thrown) => thrown as BlobsFailed
      })

    const putNew = (name: string, bytes: Uint8Array, conflicts = 0): Effect.Effect<boolean, BlobsFailed> =>
      send({
        method: "PUT",
        url: urlOf(name),
        body: bytes,
        headers: {
          "if-none-match": "*",
          "x-amz-checksum-sha256": createHash("sha256").update(bytes).digest("base64")
        }
      }).pipe(
        Effect.flatMap((answer) => {
          if (answer.status === 200) return Effect.succeed(true)
          if (answer.status === 412) return Effect.succeed(false)
          if (answer.status === 409 && conflicts < MOST_CONFLICTS) return putNew(name, bytes, conflicts + 1)
          return refusal(answer)
        })
      )

    const page = (from: string, token: string | null) => {
      const url = new URL(`${encodeURIComponent(bucket)}/`, endpoint)
      url.search = new URLSearchParams({
        "list-type": "2",
        prefix: `${above}${from}`,
        ...(token === null ? {} : { "continuation-token": token })
      }).toString()
      return Effect.flatMap(send({ method: "GET", url }), (answer) =>
        answer.status === 200 ? Effect.succeed(pageOf(textOf(answer), above)) : refusal(answer)
      )
    }

    return {
      get: (name, most) =>
        Effect.flatMap(send({ method: "GET", url: urlOf(name), most }), (answer) => {
          if (answer.status === 200) return Effect.succeed(answer.body)
          return answer.status === 404 && codeOf(answer) !== "NoSuchBucket" ? Effect.succeed(null) : refusal(answer)
        }),
      size: (name) =>
        Effect.flatMap(send({ method: "HEAD", url: urlOf(name) }), (answer) => {
          if (answer.status === 200) return Effect.succeed(Number(answer.headers.get("content-length") ?? 0))
          return answer.status === 404 ? Effect.succeed(null) : refusal(answer)
        }),
      putNew,
      remove: (name) =>
        Effect.flatMap(send({ method: "DELETE", url: urlOf(name) }), (answer) =>
          answer.status < 300 || answer.status === 404 ? Effect.void : refusal(answer)
        ),
      list: (from) =>
        Stream.paginateChunkEffect(null as string | null, (token) =>
          Effect.map(page(from, token), ({ blobs, next }) => [Chunk.fromIterable(blobs), Option.fromNullable(next)])
        )
    }
  })
