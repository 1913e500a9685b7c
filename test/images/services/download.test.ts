import { createHash, randomBytes } from "node:crypto"
import fs from "node:fs"
import http from "node:http"
import os from "node:os"
import path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as Digest from "../../../artifacts/Digest.ts"
import { Download, type Request } from "../../../images/services/Download.ts"
import { folder } from "../../rig/folder.ts"

const body = randomBytes(300_000)
const md5 = createHash("md5").update(body).digest("hex")

interface Seen {
  readonly range: string | undefined
}

/** A server of `body` that handles ranges; `answer` may do something else for a request, and says so with true. */
const server = (answer: (response: http.ServerResponse, count: number) => boolean, etag: () => string = () => '"a"') =>
  Effect.acquireRelease(
    Effect.async<{ readonly url: string; readonly seen: Array<Seen>; readonly close: () => void }>((resume) => {
      const seen: Array<Seen> = []
      const made = http.createServer((request, response) => {
        const { range } = request.headers
        seen.push({ range })
        if (answer(response, seen.length)) return
        const from = Number(range?.match(/^bytes=(\d+)-$/)?.[1] ?? 0)
        if (from >= body.length) {
          response.writeHead(416, { "content-range": `bytes */${body.length}`, etag: etag() }).end()
          return
        }
        const headers = { etag: etag(), "content-length": body.length - from }
        if (range === undefined) response.writeHead(200, headers)
        else response.writeHead(206, { ...headers, "content-range": `bytes ${from}-${body.length - 1}/${body.length}` })
        response.end(body.subarray(from))
      })
      made.listen(0, "127.0.0.1", () => {
        const address = made.address()
        const port = address !== null && typeof address === "object" ? address.port : 0
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}/data.bin`, seen, close: () => made.close() }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

/** Sends the first half of what is asked, then cuts the connection. */
const half = (response: http.ServerResponse, from: number, etag = '"a"') => {
  const rest = body.subarray(from)
  if (from === 0) response.writeHead(200, { etag, "content-length": rest.length })
  else {
    const range = `bytes ${from}-${body.length - 1}/${body.length}`
    response.writeHead(206, { etag, "content-length": rest.length, "content-range": range })
  }
  response.write(rest.subarray(0, rest.length >> 1), () => setImmediate(() => response.destroy()))
  return true
}

const into = (url: string): Request => ({
  url,
  destination: path.join(folder(), "downloads/data.bin"),
  bytes: body.length,
  md5,
  sha256: null
})

const fetching = (request: Request) =>
  Effect.flatMap(Download, (download) => download.fetch(request)).pipe(Effect.provide(Download.live))

const left = (request: Request) => fs.readdirSync(path.dirname(request.destination)).sort()

describe("downloads", () => {
  it.scopedLive("a file lands whole, with progress on the way, and nothing beside it", () =>
    Effect.gen(function* () {
      const { url } = yield* server(() => false)
      const request = into(url)
      const events: Array<number> = []
      yield* fetching({ ...request, onProgress: ({ done }) => Effect.sync(() => events.push(done)) })
      expect(fs.readFileSync(request.destination).equals(body)).toBe(true)
      expect(events.at(-1)).toBe(body.length)
      expect(left(request)).toEqual(["data.bin"])
    })
  )

  it.scopedLive("a connection that breaks once is taken up where it broke", () =>
    Effect.gen(function* () {
      const { url, seen } = yield* server((response, count) => count === 1 && half(response, 0))
      const request = into(url)
      yield* fetching(request)
      expect(seen).toHaveLength(2)
      expect(seen[1]?.range).toMatch(/^bytes=\d+-$/)
      expect(fs.readFileSync(request.destination).equals(body)).toBe(true)
    })
  )

  it.scopedLive("a download that keeps breaking fails by name, shows no file, and is resumed by the next", () =>
    Effect.gen(function* () {
      let broken = true
      const { url, seen } = yield* server((response, count) => broken && half(response, count === 1 ? 0 : partial()))
      const request = into(url)
      const partial = () => fs.statSync(path.join(path.dirname(request.destination), left(request)[0] ?? "")).size
      const error = yield* Effect.flip(fetching(request))
      expect(error._tag).toBe("DownloadInterrupted")
      expect(error.message).toMatch(/broke off after \d+ bytes: .*; expected 300000 bytes\. Run again/)
      expect(fs.existsSync(request.destination)).toBe(false)
      broken = false
      const asked = seen.length
      yield* fetching(request)
      expect(seen).toHaveLength(asked + 1)
      expect(Number(seen.at(-1)?.range?.match(/\d+/)?.[0])).toBeGreaterThan(body.length / 2)
      expect(fs.readFileSync(request.destination).equals(body)).toBe(true)
    })
  )

  it.scopedLive("a server that is gone after half of the bytes is an interruption, told after some patience", () =>
    Effect.gen(function* () {
      const rig = yield* server((response) => {
        rig.close()
        return half(response, 0)
      })
      const request = into(rig.url)
      const began = performance.now()
      const error = yield* Effect.flip(fetching(request))
      expect(error._tag).toBe("DownloadInterrupted")
      expect(error.message).toMatch(/broke off after \d+ bytes: .*ECONNREFUSED.*; expected 300000 bytes\. Run again/)
      expect(performance.now() - began).toBeGreaterThan(3_400)
      expect(left(request)).toHaveLength(1)
    })
  )

  it.scopedLive("a range that begins elsewhere than asked is not appended: the file is fetched from its start", () =>
    Effect.gen(function* () {
      const { url, seen } = yield* server((response, count) => {
        if (count === 1) return half(response, 0)
        if (count > 2) return false
        const range = `bytes 0-${body.length - 1}/${body.length}`
        response.writeHead(206, { etag: '"a"', "content-length": body.length, "content-range": range }).end(body)
        return true
      })
      const request = { ...into(url), bytes: null, md5: null }
      yield* fetching(request)
      expect(fs.readFileSync(request.destination).equals(body)).toBe(true)
      expect(seen.map(({ range }) => range !== undefined)).toEqual([false, true, false])
    })
  )

  it.scopedLive("a range that holds more than it announces is not taken", () =>
    Effect.gen(function* () {
      const { url, seen } = yield* server((response, count) => {
        if (count === 1) return half(response, 0)
        if (count > 2) return false
        const from = Number(seen[1]?.range?.match(/\d+/)?.[0])
        response.writeHead(206, { etag: '"a"', "content-range": `bytes ${from}-${body.length - 1}/${body.length}` })
        response.end(Buffer.concat([body.subarray(from), body]))
        return true
      })
      const request = { ...into(url), bytes: null, md5: null }
      yield* fetching(request)
      expect(fs.readFileSync(request.destination).equals(body)).toBe(true)
    })
  )

  it.scopedLive("what another version of the file left behind is not resumed", () =>
    Effect.gen(function* () {
      let etag = '"a"'
      const { url, seen } = yield* server(
        (response, count) => etag === '"a"' && (count === 1 ? half(response, 0) : response.destroy() !== undefined),
        () => etag
      )
      const request = { ...into(url), md5: null }
      yield* Effect.flip(fetching(request))
      etag = '"b"'
      yield* fetching(request)
      expect(seen.at(-1)?.range).toBeUndefined()
      expect(fs.readFileSync(request.destination).equals(body)).toBe(true)
    })
  )

  it.scopedLive("the part file of a process that was killed is taken over, that of a living one is left alone", () =>
    Effect.gen(function* () {
      const { url, seen } = yield* server((response, count) => count === 1 && half(response, 0))
      const request = into(url)
      const stalled = yield* Effect.fork(fetching({ ...request, onProgress: () => Effect.never }))
      yield* Effect.promise(async () => {
        while (!fs.existsSync(path.dirname(request.destination)) || !left(request)[0]?.match(/\.[0-9a-f]{16}\./)) {
          await new Promise(setImmediate)
        }
      })
      yield* fetching(request)
      expect(seen.at(-1)?.range).toBeUndefined()
      const [, alive] = left(request)
      fs.rmSync(request.destination)
      // no process has a pid above Linux's limit of 2^22
      fs.copyFileSync(
        path.join(path.dirname(request.destination), alive ?? ""),
        path.join(path.dirname(request.destination), (alive ?? "").replace(/-\d+-/, "-99999999-"))
      )
      yield* fetching(request)
      expect(seen.at(-1)?.range).toMatch(/^bytes=\d+-$/)
      expect(left(request)).toEqual(["data.bin", alive])
      yield* Fiber.interrupt(stalled)
    })
  )

  it.scopedLive("what several killed processes left of a file is gone once the file is whole", () =>
    Effect.gen(function* () {
      const { url } = yield* server(() => false)
      const request = into(url)
      const at = path.dirname(request.destination)
      fs.mkdirSync(at)
      const host = Digest.ofBytes(os.hostname()).slice(0, 8)
      const parts = [1, 2, 3].map((random) => `data.bin.${"0".repeat(16)}.${host}-99999999-0000000${random}.part`)
      const others = "other.bin.none.0badc0de-99999999-00000001.part"
      for (const name of [...parts, others]) fs.writeFileSync(path.join(at, name), "half")
      yield* fetching(request)
      expect(left(request)).toEqual(["data.bin", others])
    })
  )

  it.scopedLive("a wrong digest is refused, with both digests, and the bytes are thrown away", () =>
    Effect.gen(function* () {
      const { url } = yield* server(() => false)
      const request = { ...into(url), md5: "0".repeat(32) }
      const error = yield* Effect.flip(fetching(request))
      expect(error._tag).toBe("DigestMismatch")
      expect(error.message).toMatch(new RegExp(`md5 ${md5}; expected 0{32}\\. `))
      expect(left(request)).toEqual([])
    })
  )

  it.scopedLive("a wrong size is refused", () =>
    Effect.gen(function* () {
      const { url } = yield* server(() => false)
      const error = yield* Effect.flip(fetching({ ...into(url), bytes: 7, md5: null }))
      expect(error.message).toContain("size 300000; expected 7.")
    })
  )

  it.scopedLive("a status other than success is an error with its number", () =>
    Effect.gen(function* () {
      const { url } = yield* server((response) => {
        response.writeHead(404).end("not here")
        return true
      })
      const error = yield* Effect.flip(fetching(into(url)))
      expect(error).toMatchObject({ _tag: "HttpStatus", status: 404 })
    })
  )

  it.scopedLive("a refused connection is no network", () =>
    Effect.gen(function* () {
      const { url, close } = yield* server(() => false)
      close()
      const error = yield* Effect.flip(fetching(into(url)))
      expect(error._tag).toBe("NoNetwork")
      expect(error.message).toMatch(/out of reach: .*ECONNREFUSED.*; expected .* PIPELINE_MIRROR/)
    })
  )

  it.scopedLive("a folder that cannot be written is an error with its path", () =>
    Effect.gen(function* () {
      const { url } = yield* server(() => false)
      const file = path.join(folder(), "file")
      fs.writeFileSync(file, "")
      const error = yield* Effect.flip(fetching({ ...into(url), destination: path.join(file, "data.bin") }))
      expect(error._tag).toBe("DownloadUnwritable")
      expect(error.message).toContain(file)
    })
  )
})
