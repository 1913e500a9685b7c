/**
 * Downloads that go on where they broke off and are verified.
 *
 * @module
 */
import fs from "node:fs"
import { open } from "node:fs/promises"
import path from "node:path"
import { Context, Effect, Layer, Schedule, Schema, Stream } from "effect"
import { Explained } from "headrace"
import { hashFile, type OnProgress, reason } from "headrace/files"
import * as PartFile from "./PartFile.ts"

/** The server cannot be reached, or gives no answer in time. */
export class NoNetwork extends Explained.TaggedError<NoNetwork>()(
  "NoNetwork",
  {
    url: Schema.String,
    what: Schema.String
  },
  ({ url, what }) => ({
    what: `${url} is out of reach: ${what}`,
    expected: "an answer within 5 seconds",
    fix: "Check the network, or put the file into the folder that PIPELINE_MIRROR names."
  })
) {}

/** The server answers that it does not give the file. */
export class HttpStatus extends Explained.TaggedError<HttpStatus>()(
  "HttpStatus",
  {
    url: Schema.String,
    status: Schema.Int
  },
  ({ url, status }) => ({
    what: `${url} answers with status ${status}`,
    expected: "200",
    fix: "Try again later, or put the file into the folder that PIPELINE_MIRROR names."
  })
) {}

/** The connection broke off, after several attempts to go on. */
export class DownloadInterrupted extends Explained.TaggedError<DownloadInterrupted>()(
  "DownloadInterrupted",
  {
    url: Schema.String,
    received: Schema.Int,
    total: Schema.NullOr(Schema.Int),
    what: Schema.String
  },
  ({ url, received, what, total }) => ({
    what: `The download of ${url} broke off after ${received} bytes: ${what}`,
    expected: `${total ?? "more"} bytes`,
    fix: "Run again: it goes on from there."
  })
) {}

/** What was downloaded is not the file that is known under its name: its size or digest differs. */
export class DigestMismatch extends Explained.TaggedError<DigestMismatch>()(
  "DigestMismatch",
  {
    url: Schema.String,
    kind: Schema.Literal("size", "md5", "sha256"),
    found: Schema.String,
    expected: Schema.String
  },
  ({ url, kind, found, expected }) => ({
    what: `${url} gives a file with ${kind} ${found}`,
    expected,
    fix: "Something between here and there replaces it: fetch it another way into the folder that PIPELINE_MIRROR names."
  })
) {}

/** The folder of the downloads cannot be written to, or is full. */
export class DownloadUnwritable extends Explained.TaggedError<DownloadUnwritable>()(
  "DownloadUnwritable",
  {
    path: Schema.String,
    what: Schema.String
  },
  ({ path, what }) => ({
    what: `${path} cannot be written: ${what}`,
    expected: "a folder with room for the file",
    fix: "Free some space, or let PIPELINE_HOME name another folder."
  })
) {}

/** What may go wrong with a download. */
export const DownloadError = Schema.Union(
  NoNetwork,
  HttpStatus,
  DownloadInterrupted,
  DigestMismatch,
  DownloadUnwritable
)
export type DownloadError = typeof DownloadError.Type

/** A file to be downloaded, and what it must be. */
export interface Request {
  readonly url: string
  readonly destination: string
  /** What is known of the file; null where nothing is. */
  readonly bytes: number | null
  readonly md5: string | null
  readonly sha256: string | null
  readonly onProgress?: OnProgress | undefined
}

/** Brings a file from a URL to a path: resumed where an earlier attempt broke off, verified, visible only when whole. */
export class Download extends Context.Tag("headrace/Download")<
  Download,
  {
    /** Brings the file to its destination, where it lies only if what is known of it is true of what came. */
    readonly fetch: (request: Request) => Effect.Effect<void, DownloadError>
  }
>() {
  static readonly live: Layer.Layer<Download> = Layer.succeed(Download, {
    fetch: (request) => Effect.scoped(download(request))
  })
}

type Part = { current: PartFile.PartFile }

const unwritable = (request: Request) => (what: string) => new DownloadUnwritable({ path: request.destination, what })

/** Headers within 5 s, the body as it comes. A compressed transfer would make ranges and sizes mean something else. */
const ask = (request: Request, from: number): Effect.Effect<Response, NoNetwork> =>
  Effect.tryPromise({
    try: (signal) =>
      fetch(request.url, {
        signal,
        headers: { "accept-encoding": "identity", ...(from > 0 ? { range: `bytes=${from}-` } : {}) }
      }),
    catch: (error) => {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
      const code = cause instanceof Error && "code" in cause ? ` (${cause.code})` : ""
      return new NoNetwork({ url: request.url, what: `${reason(cause) || "no connection"}${code}` })
    }
  }).pipe(
    Effect.timeoutFail({
      duration: "5 seconds",
      onTimeout: () => new NoNetwork({ url: request.url, what: "no answer" })
    })
  )

const versionOf = (response: Response): string =>
  PartFile.version(response.headers.get("etag") ?? response.headers.get("last-modified"))

/** The whole file's size as the server tells it, of a full answer or of a range. */
const totalOf = (response: Response): number | null => {
  const range = response.headers.get("content-range")?.match(/\/(\d+)$/)?.[1]
  const length = range ?? (response.status === 200 ? response.headers.get("content-length") : null)
  return length === null || length === undefined ? null : Number(length)
}

