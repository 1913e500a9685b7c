import { createHash } from "node:crypto"
import { AwsClient } from "aws4fetch"
import { Chunk, Duration, Effect, Layer, Option, Stream } from "effect"
import { Blobs, BlobsFailed, NOTHING_UNFINISHED } from "./Blobs.ts"
import type { RemoteAddress } from "./RemoteAddress.ts"
import { type Answer, codeOf, failed, isPage, noStore, pageOf, refusal, unreached } from "./s3-answers.ts"

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
  /** Whether a good answer says how long it is, before it comes: what never ends says nothing. */
  readonly isMeasured?: boolean
}

/** So many bytes a second are the least that counts as coming: whatever is slower is as good as silent. */
const SLOWEST = 32 * 1024

/** The time that so many bytes may take beyond all patience. */
const millisFor = (bytes: number): number => (bytes / SLOWEST) * 1000

/** A timer that is so late was not heard, since the process listened to nobody: it was computing. */
const DEAF_MILLIS = 100

/**
 * Aborts where nothing comes for so long, or where what comes is too slow altogether: a byte a second is never silent, and never
 * done. Time in which this process heard nobody does not count.
 */
class Patience {
  readonly controller = new AbortController()
  private since = performance.now()
  private heard = 0
  private timer: NodeJS.Timeout | undefined
  constructor(private readonly millis: number) {
    this.hear(0)
  }
  hear(bytes: number) {
    this.heard += bytes
    this.waitFor(this.millis + millisFor(this.heard) - (performance.now() - this.since))
  }
  private waitFor(left: number) {
    clearTimeout(this.timer)
    const millis = Math.max(0, Math.min(this.millis, left))
    const due = performance.now() + millis
    this.timer = setTimeout(() => {
      const late = performance.now() - due
      if (late < DEAF_MILLIS) return this.controller.abort()
      this.since += late
      this.waitFor(late)
    }, millis)
  }
  end() {
    clearTimeout(this.timer)
  }
}

/** The whole body; null where it has more than `most` bytes. Where its length is told, each byte is copied once. */
const bodyOf = async (response: Response, most: number, patience: Patience): Promise<Uint8Array | null> => {
  const told = Number(response.headers.get("content-length") ?? 0)
  if (told > most) {
    await response.body?.cancel()
    return null
  }
  let bytes = Buffer.allocUnsafeSlow(told)
  let length = 0
  for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    patience.hear(piece.length)
    const end = length + piece.length
    if (end > most) return null
    if (end > bytes.length) bytes = Buffer.concat([bytes.subarray(0, length)], Math.max(end, Math.min(2 * end, most)))
    bytes.set(piece, length)
    length = end
  }
  return bytes.subarray(0, length)
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

    /** The request with a signature of it and of the sha256 of its body, which the store compares with what it gets. */
    const signed = async ({ method, url, body, headers = {} }: Request) => {
      const sha256 = createHash("sha256")
        .update(body ?? "")
        .digest()
      const request = await client.sign(url.href, {
        method,
        headers: {
          ...headers,
          "x-amz-content-sha256": sha256.toString("hex"),
          ...(body === undefined ? {} : { "x-amz-checksum-sha256": sha256.toString("base64") })
        },
        ...(body === undefined ? {} : { body })
      })
      // what gateways on the way may change is not signed; and bytes are wanted as they are, with their length
      request.headers.set("accept-encoding", "identity")
      if (body !== undefined) request.headers.set("content-type", "application/octet-stream")
      return request
    }

    const send = (asked: Request) =>
      Effect.tryPromise({
        try: async (signal): Promise<Answer> => {
          const { method, url, body, most = MOST_TEXT_BYTES, isMeasured = false } = asked
          const silence = method === "PUT" ? writing : patience
          // how far the sending is, nobody tells
          const waiting = new Patience(Duration.toMillis(silence) + millisFor(body?.length ?? 0))
          try {
            const response = await fetch(await signed(asked), {
              redirect: "manual",
              signal: AbortSignal.any([signal, waiting.controller.signal])
            })
            waiting.hear(0)
            const isGood = response.status < 300
            if (isGood && isMeasured && !response.headers.has("content-length")) {
              await response.body?.cancel()
              throw isPage(response.headers) ? noStore() : failed("wrong", `does not say how long ${url.pathname} is`)
            }
            const bytes = await bodyOf(response, isGood ? most : MOST_TEXT_BYTES, waiting)
            if (bytes === null) throw failed("wrong", `has more bytes as ${url.pathname} than ${most}, the most`)
            if ((isGood || response.status === 404) && bytes.length > 0 && isPage(response.headers)) throw noStore()
            return { status: response.status, headers: response.headers, body: bytes }
          } catch (thrown) {
            if (thrown instanceof BlobsFailed) throw thrown
            throw waiting.controller.signal.aborted
              ? failed("unreachable", `was silent for ${Duration.format(silence)}`)
              : unreached(thrown)
          } finally {
            waiting.end()
          }
        },
        catch: (thrown) => thrown as BlobsFailed
      })

    const putNew = (name: string, bytes: Uint8Array, conflicts = 0): Effect.Effect<boolean, BlobsFailed> =>
      send({ method: "PUT", url: urlOf(name), body: bytes, headers: { "if-none-match": "*" } }).pipe(
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
        answer.status === 200 ? Effect.succeed(pageOf(answer, above)) : refusal(answer)
      )
    }

    return {
      get: (name, most) =>
        Effect.flatMap(send({ method: "GET", url: urlOf(name), most, isMeasured: true }), (answer) => {
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
      // an object is put by one request: there are no uploads in parts which somebody could leave
      tidy: () => Effect.succeed(NOTHING_UNFINISHED),
      list: (from) =>
        Stream.paginateChunkEffect(null as string | null, (token) =>
          Effect.map(page(from, token), ({ blobs, next }) => [Chunk.fromIterable(blobs), Option.fromNullable(next)])
        )
    }
  })