/** Where the bytes of a range begin in the whole file; null where the server doesn't say. */
const startOf = (response: Response): number | null => {
  const start = response.headers.get("content-range")?.match(/^bytes (\d+)-/)?.[1]
  return start === undefined ? null : Number(start)
}

const discard = (response: Response) => Effect.promise(async () => response.body?.cancel()).pipe(Effect.ignore)

/** Appends the answer's body to the part file. Fails with what arrived when it breaks off, or stalls for 30 s. */
const append = (request: Request, response: Response, part: Part) =>
  Effect.gen(function* () {
    const total = totalOf(response)
    let received = part.current.bytes
    const broken = (what: string) => new DownloadInterrupted({ url: request.url, received, total, what })
    const file = yield* Effect.acquireRelease(
      Effect.tryPromise({
        try: () => open(part.current.path, "a"),
        catch: (error) => unwritable(request)(reason(error))
      }),
      (handle) => Effect.promise(() => handle.close())
    )
    const body = response.body
    if (body !== null) {
      yield* Stream.fromReadableStream({ evaluate: () => body, onError: (error) => broken(reason(error)) }).pipe(
        Stream.timeoutFail(() => broken("nothing came for 30 seconds"), "30 seconds"),
        Stream.runForEach((bytes) =>
          Effect.gen(function* () {
            yield* Effect.tryPromise({
              try: () => file.writeFile(bytes),
              catch: (error) => unwritable(request)(reason(error))
            })
            received += bytes.length
            part.current = { ...part.current, bytes: received }
            const what = `downloading ${path.basename(request.destination)}`
            yield* request.onProgress?.({ what, done: received, total }) ?? Effect.void
          })
        )
      )
    }
    if (total !== null && received !== total) {
      return yield* broken(received < total ? "the connection ended" : "more came than was announced")
    }
    yield* Effect.tryPromise({ try: () => file.sync(), catch: (error) => unwritable(request)(reason(error)) })
  }).pipe(Effect.scoped)

const startOver = (request: Request, part: Part, version: string) =>
  Effect.try({
    try: () => {
      part.current = PartFile.restart(part.current, request.destination, version)
    },
    catch: (error) => unwritable(request)(reason(error))
  })

/** One connection: on from where the part file ends if the server still has the same bytes, else from the start. */
const attempt = (request: Request, part: Part): Effect.Effect<void, DownloadError> =>
  Effect.gen(function* () {
    // without a version, only a known digest would tell that the bytes of two attempts don't belong together
    const isChecked = request.md5 !== null || request.sha256 !== null
    const from = part.current.version === "none" && !isChecked ? 0 : part.current.bytes
    const response = yield* ask(request, from)
    const goesOn = from > 0 && startOf(response) === from && versionOf(response) === part.current.version
    if (response.status === 206 && goesOn) return yield* append(request, response, part)
    if (response.status === 416 && totalOf(response) === from) return yield* discard(response)
    if (from > 0 && (response.status === 206 || response.status === 416)) {
      yield* discard(response)
      yield* startOver(request, part, "none")
      return yield* attempt(request, part)
    }
    if (response.status !== 200) {
      yield* discard(response)
      return yield* new HttpStatus({ url: request.url, status: response.status })
    }
    yield* startOver(request, part, versionOf(response))
    yield* append(request, response, part)
  })

const verify = (request: Request, part: Part) =>
  Effect.gen(function* () {
    const { url } = request
    const facts = [
      { kind: "size", expected: request.bytes?.toString() ?? null, find: Effect.succeed(String(part.current.bytes)) },
      { kind: "md5", expected: request.md5, find: hashFile(part.current.path, "md5") },
      { kind: "sha256", expected: request.sha256, find: hashFile(part.current.path, "sha256") }
    ] as const
    for (const { kind, expected, find } of facts) {
      if (expected === null) continue
      const found = yield* find
      if (found !== expected) return yield* new DigestMismatch({ url, kind, found, expected })
    }
  }).pipe(
    Effect.catchTag("SourceUnreadable", (error) => unwritable(request)(error.what)),
    Effect.tapErrorTag("DigestMismatch", () => Effect.sync(() => fs.rmSync(part.current.path, { force: true })))
  )

/** A server that is gone while bytes of it are held is an interruption: what is there is worth going on from. */
const interrupted =
  (request: Request, part: Part) =>
  (error: DownloadError): DownloadError => {
    const { bytes: received } = part.current
    if (error._tag !== "NoNetwork" || received === 0) return error
    return new DownloadInterrupted({ url: request.url, received, total: request.bytes, what: error.what })
  }

/** Again after 0.5, 1 and 2 seconds. */
const backOff = Schedule.intersect(Schedule.exponential("500 millis"), Schedule.recurs(3))

const download = (request: Request) =>
  Effect.gen(function* () {
    const part = yield* PartFile.claim(request.destination, unwritable(request))
    yield* attempt(request, part).pipe(
      Effect.mapError(interrupted(request, part)),
      Effect.retry({ schedule: backOff, while: (error) => error._tag === "DownloadInterrupted" })
    )
    yield* verify(request, part)
    yield* Effect.try({
      try: () => fs.renameSync(part.current.path, request.destination),
      catch: (error) => unwritable(request)(reason(error))
    })
    yield* PartFile.discardOthers(request.destination)
  })
